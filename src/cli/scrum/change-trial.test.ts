import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRepository } from '../../review/auditor/index.ts';
import { type TrialRequest, tryChange } from './change-trial.ts';
import { type ScrumRepository, scrumRepository } from './scrum-repository.fixture.ts';
import { testCommandOf } from './test-command.ts';

const searchPath = process.env.PATH ?? '';
const FILES = {
  'src/double.mjs': 'export function double(n) {\n  return n + n;\n}\n',
  'double.test.mjs':
    "import { test } from 'node:test';\nimport assert from 'node:assert';\nimport { double } from './src/double.mjs';\n\ntest('doubles', () => assert.equal(double(2), 4));\n",
};
const diffTo = (body: string) =>
  `@@ -1,3 +1,3 @@\n export function double(n) {\n-  return n + n;\n+  return ${body};\n }\n`;

let repository: ScrumRepository;
beforeEach(() => {
  repository = scrumRepository();
});
afterEach(() => repository.remove());

function attempt(diff: string, request: Partial<TrialRequest> = {}) {
  const opened = openRepository(repository.folder, searchPath);
  return tryChange({
    ...{ repository: opened, commit: opened.commitOf('HEAD'), path: 'src/double.mjs', diff },
    command: [process.execPath, '--test'],
    limits: { timeoutMs: 60_000, memoryBytes: 4_000_000_000, searchPath },
    ...request,
  });
}

describe('the trial of a suggested change', () => {
  it('passes where the repository’s tests do, and touches nothing of the work tree', async () => {
    repository.commit(FILES);
    const trial = await attempt(diffTo('2 * n'));
    expect(trial).toMatchObject({ outcome: 'passed', content: expect.stringContaining('2 * n') });
    expect(readFileSync(join(repository.folder, 'src/double.mjs'), 'utf8')).toBe(FILES['src/double.mjs']);
  });

  it('fails where they fail, and only with the change', async () => {
    repository.commit(FILES);
    expect(await attempt(diffTo('3 * n'))).toMatchObject({ outcome: 'failed' });
  });

  it('says nothing of a change where the tests fail without it', async () => {
    repository.commit({ ...FILES, 'double.test.mjs': FILES['double.test.mjs'].replace(', 4', ', 5') });
    expect(await attempt(diffTo('2 * n'))).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('do not pass without the change either'),
    });
  });

  it('says nothing of a change where the tests fail and pass by turns', async () => {
    const turns =
      "import { existsSync, writeFileSync } from 'node:fs';\ntest('turns', () => {\n  const isSecond = existsSync('turned');\n  writeFileSync('turned', '');\n  assert.ok(isSecond);\n});\n";
    repository.commit({ ...FILES, 'double.test.mjs': FILES['double.test.mjs'] + turns });
    expect(await attempt(diffTo('2 * n'))).toMatchObject({
      outcome: 'refused',
      detail: expect.stringContaining('failed and then passed'),
    });
  });

  it('ends a run that takes too long', async () => {
    repository.commit({
      ...FILES,
      'double.test.mjs': `${FILES['double.test.mjs']}import { double as d } from './src/double.mjs';\nif (d(1) === 3) await new Promise(() => setInterval(() => {}, 1000));\n`,
    });
    const limits = { timeoutMs: 3_000, memoryBytes: 4_000_000_000, searchPath };
    expect(await attempt(diffTo('3 * n'), { limits })).toMatchObject({ outcome: 'timeout' });
  });

  it.each([
    ['whose lines are others', '@@ -1,2 +1,2 @@\n-export const a = 1;\n+export const a = 2;\n'],
    ['of no hunk', 'Change the return value.'],
    [
      'that reaches another file',
      `${diffTo('2 * n')}diff --git a/double.test.mjs b/double.test.mjs\n--- a/double.test.mjs\n+++ b/double.test.mjs\n@@ -1,2 +1,2 @@\n-import { test } from 'node:test';\n+import { it as test } from 'node:test';\n import assert from 'node:assert';\n`,
    ],
    [
      'that makes a link of the file',
      `${diffTo('2 * n')}diff --git a/src/double.mjs b/src/double.mjs\nold mode 100644\nnew mode 120000\n--- a/src/double.mjs\n+++ b/src/double.mjs\n@@ -1 +1 @@\n-export function double(n) {\n+/etc/passwd\n`,
    ],
    [
      'that leads out of the tree',
      `${diffTo('2 * n')}--- a/../../owned\n+++ b/../../owned\n@@ -0,0 +1 @@\n+owned\n`,
    ],
  ])('refuses a diff %s', async (_, diff) => {
    repository.commit(FILES);
    expect(await attempt(diff)).toMatchObject({ outcome: 'refused', content: null });
  });

  it('takes a diff whose counts are wrong and whose header names another place', async () => {
    repository.commit(FILES);
    const diff = `--- a/elsewhere.js\n+++ b/elsewhere.js\n${diffTo('2 * n').replace('1,3 +1,3', '1,9 +1,7')}`;
    expect(await attempt(diff, { command: null })).toMatchObject({ outcome: 'applies' });
  });
});

describe('the test command of a repository', () => {
  it.each([
    [{ 'package.json': '{"scripts": {"test": "vitest"}}' }, ['npm', 'test', '--']],
    [{ 'package.json': '{"scripts": {}}', 'go.mod': 'module a\n' }, ['go', 'test', './...']],
    [{ 'package.json': 'broken' }, null],
    [{ 'Cargo.toml': '[package]\n' }, ['cargo', 'test', '--offline']],
  ])('is read from %j', (files, command) => {
    const commit = repository.commit(files);
    expect(testCommandOf(openRepository(repository.folder, searchPath), commit)).toEqual(command);
  });
});
