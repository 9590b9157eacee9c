import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lakehouse } from '../harness/command-line.ts';

let repository: string;

const FILES = {
  'package.json': '{ "name": "service", "private": true }\n',
  'src/main.ts': "import { canRead } from './access.ts';\nconsole.log(canRead('jobs'));\n",
  'src/access.ts': 'export function canRead(name: string) {\n  return name.length > 0;\n}\n',
};
const UNCALLED = '\nexport function canWrite(name: string) {\n  return name.length > 1;\n}\n';

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'lakehouse-review-test-'));
  write(FILES);
  git('init', '--quiet');
  commit('first');
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
}

function git(...command: string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', ['-C', repository, ...identity, ...command], { encoding: 'utf8' });
}

function commit(message: string): void {
  git('add', '--all');
  git('commit', '--quiet', '--message', message);
}

const review = (...options: string[]) => lakehouse(['review', repository, ...options]);

describe('lakehouse review', () => {
  it('says so where nothing is found', async () => {
    const { stdout, exitCode } = await review();
    expect(stdout).toMatch(/✓ nothing found in 2 files \(.*\), \d+ rules/);
    expect(exitCode).toBe(0);
  });

  it('does not call a folder clean in which it found nothing to read', async () => {
    const empty = join(repository, 'empty');
    mkdirSync(empty);
    const { stdout, exitCode } = await lakehouse(['review', empty]);
    expect(stdout).toContain('! nothing was reviewed.');
    expect(stdout).not.toContain('✓');
    expect(exitCode).toBe(0);
  });

  it('reads the callers of a folder in the whole repository, and reports on the folder alone', async () => {
    write({
      'src/main.ts':
        "import { canRead } from './access/access.ts';\nimport { canList } from './other/other.ts';\nconsole.log(canRead('jobs'), canList());\n",
      'src/access/access.ts': `${FILES['src/access.ts']}${UNCALLED}`,
      'src/other/other.ts': 'export const canList = () => true;\n',
    });
    rmSync(join(repository, 'src/access.ts'));
    commit('a folder');
    const below = (...options: string[]) =>
      lakehouse(['review', join(repository, 'src/access'), '--json', ...options]);
    const whole = (await review('--json')).json;
    const { json, exitCode } = await below();
    expect(exitCode).toBe(1);
    expect(json.files).toBe(1);
    expect(json.findings).toEqual([
      expect.objectContaining({ path: 'src/access/access.ts', symbol: 'canWrite' }),
    ]);
    expect(whole.findings).toEqual(expect.arrayContaining(json.findings));
    const other = await lakehouse(['review', join(repository, 'src/other'), '--json']);
    expect([other.exitCode, other.json.findings]).toEqual([0, []]);
    expect((await below('--since', 'HEAD')).json.findings).toEqual([]);
    write({ 'src/main.ts': 'console.log(1);\n' });
    expect((await below('--since', 'HEAD')).json.findings).toEqual([
      expect.objectContaining({ path: 'src/access/access.ts', symbol: 'canRead' }),
    ]);
  });

  it.each(['no-such-folder', 'src/access.ts'])('refuses %s, which is no folder', async (path) => {
    const { stderr, exitCode } = await lakehouse(['review', join(repository, path)]);
    expect(stderr).toContain('review.path_not_found');
    expect(exitCode).toBe(2);
  });

  it('says that no git repository is there to compare with', async () => {
    rmSync(join(repository, '.git'), { recursive: true });
    const { stderr, exitCode } = await review('--since', 'main');
    expect(stderr).toContain('No git repository holds the folder');
    expect(exitCode).toBe(2);
  });

  it('names the place, the claim and what to do, and ends with 1', async () => {
    write({ 'src/access.ts': FILES['src/access.ts'] + UNCALLED });
    const { stdout, stderr, exitCode } = await review();
    expect(stdout).toContain('src/access.ts:5');
    expect(stdout).toContain('Nothing outside the tests calls `canWrite`.');
    expect(stdout).toContain('1 error in 2 files');
    expect(stderr).toContain('cli.review_findings');
    expect(exitCode).toBe(1);
  });

  it('fails from the severity that --fail-on names', async () => {
    write({ 'src/access.ts': FILES['src/access.ts'] + UNCALLED });
    expect((await review('--fail-on', 'error')).exitCode).toBe(1);
    expect((await review('--fail-on', 'never')).exitCode).toBe(0);
    expect((await review('--fail-on', 'loud')).exitCode).toBe(2);
  });

  it('shows ten findings, and all of them when asked', async () => {
    const many = Array.from(
      { length: 12 },
      (_, at) => `export function checkCase${at}x() {\n  return 1;\n}\n`,
    );
    write({ 'src/many.ts': many.join('') });
    const first = await review();
    expect(first.stdout).toContain('… and 2 more');
    expect(first.stdout.match(/uncalled-primitive/g)).toHaveLength(10);
    expect((await review('--all')).stdout.match(/uncalled-primitive/g)).toHaveLength(12);
    const { json } = await review('--json');
    expect(new Set(json.findings.map((one: { id: string }) => one.id)).size).toBe(12);
  });

  it('keeps the id of a finding whose code moves within a file and to another', async () => {
    const ids = async () => (await review('--json')).json.findings.map((one: { id: string }) => one.id);
    write({ 'src/access.ts': FILES['src/access.ts'] + UNCALLED });
    const before = await ids();
    write({ 'src/access.ts': `// moved\n${UNCALLED}${FILES['src/access.ts']}` });
    expect(await ids()).toEqual(before);
    write({ 'src/access.ts': FILES['src/access.ts'], 'src/guards/write.ts': UNCALLED });
    expect(await ids()).toEqual(before);
  });

  it('leaves out what a baseline knows, and fails only for what is new', async () => {
    const baseline = join(repository, 'baseline.json');
    write({ 'src/access.ts': FILES['src/access.ts'] + UNCALLED });
    expect((await review('--write-baseline', baseline)).exitCode).toBe(0);
    expect((await review('--baseline', baseline)).exitCode).toBe(0);
    write({ 'src/audit.ts': 'export function auditRead() {\n  return 1;\n}\n' });
    const { json, exitCode } = await review('--baseline', baseline, '--json');
    expect(json.findings.map((one: { path: string }) => one.path)).toEqual(['src/audit.ts']);
    expect(exitCode).toBe(1);
  });

  it.each([
    ['{', 'review.invalid_baseline'],
    ['{"format": "other"}', 'review.invalid_baseline'],
    [null, 'cli.usage'],
  ])('refuses %j as a baseline', async (text, code) => {
    if (text !== null) write({ 'baseline.json': text });
    const { exitCode, stderr } = await review('--baseline', join(repository, 'baseline.json'));
    expect(exitCode).toBe(2);
    expect(stderr).toContain(code);
  });

  it('shows what a branch brings: findings in changed files, and those its changes leave behind elsewhere', async () => {
    write({ 'src/old.ts': 'export function checkOld() {\n  return 1;\n}\n' });
    commit('a finding of before');
    write({
      'src/main.ts': 'console.log(1);\n',
      'src/new.ts': 'export function checkNew() {\n  return 1;\n}\n',
    });
    const { json } = await review('--since', 'HEAD', '--json');
    const paths = json.findings.map((one: { path: string }) => one.path);
    expect(paths).toEqual(['src/access.ts', 'src/new.ts']);
  });

  it('refuses a revision that git does not know, or that is an option', async () => {
    for (const revision of ['nowhere', '--output=x']) {
      const { exitCode, stderr } = await review(`--since=${revision}`);
      expect(stderr).toContain('review.unknown_revision');
      expect(exitCode).toBe(2);
    }
  });

  it('writes SARIF 2.1.0 with the shape the schema requires', async () => {
    write({ 'src/access.ts': FILES['src/access.ts'] + UNCALLED });
    const file = join(repository, 'review.sarif');
    await review('--sarif', file);
    const log = JSON.parse(readFileSync(file, 'utf8'));
    expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-schema-2.1.0') });
    const [run] = log.runs;
    const { driver } = run.tool;
    expect(driver.name).toBe('lakehouse review');
    for (const rule of driver.rules) {
      expect(rule).toMatchObject({
        id: expect.stringMatching(/^[a-z-]+$/),
        shortDescription: { text: expect.any(String) },
      });
      expect(['error', 'warning', 'note']).toContain(rule.defaultConfiguration.level);
    }
    expect(run.results).toHaveLength(1);
    const [result] = run.results;
    expect(driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(result).toMatchObject({
      level: 'error',
      message: { text: expect.stringContaining('canWrite') },
      locations: [
        { physicalLocation: { artifactLocation: { uri: 'src/access.ts' }, region: { startLine: 5 } } },
      ],
      partialFingerprints: { 'lakehouseFinding/v1': expect.stringMatching(/^[\da-f]{16}$/) },
    });
  });

  it('obeys a suppression with a reason, and reports one without a reason or an effect', async () => {
    const suppressed = UNCALLED.replace(
      '\nexport',
      '\n// review-ok uncalled-primitive: a plug-in calls it\nexport',
    );
    write({ 'src/access.ts': FILES['src/access.ts'] + suppressed });
    const { stdout, exitCode } = await review();
    expect(stdout).toContain('1 finding suppressed with a reason');
    expect(exitCode).toBe(0);
    write({ 'src/access.ts': FILES['src/access.ts'] + suppressed.replace(': a plug-in calls it', '') });
    const { json } = await review('--json');
    expect(json.findings.map((one: { rule: string }) => one.rule)).toEqual([
      'uncalled-primitive',
      'idle-suppression',
    ]);
    write({ 'src/access.ts': `// review-ok hollow-test: nothing here\n${FILES['src/access.ts']}` });
    expect((await review('--json')).json.findings).toMatchObject([
      { rule: 'idle-suppression', claim: 'The suppression of `hollow-test` has nothing to suppress.' },
    ]);
  });

  it('follows no link out of the folder', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'lakehouse-outside-'));
    writeFileSync(join(outside, 'guard.ts'), UNCALLED);
    symlinkSync(outside, join(repository, 'linked'));
    symlinkSync(join(outside, 'guard.ts'), join(repository, 'src/guard.ts'));
    expect((await review()).stdout).toContain('nothing found in 2 files');
    rmSync(outside, { recursive: true, force: true });
  });

  it('runs nothing that the reviewed repository configures', async () => {
    const proof = join(repository, 'ran');
    write({ 'monitor.sh': `#!/bin/sh\ntouch '${proof}'\n` });
    execFileSync('chmod', ['+x', join(repository, 'monitor.sh')]);
    git('config', 'core.fsmonitor', join(repository, 'monitor.sh'));
    await review('--since', 'HEAD');
    expect(() => readFileSync(proof)).toThrow();
  });

  it.each([
    ['brackets', `x = ${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['operators', `x = ${'a + '.repeat(100_000)}1`],
    ['conditions', `x = ${'a ? b : '.repeat(20_000)}1`],
    ['arrows', `x = ${'a => '.repeat(20_000)}1`],
    ['alternatives', `if (a) {} ${'else if (a) {} '.repeat(20_000)}`],
  ])('names a file whose %s nest without end, and goes on', async (_what, text) => {
    write({ 'src/deep.js': `${text}\n${'\n'.repeat(5_000)}` });
    const { stdout, exitCode } = await review();
    expect(stdout).toContain('1 file not parsed: src/deep.js');
    expect(exitCode).toBe(0);
  });

  it('is not slowed by settings, titles and comments without end', async () => {
    write({
      'config/a.json': `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}\n`,
      'src/a.test.js': `test('${'not '.repeat(100_000)}', () => { run(); });\n${'\n'.repeat(5_000)}`,
      'src/b.js': `/* eslint-disable${' '.repeat(500_000)}x */\n// review-ok${' '.repeat(500_000)}x\n${'\n'.repeat(5_000)}`,
    });
    expect((await review('--fail-on', 'never')).exitCode).toBe(0);
  });

  it.each([
    [['/nowhere/at/all'], 2, 'review.path_not_found'],
    [['--rule', 'no-such-rule'], 2, 'review.unknown_rule'],
  ])('%j ends with %i', async (args, exitCode, code) => {
    const result = await lakehouse(['review', ...args]);
    expect(result.stderr).toContain(code);
    expect(result.exitCode).toBe(exitCode);
  });
});
