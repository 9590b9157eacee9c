import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { declaredErrors, errorsDocument } from '../scripts/generate-errors.ts';
import { configSchema, settingsOf } from '../src/config/index.ts';
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
  const broken: string[] = [];
  for (const path of documents()) {
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

test('paths of this repository named in documents exist', () => {
  const broken: string[] = [];
  for (const path of documents()) {
    if (path === 'CHANGELOG.md') continue;
    for (const [, named = ''] of read(path).matchAll(
      /`((?:src|test|scripts|docs|config|bench|bin)\/[\w./-]+)`/g,
    )) {
      if (!existsSync(new URL(named, ROOT))) broken.push(`${path}: ${named}`);
    }
  }
  expect(broken).toEqual([]);
});

test('commands named in documents are scripts of the package', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const wrong: string[] = [];
  for (const path of documents()) {
    for (const [, name = ''] of read(path).matchAll(/npm run ([a-z:-]+)/g)) {
      if (!Object.hasOwn(scripts, name)) wrong.push(`${path}: npm run ${name}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('configuration keys named in documents are keys of the schema', () => {
  const keys = settingsOf(configSchema).map(({ path }) => path.join('.'));
  const sections = new Set(keys.map((key) => key.split('.')[0]));
  const wrong: string[] = [];
  for (const path of documents()) {
    for (const [, named = ''] of read(path).matchAll(/`([a-z]+\.[a-z_]+(?:_[a-z]+)+)`/g)) {
      if (sections.has(named.split('.')[0]) && !keys.includes(named) && path !== 'docs/errors.md') {
        wrong.push(`${path}: ${named}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

/** Every Markdown document of the repository's root and of docs/. */
function documents(): readonly string[] {
  const top = readdirSync(fileURLToPath(ROOT), { encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  const deep = readdirSync(fileURLToPath(new URL('docs/', ROOT)), { recursive: true, encoding: 'utf8' });
  return [...top, ...deep.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}
