import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScrumRepository, scrumRepository } from '../../src/cli/scrum/scrum-repository.fixture.ts';
import { lakehouse } from '../harness/command-line.ts';
import { type ScrumServer, startScrumServer } from '../scrum/scrum-server.ts';
import { FIRST, opinionOn, SECOND, THIRD } from './loop-history.ts';
import { type Asked, readings, reviewBy } from './reviewing-model.ts';

// from the command line: three iterations over a history that fixes, loops and orbits.

let lake: ScrumServer;
let repository: ScrumRepository;
let asked: readonly Asked[];
let folder: string;
const commits: string[] = [];
/** Readings of each file after each iteration. */
const read: Map<string, number>[] = [];

const command = (...args: string[]) =>
  lakehouse([...args, '--url', lake.server.url], {
    environment: { LAKEHOUSE_API_KEY: lake.server.adminKey, PATH: process.env.PATH ?? '' },
  });
const scrum = (...args: string[]) => command('scrum', ...args, '--repository', 'team/service');

beforeAll(async () => {
  lake = await startScrumServer();
  folder = mkdtempSync(join(tmpdir(), 'lakehouse-loop-'));
  repository = scrumRepository();
  asked = reviewBy(lake.upstream, opinionOn);
  const trust = join(folder, 'model_trust.jsonl');
  writeFileSync(trust, '{"model": "openai/gpt-scripted", "caught": 20, "missed": 0, "false_alarms": 0}\n');
  await command('kb', 'import', trust, '--repository', 'team/service');
  for (const files of [FIRST, SECOND, THIRD]) {
    commits.push(repository.commit(files));
    const run = await command('scrum', 'run', repository.folder, '--json');
    if (run.exitCode !== 0) throw new Error(run.stderr);
    read.push(new Map(asked.map(({ path }) => [path, readings(asked, path)])));
  }
}, 120_000);
afterAll(async () => {
  await lake.close();
  repository.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function classesOf(from: string, to: string): Promise<Record<string, string>> {
  const { json } = await scrum('diff', from, to, '--json');
  const paired = json.movement.paired as { path: string; class: string }[];
  const unpaired = json.movement.unpaired as { path: string }[];
  return Object.fromEntries([
    ...paired.map((file) => [file.path, file.class]),
    ...unpaired.map(({ path }) => [path, 'UNPAIRED']),
  ]);
}

test('what a file did between two iterations is its class; what cannot be compared is in none', async () => {
  expect(await classesOf('1', '2')).toEqual({
    'src/fix.ts': 'CONVERGING',
    'src/fresh.ts': 'UNPAIRED',
    'src/helper.ts': 'PLATEAU',
    'src/level.ts': 'PLATEAU',
    'src/loop.ts': 'LOOPING',
    'src/main.ts': 'PLATEAU',
    'src/orbit.ts': 'ORBITING',
    'src/other.ts': 'UNPAIRED',
    'src/rise.ts': 'MIXED',
    'src/still.ts': 'PLATEAU',
    'src/user.ts': 'PLATEAU',
  });
  expect(await classesOf('2', '3')).toMatchObject({
    'src/fix.ts': 'PLATEAU',
    'src/loop.ts': 'LOOPING',
    'src/orbit.ts': 'ORBITING',
    'src/level.ts': 'PLATEAU',
  });
});

test('the table of a movement has its denominators, and names what is unpaired with the reason', async () => {
  const { stdout } = await scrum('diff', '1', '2');
  expect(stdout).toContain('UNPAIRED, in no class and no mean: 2 files');
  expect(stdout).toContain('src/fresh.ts: not in iteration 1');
  expect(stdout).toMatch(
    /src\/other\.ts: accepted from openai\/gpt-scripted, then from anthropic\/claude-scripted/,
  );
  expect(stdout).toContain('iteration 1 → 2: 9 of 11 files paired, 2 unpaired');
  expect(stdout).toMatch(
    /of the 9 paired: ↑2 ↓0 =7; 1 CONVERGING, 1 LOOPING, 1 ORBITING, 5 PLATEAU, 1 MIXED/,
  );
  expect(stdout).toContain('a bare rise of the score');
});

test('an unchanged file is asked of no model again, and a fix in a neighbour re-opens a file', () => {
  const [first, second, third] = read;
  expect([first, second, third].map((counts) => counts?.get('src/still.ts'))).toEqual([1, 1, 1]);
  // src/user.ts itself never changes; what it imports does once.
  expect([first, second, third].map((counts) => counts?.get('src/user.ts'))).toEqual([1, 2, 2]);
});

test('the blind pass sees nothing of what earlier iterations said', () => {
  const blind = asked.filter(({ pass, path }) => pass === 'blind' && path === 'src/loop.ts');
  expect(blind).toHaveLength(3);
  for (const { message } of blind) expect(message).not.toContain('has no effect on what is paid');
  const directed = asked.filter(({ pass, path }) => pass === 'directed' && path === 'src/loop.ts');
  expect(directed.at(-1)?.message).toContain('has no effect on what is paid');
});

test('the status lists the iterations, and one of them with its rows', async () => {
  const { stdout } = await scrum('status');
  expect(stdout).toMatch(/team\/service\s+│\s+3 │ finished │\s+11\/11/);
  const one = await scrum('status', '3');
  expect(one.stdout).toContain(commits[2] ?? '');
  expect(one.stdout).toContain('src/loop.ts');
  const missing = await scrum('status', '9');
  expect(missing.stderr).toContain('There is no iteration 9 of team/service.');
  expect(missing.exitCode).toBe(1);
});

test('the report has figures with SOURCE and GOOD, also as Markdown', async () => {
  const file = join(folder, 'report.md');
  const { stdout } = await scrum('report', 'latest', '--markdown', file);
  expect(stdout).toContain('SOURCE');
  expect(stdout).toContain('first-attempt accepts');
  expect(stdout).toContain('iteration 2 → 3');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('# Iteration 3 of `team/service`');
  expect(text).toContain('| figure | value | of | SOURCE | GOOD |');
  expect(text).toContain('`src/loop.ts`: LOOPING');
});

test('the next fix wave names what is open, what done means, and what was carried over', async () => {
  const file = join(folder, 'wave.md');
  const { json } = await scrum('plan', '3', '--markdown', file, '--json');
  const byPath = new Map(json.wave.findings.map((one: { path: string }) => [one.path, one]));
  expect([...byPath.keys()].sort()).toEqual(['src/loop.ts', 'src/orbit.ts']);
  expect(byPath.get('src/orbit.ts')).toMatchObject({
    level: 'high',
    rule: 'uncalled-primitive',
    symbol: 'checkPart2x',
    evidence: 'static',
    done_means: [
      'the rule uncalled-primitive reports it no more',
      'the code it points at has changed',
      'the next iteration does not tell of it',
    ],
  });
  expect(byPath.get('src/loop.ts')).toMatchObject({ level: 'high', evidence: 'model', state: 'recurring' });
  expect(json.wave.carried_over).toHaveLength(1);
  const text = readFileSync(file, 'utf8');
  expect((await scrum('plan', '3', '--markdown', '-')).stdout).toBe(text);
  for (const heading of ['Root causes', 'High', 'Medium', 'Low', 'Out of scope', 'Carried over'])
    expect(text).toContain(`## ${heading}`);
});

test('a finding that landed says which commit closed it', async () => {
  const { json } = await command(
    'sql',
    "SELECT state, closed_by_commit FROM kb.findings WHERE path = 'src/fix.ts' AND rule = 'uncalled-primitive' ORDER BY iteration",
    '--json',
  );
  expect(json.rows).toEqual([
    { state: 'new', closed_by_commit: null },
    { state: 'fixed', closed_by_commit: commits[1] },
  ]);
});

test('the knowledge base goes out as lines and comes in again without a row twice', async () => {
  const file = join(folder, 'knowledge.jsonl');
  expect(await command('kb', 'export', '--output', file)).toMatchObject({ exitCode: 0 });
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.filter((line) => line.startsWith('{"dataset":"kb.reviews"'))).toHaveLength(10 + 11 + 11);
  const again = await command('kb', 'import', file, '--json');
  expect(again.json).toMatchObject({ written: { reviews: 0, findings: 0, attempts: 0 }, problems: [] });

  const other = await startScrumServer();
  try {
    const moved = await lakehouse(['kb', 'import', file, '--url', other.server.url, '--json'], {
      environment: { LAKEHOUSE_API_KEY: other.server.adminKey },
    });
    expect(moved.json.written.reviews).toBe(32);
    const out = await lakehouse(['kb', 'export', '--url', other.server.url], {
      environment: { LAKEHOUSE_API_KEY: other.server.adminKey },
    });
    expect(out.stdout.trim().split('\n').sort()).toEqual(lines.sort());
  } finally {
    await other.close();
  }
});

test('lines of other programs are mapped, and those that do not fit are named', async () => {
  const file = join(folder, 'phase_sweep_findings.jsonl');
  writeFileSync(
    file,
    [
      '{"file": "src/a.rs", "finding": "The guard is never called", "severity": "high", "phase": "phase24"}',
      'no JSON at all',
      '{"model": "kimi-k2", "accepted": 3, "rejected": 1}',
      '{"nothing": "known"}',
    ].join('\n'),
  );
  const asOther = ['--repository', 'other/place', '--json'];
  const { json, exitCode, stderr } = await command('kb', 'import', file, ...asOther);
  expect(json).toMatchObject({ lines: 4, written: { findings: 1, attempts: 4 } });
  expect(json.problems.map((one: { line: number }) => one.line)).toEqual([2, 4]);
  expect(JSON.parse(stderr)).toMatchObject({ code: 'cli.lines_left_out' });
  expect(exitCode).toBe(1);
});
