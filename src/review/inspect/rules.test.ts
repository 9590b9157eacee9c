import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { inspectTree } from './inspect-tree.ts';
import { RULES } from './registry.ts';
import { readCase, withTree } from './rule-case.fixture.ts';
import { SUPPRESSION_RULE } from './suppressions.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGES = fileURLToPath(new URL('../../../docs/review/', import.meta.url));

const cases = RULES.flatMap(({ id }) => {
  const folder = join(HERE, 'rules', id, 'fixtures');
  return readdirSync(folder)
    .sort()
    .map((name) => ({ id, name, text: readFileSync(join(folder, name), 'utf8') }));
});

describe.each(RULES.map(({ id }) => [id]))('%s', (id) => {
  const own = cases.filter((one) => one.id === id);

  test('has cases that it must find and cases that it must not', () => {
    expect(own.filter(({ name }) => name.startsWith('bad-')).length).toBeGreaterThan(0);
    expect(own.filter(({ name }) => name.startsWith('good-')).length).toBeGreaterThan(0);
  });

  test.each(own.map(({ name, text }) => [name, text] as const))('%s', async (name, text) => {
    const { what, files, expected } = readCase(text);
    expect(what, 'a case says what it shows').not.toBe('');
    expect(expected.length > 0).toBe(name.startsWith('bad-'));
    const { findings, unparsed } = await withTree(files, (folder) => inspectTree(folder, { rules: [id] }));
    expect(unparsed).toEqual([]);
    expect(findings.map(({ path, line }) => `${path}:${line}`).sort()).toEqual(expected);
  });
});

test('every rule has a page with the parts a page needs, and every page a rule', () => {
  const ids = [...RULES.map(({ id }) => id), SUPPRESSION_RULE].sort();
  expect(readdirSync(PAGES).sort()).toEqual(ids.map((id) => `${id}.md`).sort());
  for (const id of ids) {
    const page = readFileSync(join(PAGES, `${id}.md`), 'utf8');
    expect(page.startsWith(`# ${id}\n`), id).toBe(true);
    for (const part of ['What it finds', 'Why it matters', 'Bad', 'Good', 'How to suppress']) {
      expect(page, id).toContain(`\n## ${part}\n`);
    }
  }
});

test('every page says what its rule reads, and names Rust where the rule reads it', () => {
  for (const { id, start } of RULES) {
    const reads = /\nReads: (.+)\.\n/.exec(readFileSync(join(PAGES, `${id}.md`), 'utf8'))?.[1] ?? '';
    expect(reads, id).toContain('TypeScript');
    expect(reads.includes('Rust'), id).toBe(start().rust !== undefined);
  }
});

test('the overview lists every rule', () => {
  const overview = readFileSync(join(PAGES, '../review.md'), 'utf8');
  for (const { id } of RULES) expect(overview).toContain(`[${id}](review/${id}.md)`);
});

test('every rule has a folder of its own, named by its id', () => {
  for (const { id } of RULES) expect(existsSync(join(HERE, 'rules', id, `${id}.ts`)), id).toBe(true);
});
