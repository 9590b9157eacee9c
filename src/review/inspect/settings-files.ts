import { posix } from 'node:path';
import { isJsonObject, type JsonValue } from '../../base/index.ts';

/** A key of a settings file, and where it stands. */
export interface SettingsKey {
  readonly name: string;
  /** The names of the tables around it: `['server', 'tls']`. */
  readonly sections: readonly string[];
  readonly line: number;
}

/** Whether a file shows or holds the settings of the program in the tree, rather than those of a tool. */
export function isSettingsFile(path: string): boolean {
  const name = posix.basename(path);
  if (
    /^\.?env\.(?:example|sample|template|dist|defaults)$|^(?:example|sample)\.env$|^\.env\.[\w.]*(?:example|sample)$/.test(
      name,
    )
  )
    return true;
  if (
    !/\.(?:toml|ya?ml|json)$/.test(name) ||
    /schema|package|lock|tsconfig|openapi|prettier|eslint|biome|jest/i.test(name)
  )
    return false;
  if (/[.-](?:example|sample|template|defaults?)\.\w+$/.test(name)) return true;
  const folders = posix.dirname(path).split('/');
  return folders.at(-1) === 'config' && folders.length <= 3;
}

/** The keys of a settings file that hold a value, commented-out samples included. */
export function settingsKeys(path: string, text: string): readonly SettingsKey[] {
  if (path.endsWith('.json')) return jsonKeys(text);
  if (path.endsWith('.toml')) return tomlKeys(text);
  if (/\.ya?ml$/.test(path)) return yamlKeys(text);
  return lines(text).flatMap(({ content, line }) => {
    const name = /^\s*(?:#\s?)?(?:export\s+)?([A-Z][A-Z\d_]+)=/.exec(content)?.[1];
    return name === undefined ? [] : [{ name, sections: [], line }];
  });
}

/** Nobody nests settings deeper by hand. */
const DEEPEST_SETTING = 20;

function tomlKeys(text: string): readonly SettingsKey[] {
  let sections: readonly string[] = [];
  return lines(text).flatMap(({ content, line }) => {
    const table = /^\s*(?:#\s?)?\[{1,2}\s*([\w.-]+)\s*\]{1,2}\s*(?:#.*)?$/.exec(content)?.[1];
    if (table !== undefined) sections = table.split('.');
    const name = /^\s*(?:#\s?)?([A-Za-z_][\w-]*)\s*=\s*\S/.exec(content)?.[1];
    return name === undefined || table !== undefined ? [] : [{ name, sections, line }];
  });
}

function yamlKeys(text: string): readonly SettingsKey[] {
  const open: { readonly indent: number; readonly name: string }[] = [];
  return lines(text).flatMap(({ content, line }) => {
    const match = /^(\s*)(?:- )?([A-Za-z_][\w-]*):(?:\s+(\S.*))?$/.exec(content);
    if (match === null) return [];
    const [, space = '', name = '', value = ''] = match;
    while ((open.at(-1)?.indent ?? -1) >= space.length) open.pop();
    const sections = open.map((one) => one.name);
    open.push({ indent: space.length, name });
    return value === '' || value.startsWith('#') || value.startsWith('&') ? [] : [{ name, sections, line }];
  });
}

function jsonKeys(text: string): readonly SettingsKey[] {
  let root: JsonValue;
  try {
    root = JSON.parse(text);
  } catch {
    // A template with placeholders has no keys that could be told from its text.
    return [];
  }
  const all = lines(text);
  const lineOf = (name: string) => all.find(({ content }) => content.includes(`"${name}"`))?.line ?? 1;
  const walk = (value: JsonValue, sections: readonly string[]): readonly SettingsKey[] =>
    !isJsonObject(value) || sections.length > DEEPEST_SETTING
      ? []
      : Object.entries(value).flatMap(([name, member]) =>
          isJsonObject(member) ? walk(member, [...sections, name]) : [{ name, sections, line: lineOf(name) }],
        );
  return walk(root, []);
}

function lines(text: string): readonly { readonly content: string; readonly line: number }[] {
  return text.split('\n').map((content, index) => ({ content, line: index + 1 }));
}
