import { posix } from 'node:path';
import { isJsonObject, type JsonValue } from '../../../base/index.ts';

/** What a package.json of the tree says to the outside. */
export interface PackageManifest {
  /** Of the package.json itself. */
  readonly path: string;
  readonly name: string | null;
  /** Files that others import or run, as written: `./dist/index.js`, `./lib/*.js`. */
  readonly entries: readonly string[];
  /** It is published, so that what its entry points offer has callers elsewhere. */
  readonly isPublished: boolean;
}

/** Reads one package.json; null where it is no JSON object. */
export function readManifest(path: string, text: string): PackageManifest | null {
  let manifest: JsonValue;
  try {
    manifest = JSON.parse(text);
  } catch {
    // A template or a broken file says nothing about entry points.
    return null;
  }
  if (!isJsonObject(manifest)) return null;
  const fields = ['main', 'module', 'types', 'typings', 'browser', 'bin', 'exports', 'source', 'fastify'];
  return {
    path,
    name: typeof manifest.name === 'string' ? manifest.name : null,
    entries: fields.flatMap((field) => textsIn(manifest[field] ?? null)),
    isPublished: manifest.private !== true && typeof manifest.name === 'string',
  };
}

/**
 * The sources that a package offers to others: its entry points, mapped from the compiled file to the source it is
 * made of. Null where it is published and none of its entry points can be found: then anything may be offered.
 */
export function offeredSources(
  manifest: PackageManifest,
  sources: readonly string[],
): readonly string[] | null {
  const folder = posix.dirname(manifest.path) === '.' ? '' : `${posix.dirname(manifest.path)}/`;
  const within = sources.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  const byStem = new Map(within.map((path) => [stemOf(path), path]));
  const found = manifest.entries.flatMap((entry) => matching(entry, within, byStem));
  if (found.length === 0 && manifest.isPublished) {
    const indexes = within.filter((path) => /^(?:(?:src|lib)\/)?(?:index|main)\.\w+$/.test(path));
    return indexes.length === 0 ? null : indexes.map((path) => folder + path);
  }
  return found.map((path) => folder + path);
}

function matching(
  entry: string,
  within: readonly string[],
  byStem: ReadonlyMap<string, string>,
): readonly string[] {
  const written = posix.normalize(entry);
  if (written.includes('*')) {
    const [before = '', after = ''] = written.split('*');
    const starts = [before, before.replace(COMPILED, 'src/'), before.replace(COMPILED, '')];
    const ending = stemOf(after);
    return within.filter(
      (path) => starts.some((start) => path.startsWith(start)) && stemOf(path).endsWith(ending),
    );
  }
  const stem = stemOf(written);
  const stems = [
    stem,
    `${stem}/index`,
    ...['src/', 'lib/', ''].map((folder) => stem.replace(COMPILED, folder)),
  ];
  const source = stems.map((one) => byStem.get(one)).find((path) => path !== undefined);
  return source === undefined ? [] : [source];
}

/** The folder a compiler writes to. */
const COMPILED = /^(?:\.\/)?(?:dist|build|lib|out|esm|cjs)\/(?:(?:esm|cjs|src|commonjs|types)\/)?/;

function stemOf(path: string): string {
  return path.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, '');
}

/** The texts in a value, as deep as conditions of entry points are nested. */
function textsIn(value: JsonValue, depth = 0): readonly string[] {
  if (typeof value === 'string') return [value];
  if (depth > 10) return [];
  const members = Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
  return members.flatMap((one: JsonValue) => textsIn(one, depth + 1));
}
