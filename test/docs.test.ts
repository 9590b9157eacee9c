import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { declaredErrors, errorsDocument } from '../scripts/generate-errors.ts';
import { isNode, sourceTree, walk } from './support/source-tree.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

test('docs/errors.md is the one the declarations make', async () => {
  expect(read('docs/errors.md')).toBe(await errorsDocument());
});

test('every error code is declared once, in words that help', async () => {
  const codes = await declaredErrors();
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter(({ code }, index) => codes.findIndex((one) => one.code === code) !== index)).toEqual(
    [],
  );
  for (const { code, title, remedy } of codes) {
    expect(code).toMatch(/^[a-z]+\.[a-z0-9_]+$/);
    expect(title, code).toMatch(/^[A-Z0-9].*[^.]$/);
    expect(remedy, code).toMatch(/^[A-Z0-9].*\.$/);
  }
});

test('every declared error code is thrown somewhere', async () => {
  const declared = new Set((await declaredErrors()).map(({ code }) => code.split('.')[1] ?? code));
  for (const { program } of sourceTree(['src'])) {
    walk(program, (node) => {
      if (node.type !== 'MemberExpression' || !isNode(node.object) || !isNode(node.property)) return;
      if (/[eE]rrors$/.test(String(node.object.name))) declared.delete(String(node.property.name));
    });
  }
  expect([...declared]).toEqual([]);
});

test('decisions are numbered without gaps and have the parts a decision needs', () => {
  const files = readdirSync(fileURLToPath(new URL('docs/decisions/', ROOT))).sort();
  expect(files.length).toBeGreaterThan(0);
  for (const [index, file] of files.entries()) {
    expect(file).toMatch(new RegExp(`^${String(index + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
    for (const part of ['Context', 'Decision', 'Options refused', 'Consequences', 'What would reopen it']) {
      expect(read(`docs/decisions/${file}`), file).toContain(`\n## ${part}\n`);
    }
  }
});

test('links between documents lead to files that exist', () => {
  const documents = readdirSync(fileURLToPath(ROOT), { encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  const deep = readdirSync(fileURLToPath(new URL('docs/', ROOT)), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  const broken: string[] = [];
  for (const path of [...documents, ...deep]) {
    for (const [, target = ''] of read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)\s#]+)[^)]*\)/g)) {
      try {
        readFileSync(new URL(target, new URL(path, ROOT)));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR'))
          broken.push(`${path}: ${target}`);
      }
    }
  }
  expect(broken).toEqual([]);
});
