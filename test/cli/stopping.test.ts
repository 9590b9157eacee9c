import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initHome, startServer } from '../../src/main.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/lakehouse.js', import.meta.url));
const TIMEOUT_MS = 120_000;

interface Case {
  readonly when: string;
  /** Runs below a shell that waits, as npm's does, with what npm tells of the command in the environment. */
  readonly npmScript?: string;
  readonly signal: NodeJS.Signals;
  readonly toGroup?: boolean;
}

const CASES: readonly Case[] = [
  { when: 'SIGTERM comes to the launcher', signal: 'SIGTERM' },
  { when: 'SIGINT comes to the launcher', signal: 'SIGINT' },
  { when: 'Ctrl-C signals the launcher and the server alike', signal: 'SIGINT', toGroup: true },
  { when: 'a supervisor signals every process of the group', signal: 'SIGTERM', toGroup: true },
  { when: 'the launcher is killed', signal: 'SIGKILL' },
  { when: 'the shell of npm exec ends of the SIGTERM', signal: 'SIGTERM', npmScript: 'lakehouse' },
  { when: 'the shell of an npm script ends', signal: 'SIGTERM', npmScript: 'lakehouse serve --home home' },
];

describe.skipIf(process.platform === 'win32')('a server that is asked to stop', () => {
  let home = '';
  beforeAll(async () => {
    home = join(await mkdtemp(join(tmpdir(), 'lakehouse-stopping-')), 'home');
    await initHome({ home });
  });
  afterAll(() => rm(join(home, '..'), { recursive: true, force: true }));

  it.each(CASES)(
    'finishes and gives up its home when $when',
    async (given) => {
      const started = start(home, given.npmScript);
      const stderr = text(started.stderr);
      await once(started.stdout, 'data');
      const ended = once(started.child, 'exit');
      const pid = Number(started.child.pid);
      process.kill(given.toGroup === true ? -pid : pid, given.signal);
      // The server holds the pipe as long as it lives, also when nobody is above it any more.
      expect(await stderr).toContain('finishing the requests in flight');
      const [exitCode] = await ended;
      const isLauncherEnded = given.signal === 'SIGKILL' || given.npmScript !== undefined;
      expect(exitCode).toBe(isLauncherEnded ? null : 0);
      const again = await startServer({ home, environment: {}, flags: { 'server.port': 0 } });
      await again.close();
    },
    TIMEOUT_MS,
  );

  it(
    'stays when a shell that left it in the background ends',
    async () => {
      const started = start(home, 'lakehouse serve --home home &');
      const stderr = text(started.stderr);
      const [line] = await once(started.stdout, 'data');
      const { url, pid } = JSON.parse(String(line));
      const ended = once(started.child, 'exit');
      started.child.kill('SIGTERM');
      await ended;
      expect((await fetch(`${url}/ready`)).status).toBe(200);
      process.kill(pid, 'SIGTERM');
      expect(await stderr).toContain('finishing the requests in flight');
    },
    TIMEOUT_MS,
  );
});

function start(home: string, npmScript: string | undefined) {
  const command = [process.execPath, PROGRAM, 'serve', '--home', home, '--port', '0', '--json'];
  // The second command keeps the shell from giving its place to the first one.
  const shell = ['sh', '-c', '"$@"; exit $?', 'sh', ...command];
  const [file = '', ...args] = npmScript === undefined ? command : shell;
  const environment = npmScript === undefined ? {} : { npm_lifecycle_script: npmScript };
  const child: ChildProcess = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the pipes were not made');
  return { child, stdout, stderr };
}
