import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AuditedRepository, auditedRepository } from '../audited-repository.fixture.ts';
import { audit } from '../index.ts';
import { runConfined } from './confined-process.ts';
import { summaryOf } from './test-outcome.ts';

let repository: AuditedRepository;

beforeEach(() => {
  repository = auditedRepository();
  repository.commit({ 'a.js': 'module.exports = 1;\n' }, 'First');
});
afterEach(() => repository.remove());

const searchPath = process.env.PATH ?? '';
const GREEN = "const test = require('node:test');\ntest('one', () => {});\ntest('two', () => {});\n";
const RED = "const test = require('node:test');\ntest('one', () => { throw new Error('no'); });\n";

const run = {
  command: [process.execPath, '--test', '--test-reporter=tap'],
  timeoutMs: 60_000,
  memoryBytes: 4_000_000_000,
  searchPath,
};

async function verdicts(
  message: string,
  files: Record<string, string>,
  parts: Partial<typeof run> | null = {},
) {
  repository.commit(files, message);
  const { rows } = await audit({ folder: repository.folder, searchPath }, 'HEAD', {
    ...(parts === null ? {} : { run: { ...run, ...parts } }),
  });
  return rows.filter(({ kind }) => kind === 'tests');
}

describe('a run of the tests that a claim names', () => {
  it('backs the claim with its command and what it counted', async () => {
    const [row] = await verdicts('Checked by test/a.test.js: 2 tests pass.', { 'test/a.test.js': GREEN });
    expect(row).toMatchObject({ verifier: 'dynamic', verdict: 'backed' });
    expect(row?.evidence).toMatch(/^passed, 2 passed \(.*60 s\): .*--test.* test\/a\.test\.js$/);
  });

  it('contradicts another count, and a test that fails', async () => {
    const [count] = await verdicts('In test/a.test.js 3 tests pass.', { 'test/a.test.js': GREEN });
    expect(count).toMatchObject({ verifier: 'dynamic', verdict: 'not_backed' });
    // Which tests were counted is not said.
    const [other] = await verdicts('3 tests pass.', { 'test/a.test.js': `${GREEN}\n` });
    expect(other).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    const [failing] = await verdicts('Add a test.', { 'test/b.test.js': RED });
    expect(failing).toMatchObject({ verifier: 'dynamic', verdict: 'not_backed' });
    expect(failing?.evidence).toContain('1 failed');
  });

  it('says nothing of a change without which the same tests fail, or fail only at times', async () => {
    repository.commit({ 'test/a.test.js': RED }, 'Second');
    const [old] = await verdicts('All tests pass.', {
      'test/a.test.js': `${GREEN}${RED.split('\n')[1]}\n`,
    });
    expect(old).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(old?.evidence).toMatch(/^failed, as it does without the change, 2 passed, 1 failed/);
    const once = `const fs = require('node:fs');
const test = require('node:test');
const seen = process.env.HOME + '/seen';
test('one', () => {
  if (fs.existsSync(seen)) return;
  fs.writeFileSync(seen, '');
  throw new Error('the first time');
});
`;
    const [unsteady] = await verdicts('All tests pass.', { 'test/b.test.js': once });
    expect(unsteady).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(unsteady?.evidence).toMatch(/^failed and then passed, 1 passed/);
  });

  it('contradicts a change that makes a test fail', async () => {
    repository.commit({ 'test/a.test.js': GREEN }, 'Second');
    const [row] = await verdicts('All tests pass.', { 'test/a.test.js': RED });
    expect(row).toMatchObject({ verifier: 'dynamic', verdict: 'not_backed' });
  });

  it('says nothing where the runner cannot start or does not end', async () => {
    const [missing] = await verdicts(
      'All tests pass.',
      { 'test/a.test.js': GREEN },
      { command: ['no-such-runner'] },
    );
    expect(missing).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(missing?.evidence).toMatch(/^not run \(.*\): no-such-runner test\/a\.test\.js$/);
    const loop = "const test = require('node:test');\ntest('one', () => { for (;;); });\n";
    const [late] = await verdicts('All tests pass.', { 'test/c.test.js': loop }, { timeoutMs: 1_500 });
    expect(late).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(late?.evidence).toMatch(/^timed out/);
  });

  it('has one time for all runs of a claim: a failure that it leaves no time to be sure of says nothing', async () => {
    // Fails when it is run first, and does not end when it is run again.
    const slow = `const fs = require('node:fs');
const test = require('node:test');
const seen = process.env.HOME + '/seen';
test('one', () => {
  const isFirst = !fs.existsSync(seen);
  fs.writeFileSync(seen, '');
  if (isFirst) throw new Error('no');
  for (;;);
});
`;
    const [again] = await verdicts('All tests pass.', { 'test/b.test.js': slow }, { timeoutMs: 4_000 });
    expect(again).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(again?.evidence).toMatch(/^failed, and its time was up before that was sure.* 4 s\)/);
    const loop = "const test = require('node:test');\ntest('one', () => { for (;;); });\n";
    repository.commit({ 'test/c.test.js': loop }, 'Second');
    const [beside] = await verdicts('All tests pass.', { 'test/c.test.js': RED }, { timeoutMs: 6_000 });
    expect(beside).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    expect(beside?.evidence).toMatch(/^failed, and its time was up before that was sure, 0 passed, 1 failed/);
  });

  it('does not happen unasked, and leaves the audited folder as it is', async () => {
    const owned = join(repository.folder, 'owned');
    const writes = `require('node:fs').writeFileSync(${JSON.stringify('owned')}, '');\n${GREEN}`;
    const [unasked] = await verdicts('2 tests pass.', { 'test/a.test.js': writes }, null);
    expect(unasked).toMatchObject({ verifier: 'dynamic', verdict: 'unknown' });
    const [asked] = await verdicts('2 tests pass.', { 'test/b.test.js': writes });
    expect(asked?.verdict).toBe('backed');
    expect(existsSync(owned)).toBe(false);
  });
});

