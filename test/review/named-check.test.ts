import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { reviewBy } from './reviewing-model.ts';

// A finding that only a model tells of lands by a test that a person names, and not without one.

const FILES = {
  'package.json': JSON.stringify({ private: true, scripts: { test: 'node --test' } }),
  'src/one.mjs': 'export const limit = (n) => n;\n',
  'src/two.mjs': 'export const bound = (n) => n;\n',
  'one.test.mjs':
    "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { limit } from './src/one.mjs';\n\ntest('limits', () => assert.equal(limit(9), 5));\n",
};
const FIXED = {
  'src/one.mjs': 'export const limit = (n) => Math.min(n, 5);\n',
  'src/two.mjs': 'export const bound = (n) => Math.min(n, 5);\n',
};

let lake: ScrumServer;
let repository: ScrumRepository;
beforeAll(async () => {
  lake = await startScrumServer();
  repository = scrumRepository();
  reviewBy(lake.upstream, ({ path, text }) => {
    if (!path.startsWith('src/')) return { score: 7 };
    if (text.includes('Math.min')) return { score: 9 };
    const symbol = path === 'src/one.mjs' ? 'limit' : 'bound';
    return {
      score: 3,
      failures: [{ kind: 'no-limit', symbol, line: 1, claim: `\`${symbol}\` bounds nothing.` }],
    };
  });
});
afterAll(async () => {
  await lake.close();
  repository.remove();
});

const scrum = (...args: string[]) =>
  lakehouse(['scrum', ...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH ?? '' },
  });

test('a fix that a named test proves lands; the same without a test does not', async () => {
  repository.commit(FILES);
  await scrum('run', repository.folder);
  const { json: plan } = await scrum('plan', '1', '--repository', 'team/service', '--json');
  const one = plan.wave.findings.find((finding: { path: string }) => finding.path === 'src/one.mjs');
  expect(one.done_means[0]).toContain('it has none yet, and cannot land without');

  repository.commit(FIXED);
  const check = ['--check', `${one.finding_id}=one.test.mjs`, '--check', 'nothing=one.test.mjs'];
  const { stderr, exitCode } = await scrum('run', repository.folder, ...check);
  expect(stderr).toContain('--check: nothing is no open finding.');
  expect(stderr).toMatch(/passed, 1 passed \(.*\): npm test -- one\.test\.mjs/);
  expect(exitCode).toBe(0);
  const { json } = await scrum('diff', '1', '2', '--repository', 'team/service', '--json');
  const classes = new Map(
    json.movement.paired.map((file: { path: string; class: string }) => [file.path, file.class]),
  );
  expect(classes.get('src/one.mjs')).toBe('CONVERGING');
  expect(classes.get('src/two.mjs')).toBe('MIXED');
}, 60_000);

test('a tree that is not what its commit says proves nothing by tests', async () => {
  repository.commit({ ...FILES, 'src/one.mjs': `${FILES['src/one.mjs']}export const more = 1;\n` });
  await scrum('run', repository.folder);
  const { json: plan } = await scrum('plan', '3', '--repository', 'team/service', '--json');
  const [first] = plan.wave.findings;
  repository.write(FIXED);
  const { stderr } = await scrum('run', repository.folder, '--check', `${first.finding_id}=one.test.mjs`);
  expect(stderr).toContain('Tests of findings are not run: the tree is not what a commit holds.');
  expect((await scrum('run', repository.folder, '--check', 'no-test')).exitCode).toBe(2);
}, 60_000);
