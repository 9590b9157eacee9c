import { posix } from 'node:path';

/** The programming language of a file by its name; null for documents, data and everything that is no source. */
export function sourceLanguageOf(path: string): string | null {
  const name = posix.basename(path);
  const extension = /\.([A-Za-z0-9+]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (extension === 'ts' && /\.d\.ts$/.test(name)) return null;
  return BY_NAME.get(name) ?? BY_EXTENSION.get(extension) ?? null;
}

const BY_NAME: ReadonlyMap<string, string> = new Map([
  ['Dockerfile', 'dockerfile'],
  ['Makefile', 'make'],
  ['Jenkinsfile', 'groovy'],
]);

/** Each language with the extensions its files have. */
const EXTENSIONS: readonly (readonly [language: string, extensions: string])[] = [
  ['typescript', 'ts mts cts'],
  ['tsx', 'tsx'],
  ['javascript', 'js mjs cjs'],
  ['jsx', 'jsx'],
  ['rust', 'rs'],
  ['python', 'py pyi'],
  ['go', 'go'],
  ['java', 'java'],
  ['kotlin', 'kt kts'],
  ['scala', 'scala sc'],
  ['groovy', 'groovy gradle'],
  ['c', 'c h'],
  ['c++', 'cc cpp cxx hh hpp hxx'],
  ['c#', 'cs'],
  ['f#', 'fs fsx'],
  ['swift', 'swift'],
  ['objective-c', 'm mm'],
  ['ruby', 'rb'],
  ['php', 'php'],
  ['perl', 'pl pm'],
  ['lua', 'lua'],
  ['r', 'r'],
  ['julia', 'jl'],
  ['dart', 'dart'],
  ['elixir', 'ex exs'],
  ['erlang', 'erl hrl'],
  ['haskell', 'hs'],
  ['ocaml', 'ml mli'],
  ['clojure', 'clj cljs cljc'],
  ['zig', 'zig'],
  ['nim', 'nim'],
  ['solidity', 'sol'],
  ['shell', 'sh bash zsh'],
  ['powershell', 'ps1 psm1'],
  ['sql', 'sql'],
  ['terraform', 'tf'],
  ['protobuf', 'proto'],
  ['graphql', 'graphql gql'],
  ['vue', 'vue'],
  ['svelte', 'svelte'],
  ['astro', 'astro'],
];

const BY_EXTENSION: ReadonlyMap<string, string> = new Map(
  EXTENSIONS.flatMap(([language, extensions]) => extensions.split(' ').map((one) => [one, language])),
);
