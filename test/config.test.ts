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
  const read = new Set(files.flatMap(settingsRead));
  const unread = settingsOf(configSchema)
    .map(({ path }) => path.filter((part) => part !== '*'))
    .filter((path) => !read.has(path.slice(-2).join('.')))
    .map((path) => path.join('.'));
  expect(unread, 'Read these keys where they should act, or take them out of the schema.').toEqual([]);
});

/**
 * `section.key` of every place that reads a key: `….engine.timeout_ms`, a name of the type `Config['engine']`, and the
 * same by destructuring. A key of a named table counts as read where both it and its table are (`buckets`, `path`).
 */
function settingsRead(file: SourceFile): string[] {
  const sectionOf = new Map<string, string>();
  const found: string[] = [];
  const seen = new Set<string>();
  walk(file.program, (node, ancestors) => {
    const section = annotatedSection(node);
    const owner = ancestors.findLast((one) => 'key' in one || one.type === 'Identifier');
    const name = owner === undefined ? null : (nameOf(owner.key) ?? nameOf(owner));
    if (section !== null && name !== null) sectionOf.set(name, section);
    if (node.type === 'VariableDeclarator' && node.init !== null) {
      const bound = nameOf(node.id);
      const source = lastName(node.init);
      if (bound !== null && source !== null && bound !== source) sectionOf.set(bound, source);
    }
  });
  walk(file.program, (node) => {
    if (node.type === 'MemberExpression') {
      const object = lastName(node.object);
      const key = nameOf(node.property);
      if (key !== null) seen.add(key);
      if (object !== null && key !== null)
        found.push(`${object}.${key}`, `${sectionOf.get(object) ?? object}.${key}`);
    }
    if (node.type === 'ObjectPattern' && Array.isArray(node.properties)) {
      const keys = node.properties.flatMap((one) => (isNode(one) ? (nameOf(one.key) ?? []) : []));
      for (const key of keys) seen.add(key);
      found.push(...keys.map((key) => `${patternSource(file, node)}.${key}`));
    }
  });
  if (seen.has('buckets')) found.push(...[...seen].map((key) => `buckets.${key}`));
  return found;
}

/** The section S of a type `Config['S']`. */
function annotatedSection(node: SyntaxNode): string | null {
  if (node.type !== 'TSIndexedAccessType' || !isNode(node.indexType)) return null;
  const literal = node.indexType.literal;
  return isNode(literal) && typeof literal.value === 'string' ? literal.value : null;
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