describe('what is installed for the repository', () => {
  it('serves its copy, which keeps caches of its own and changes nothing of it', async () => {
    const installed = join(repository.folder, 'node_modules');
    mkdirSync(join(installed, 'a-package'), { recursive: true });
    writeFileSync(join(installed, 'a-package', 'index.js'), 'module.exports = 41;\n');
    const uses = `const { writeFileSync } = require('fs');
if (require('a-package') !== 41) throw new Error('not installed');
writeFileSync('node_modules/.cache', '');
try { writeFileSync('node_modules/a-package/index.js', 'planted'); } catch {}
${GREEN}`;
    const [row] = await verdicts('2 tests pass.', { '.gitignore': 'node_modules\n', 'test/a.test.js': uses });
    expect(row).toMatchObject({ verifier: 'dynamic', verdict: 'backed' });
    expect(readdirSync(installed)).toEqual(['a-package']);
    if (row?.evidence?.includes('NOT kept') === true) return;
    expect(readFileSync(join(installed, 'a-package', 'index.js'), 'utf8')).toContain('41');
  });
});

describe('a confined process', () => {
  const confined = (script: string, parts: { timeoutMs?: number; memoryBytes?: number } = {}) =>
    runConfined({
      words: [process.execPath, '-e', script],
      folder: repository.folder,
      writable: repository.folder,
      readable: [],
      environment: { PATH: searchPath },
      timeoutMs: 20_000,
      memoryBytes: 4_000_000_000,
      ...parts,
    });

  it('reaches no server outside, or says that it may', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const connect = `require('net').connect(${port}, '127.0.0.1').on('connect', () => { console.log('reached'); process.exit(); }).on('error', () => console.log('cut off'))`;
    const { output, limits } = await confined(connect);
    server.close();
    if (limits.includes('NOT cut off')) expect(output).toContain('reached');
    else expect(output).toContain('cut off');
  });

  it('sees none of the environment of whoever calls', async () => {
    const { output } = await confined('console.log(Object.keys(process.env).sort().join())');
    expect(output.trim().split(',')).toEqual(expect.arrayContaining(['PATH']));
    expect(output).not.toMatch(/HOME|TOKEN|VITEST/);
  });

  it('writes nowhere but into its own folder, or says that it may', async () => {
    const outside = mkdtempSync(join(homedir(), '.lakehouse-confined-'));
    try {
      const { output, limits } = await confined(`
        const { writeFileSync } = require('fs');
        for (const path of [${JSON.stringify(join(outside, 'planted'))}, 'kept', '/proc/sys/kernel/core_pattern']) {
          try { writeFileSync(path, 'x', { flag: 'r+' }); } catch {}
          try { if (!path.startsWith('/proc')) writeFileSync(path, 'x'); } catch (error) { console.log(error.code); }
        }`);
      expect(existsSync(join(repository.folder, 'kept'))).toBe(true);
      if (limits.includes('NOT kept')) return;
      // A home below the folder for temporary files is not even there.
      expect(output).toMatch(/EROFS|ENOENT/);
      expect(existsSync(join(outside, 'planted'))).toBe(false);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });

  it('may be a program that is linked from beside its installation, also where folders are emptied', async () => {
    const project = mkdtempSync(join(tmpdir(), 'lakehouse-installed-'));
    const installed = join(project, 'node_modules');
    mkdirSync(join(installed, 'tool'), { recursive: true });
    mkdirSync(join(installed, '.bin'));
    writeFileSync(join(installed, 'tool', 'hello.sh'), '#!/bin/sh\necho hello\n', { mode: 0o755 });
    symlinkSync('../tool/hello.sh', join(installed, '.bin', 'hello'));
    try {
      const { output } = await runConfined({
        ...{ words: ['hello'], folder: repository.folder, writable: repository.folder, readable: [] },
        ...{ environment: { PATH: `${join(installed, '.bin')}:${searchPath}` } },
        ...{ timeoutMs: 20_000, memoryBytes: 4_000_000_000 },
      });
      expect(output).toBe('hello\n');
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });

  it('cannot take its limits back', async () => {
    const { output, limits } = await confined(`
      const { spawnSync } = require('child_process');
      for (const words of [['mount', '-o', 'remount,bind,rw', '/'], ['unshare', '-r', '-m', 'mount', '-o', 'remount,bind,rw', '/']]) {
        console.log(spawnSync(words[0], words.slice(1)).status === 0 ? 'undone' : 'stays');
      }`);
    if (!limits.includes('NOT kept')) expect(output.trim().split('\n')).toEqual(['stays', 'stays']);
  });

  it('sees none of the processes around it, and reaches no socket of theirs', async () => {
    const socket = join(tmpdir(), `lakehouse-confined-${process.pid}.sock`);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const probe = `
      if (require('fs').existsSync('/proc/${process.pid}/environ')) console.log('seen');
      require('net').connect(${JSON.stringify(socket)}).on('connect', () => { console.log('reached'); process.exit(); }).on('error', () => console.log('cut off'));`;
    const { output, limits } = await confined(probe);
    server.close();
    if (!limits.includes('NOT kept')) expect(output.trim()).toBe('cut off');
  });

  it('leaves no process behind that has a session of its own', async () => {
    const mark = `97${process.pid}${Date.now() % 10_000}`;
    const { limits } = await confined(
      `require('child_process').spawn('sleep', ['${mark}'], { detached: true, stdio: 'ignore' }).unref()`,
    );
    const running = readdirSync('/proc').filter((id) => {
      try {
        return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(mark);
      } catch {
        return false;
      }
    });
    for (const id of running) process.kill(Number(id));
    if (!limits.includes('NOT kept')) expect(running).toEqual([]);
  });

  it('ends with what it started, and within its memory', async () => {
    const late = await confined(
      'require("child_process").spawn("sleep", ["600"]); setInterval(() => {}, 1e3)',
      {
        timeoutMs: 1_000,
      },
    );
    expect(late.ended).toBe('timed_out');
    const fat = await confined('const all = []; for (;;) all.push(Buffer.alloc(1e7, 1));', {
      memoryBytes: 600_000_000,
    });
    if (!fat.limits.includes('NOT limited')) expect(fat.exitCode).not.toBe(0);
  });
});

describe('the summary of a runner', () => {
  it.each([
    ['vitest', ' Test Files  1 failed | 3 passed (4)\n      Tests  2 failed | 30 passed (32)\n', 30, 2],
    ['jest', 'Tests:       1 failed, 5 passed, 6 total\n', 5, 1],
    ['node:test', '# tests 3\n# pass 2\n# fail 1\n', 2, 1],
    ['mocha', '  12 passing (3s)\n  1 failing\n', 12, 1],
    ['pytest', '==== 1 failed, 7 passed in 0.12s ====\n', 7, 1],
    ['cargo', 'test result: ok. 4 passed; 0 failed; 0 ignored\n', 4, 0],
    ['none', 'done\n', null, null],
  ])('of %s', (_runner, output, passed, failed) => {
    expect(summaryOf(output)).toEqual({ passed, failed });
  });
});
