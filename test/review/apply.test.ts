import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { type Opinion, reviewBy } from './reviewing-model.ts';

// R-4 from the command line: a suggestion is tried in a copy of the commit, and what may come of it is the gradient's word.

const FILES = {
  // The Node.js of this run: another may not run TypeScript.
  'package.json': JSON.stringify({ private: true, scripts: { test: 'node --test' } }),
  'src/guard.ts': "export function requireKey(key: string): boolean {\n  return key !== '';\n}\n",
  'src/level.ts': 'export const level = 1;\n',
  'guard.test.ts':
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { requireKey } from './src/guard.ts';\n\ntest('takes a long key', () => assert.equal(requireKey('k'.repeat(30)), true));\n",
};
const GUARD = 'src/guard.ts';
const diffTo = (condition: string) =>
  `@@ -1,3 +1,3 @@\n export function requireKey(key: string): boolean {\n-  return key !== '';\n+  return ${condition};\n }\n`;

let lake: ScrumServer;
let repository: ScrumRepository;
/** Ids of suggestions by their summary. */
let suggestions: ReadonlyMap<string, string>;

/** Its tests are TypeScript, which the pinned Node.js runs. */
const searchPath = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`;
const command = (...args: string[]) =>
  lakehouse([...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: searchPath },
  });
const apply = (summary: string, ...args: string[]) =>
  command('scrum', 'apply', suggestions.get(summary) ?? summary, '--repo', repository.folder, ...args);
const override = (...args: string[]) =>
  command('scrum', 'override', ...args, '--repository', 'team/service', '--json');
const guard = () => readFileSync(join(repository.folder, GUARD), 'utf8');

beforeAll(async () => {
  lake = await startScrumServer();
  repository = scrumRepository();
  repository.commit(FILES);
  reviewBy(lake.upstream, ({ path, pass, message }): Opinion => {
    if (pass !== 'directed' || path !== 'src/guard.ts') return { score: 5 };
    const finding_id = /"id":"([^"]+)"/.exec(message)?.[1] ?? '';
    const one = (summary: string, diff: string | null) => ({
      ...{ finding_id, summary, diff, signature: 'requireKey(key: string)', first_lines: '  return' },
      ...{ test_to_update: 'guard.test.ts', new_test: 'refuses a short key' },
    });
    return {
      score: 0,
      suggestions: [
        one('longer', diffTo('key.length > 20')),
        one('never', diffTo('key.length > 100')),
        one('words', null),
      ],
    };
  });
  const run = await command('scrum', 'run', repository.folder, '--json');
  if (run.exitCode !== 0) throw new Error(run.stderr);
  const found = run.json.answers.flatMap((answer: { suggestions: object[] }) => answer.suggestions);
  suggestions = new Map(
    found.map((one: { summary: string; suggestion_id: string }) => [one.summary, one.suggestion_id]),
  );
}, 60_000);
afterAll(async () => {
  await lake.close();
  repository.remove();
});
beforeEach(() => repository.write({ [GUARD]: FILES['src/guard.ts'] }));

test('a dry run shows the change, runs nothing and changes nothing', async () => {
  const { stdout, exitCode } = await apply('longer', '--tier', 'dry_run');
  expect(stdout).toContain('+  return key.length > 20;');
  expect(stdout).toContain('It applies cleanly.');
  expect(stdout).toContain('No file of the work tree is changed.');
  expect(exitCode).toBe(0);
  expect(guard()).toBe(FILES['src/guard.ts']);
});

test('a trial runs the repository’s own tests on a copy, and the journal has its outcome', async () => {
  const { json, exitCode } = await apply('longer', '--json');
  expect(json).toMatchObject({ outcome: 'passed', path: 'src/guard.ts', written: false });
  expect(json.detail).toMatch(/passed.*npm test/);
  expect(exitCode).toBe(0);
  expect(guard()).toBe(FILES['src/guard.ts']);
  const { json: page } = await lake.server.api('GET', '/journal/events?action=scrum.trial_recorded');
  expect(page.events[0].data).toMatchObject({ outcome: 'passed', path: 'src/guard.ts' });
});

test('a passed trial is not enough to write, and the reasons are said', async () => {
  const { stderr, exitCode } = await apply('longer', '--tier', 'auto', '--write');
  expect(stderr).toMatch(/Nothing is written: the gradient says sim \(.*trust/);
  expect(exitCode).toBe(1);
  expect(guard()).toBe(FILES['src/guard.ts']);
  expect((await apply('longer', '--write')).exitCode).toBe(2);
});

test('with a person’s word and a passed trial the file is written, unless it is not what was tried', async () => {
  const id = suggestions.get('longer') ?? '';
  const terms = ['--tier', 'auto', '--reason', 'read by two of us', '--expires', '2h'];
  const added = await override('add', '--suggestion', id, ...terms);
  expect(added.json.override).toMatchObject({ suggestion_id: id, tier: 'auto', reason: 'read by two of us' });

  repository.write({ [GUARD]: `${FILES['src/guard.ts']}// mine\n` });
  const refused = await apply('longer', '--tier', 'auto', '--write');
  expect(refused.stderr).toContain('the file is not what the last commit holds');
  expect(guard()).toContain('// mine');

  repository.write({ [GUARD]: FILES['src/guard.ts'] });
  const written = await apply('longer', '--tier', 'auto', '--write');
  expect(written.stdout).toContain('The file is changed.');
  expect(guard()).toContain('return key.length > 20;');

  expect((await override('list')).json.overrides).toHaveLength(1);
  const { override_id: overrideId } = added.json.override;
  const removed = await command('scrum', 'override', 'remove', overrideId, '--json');
  expect(removed.json).toMatchObject({ removed: true });
  expect((await override('list')).json.overrides).toHaveLength(0);
});

