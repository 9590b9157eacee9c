import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { configExample } from '../scripts/generate-config-example.ts';
import { configSchema, loadConfig, settingsOf } from '../src/config/index.ts';
import { isNode, type SourceFile, type SyntaxNode, sourceTree, walk } from './support/source-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'lakehouse-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const defaults = loadConfig({ file: null, environment: {} }).config;

/** The tables whose names the user chooses. */
const TABLES = new Set(settingsOf(configSchema).flatMap(({ path }) => path[path.indexOf('*') - 1] ?? []));
const SECTIONS = new Set(settingsOf(configSchema).map(({ path }) => path[0] ?? ''));

function loaded(text: string) {
  const file = join(folder, 'lakehouse.toml');
  writeFileSync(file, text);
  return loadConfig({ file, environment: {} }).config;
}

test('the commented example is the one the schema makes', () => {
  expect(readFileSync(new URL('../config/lakehouse.toml', import.meta.url), 'utf8')).toBe(configExample());
});

test('the example changes nothing, and with every comment taken away it says the defaults', () => {
  expect(loaded(configExample())).toEqual(defaults);
  const uncommented = configExample().replace(/^# (?=(?:[a-z_]+ = |\[))/gm, '');
  expect(uncommented).toContain('\nport = 8080');
  expect(uncommented).toContain('\n[storage.buckets.default]');
  expect(loaded(uncommented)).toEqual(defaults);
});

test('every key has a reader outside config/', () => {
  const files = sourceTree(['src']).filter(({ path }) => !path.startsWith('src/config/'));
  const everywhere = merged(files.map(sectionNames));
  const read = new Set(files.flatMap((file) => settingsRead(file, everywhere)));
  const unread = settingsOf(configSchema)
    .map(({ path }) => path.filter((part) => part !== '*'))
    .filter((path) => !read.has(path.slice(-2).join('.')))
    .map((path) => path.join('.'));
  expect(unread, 'Read these keys where they should act, or take them out of the schema.').toEqual([]);
});

/** Name of a variable, parameter or member → the sections of the configuration it is declared to hold. */
type SectionNames = ReadonlyMap<string, ReadonlySet<string>>;

/** The names a file declares as `Config['engine']`, or takes from `….engine`. */
function sectionNames(file: SourceFile): SectionNames {
  const found = new Map<string, Set<string>>();
  const add = (name: string, section: string) => found.set(name, (found.get(name) ?? new Set()).add(section));
  walk(file.program, (node, ancestors) => {
    const section = annotatedSection(node);
    const owner = ancestors.findLast((one) => 'key' in one || one.type === 'Identifier');
    const name = owner === undefined ? null : (nameOf(owner.key) ?? nameOf(owner));
    if (section !== null && name !== null) add(name, section);
    if (node.type !== 'VariableDeclarator' || node.init === null) return;
    const bound = nameOf(node.id);
    const source = lastName(node.init);
    if (bound !== null && source !== null) add(bound, source);
  });
  return found;
}

function merged(maps: readonly SectionNames[]): SectionNames {
  const all = new Map<string, Set<string>>();
  for (const map of maps) {
    for (const [name, sections] of map) all.set(name, new Set([...(all.get(name) ?? []), ...sections]));
  }
  return all;
}

/**
 * `section.key` of every place that reads a key: `….engine.timeout_ms`, a name declared as `Config['engine']` here or,
 * where this file declares none of that name, in another file; and the same by destructuring. A key of a named table
 * counts as read where both it and its table are (`buckets`, `path`).
 */
function settingsRead(file: SourceFile, everywhere: SectionNames): string[] {
  const here = sectionNames(file);
  const found: string[] = [];
  const seen = new Set<string>();
  const reads = (object: string | null, key: string) => {
    seen.add(key);
    if (object === null) return;
    for (const section of [object, ...(here.get(object) ?? everywhere.get(object) ?? [])])
      found.push(`${section}.${key}`);
  };
  walk(file.program, (node) => {
    if (node.type === 'MemberExpression') {
      const key = nameOf(node.property);
      if (key !== null) reads(lastName(node.object), key);
    }
    if (node.type === 'ObjectPattern' && Array.isArray(node.properties)) {
      const source = patternSource(file, node);
      for (const one of node.properties) {
        const key = isNode(one) ? nameOf(one.key) : null;
        if (key !== null) reads(source, key);
      }
    }
  });
  for (const table of TABLES) if (seen.has(table)) found.push(...[...seen].map((key) => `${table}.${key}`));
  return found;
}

/** The section S of a type `Config['S']`, or of a type of a room that ends so. */
function annotatedSection(node: SyntaxNode): string | null {
  if (node.type !== 'TSIndexedAccessType' || !isNode(node.indexType)) return null;
  const literal = node.indexType.literal;
  return isNode(literal) && typeof literal.value === 'string' && SECTIONS.has(literal.value)
    ? literal.value
    : null;
}

/** The last name of what a pattern takes apart: `engine` of `const { threads } = config.engine`. */
function patternSource(file: SourceFile, pattern: SyntaxNode): string | null {
  let source: string | null = null;
  walk(file.program, (node) => {
    if (node.type === 'VariableDeclarator' && node.id === pattern) source = lastName(node.init);
  });
  return source;
}

function lastName(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'MemberExpression') return nameOf(node.property);
  return nameOf(node);
}

function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  const name = node.type === 'PrivateIdentifier' || node.type === 'Identifier' ? node.name : null;
  return typeof name === 'string' ? name : null;
}