test('a change whose tests fail blocks itself, until a person overrides', async () => {
  const failed = await apply('never', '--json');
  expect(failed.json).toMatchObject({ outcome: 'failed', tier: 'block', tier_reasons: ['its trial failed'] });
  expect(failed.exitCode).toBe(1);
  const again = await apply('never');
  expect(again.stderr).toContain('The gradient blocks this change: its trial failed.');
  expect(again.exitCode).toBe(1);
  const id = suggestions.get('never') ?? '';
  await override('add', '--suggestion', id, '--tier', 'sim', '--reason', 'another look', '--expires', '1d');
  expect((await apply('never', '--json')).json).toMatchObject({ outcome: 'failed' });
});

test.each([
  ['words', [], 'it has no diff to apply', 1],
  ['unknown', [], 'There is no suggestion of this id', 1],
  ['longer', ['--commit', 'no-such-ref'], 'no-such-ref', 2],
  ['longer', ['--repo', '/nowhere'], '/nowhere', 2],
])('%s %j is refused', async (summary, args, words, exitCode) => {
  const refused = await apply(summary, ...args);
  expect(refused.stderr).toContain(words);
  expect(refused.exitCode).toBe(exitCode);
});

test.each([
  [['--tier', 'auto', '--reason', 'x', '--expires', '1d']],
  [['--path', 'a', '--suggestion', 'b', '--tier', 'auto', '--reason', 'x', '--expires', '1d']],
  [['--path', 'a', '--tier', 'auto', '--reason', 'x', '--expires', 'soon']],
  [['--path', 'a', '--tier', 'auto', '--expires', '1d']],
])('an override of %j is no override', async (args) => {
  expect((await override('add', ...args)).exitCode).toBe(2);
});

test('a suggestion of an earlier iteration is tried on its own commit, which counts as no trial', async () => {
  const first = repository.commit({});
  repository.commit({ [GUARD]: "export const requireKey = (key: string): boolean => key !== '';\n" });
  expect((await command('scrum', 'run', repository.folder, '--max-files', '1')).exitCode).toBe(0);
  const newest = await apply('longer', '--tier', 'dry_run');
  expect(newest.stdout).toContain('does not apply to this commit');
  expect(newest.exitCode).toBe(1);
  const trials = async () =>
    (await lake.server.api('GET', '/journal/events?action=scrum.trial_recorded')).json.events.length;
  const before = await trials();
  const earlier = await apply('longer', '--commit', first);
  expect(earlier.stdout).toContain(`at ${first.slice(0, 12)}: passed`);
  expect(earlier.stdout).toContain('The server is not told: the commit is not the newest one.');
  expect(earlier.exitCode).toBe(0);
  expect(await trials()).toBe(before);
  expect((await apply('longer', '--commit', first, '--tier', 'auto', '--write')).exitCode).toBe(2);
}, 60_000);
