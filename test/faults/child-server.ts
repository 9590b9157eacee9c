import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { initHome } from '../../src/main.ts';
import { type ApiAnswer, type ApiOptions, request } from '../harness/server.ts';

/** The fewest engine processes that serve every operation. */
export const SMALL_ENGINE = '[engine]\nprocesses = 1\nsmall_processes = 0\nthreads = 1\n';

export interface TestHome {
  readonly folder: string;
  readonly home: string;
  readonly adminKey: string;
  remove(): Promise<void>;
}

/** A commit that a busy disk keeps waiting is no fault that these tests look for. */
const PATIENT_STORE = '\n[metastore]\ncommit_timeout_ms = 20000\n';

/** A fresh home below `folder`; `config` is its whole lakehouse.toml but for a store with patience, where it says nothing of one. */
export async function makeTestHome(options: { config?: string; folder?: string } = {}): Promise<TestHome> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'lakehouse-faults-')));
  const home = join(folder, 'home');
  const { adminKey } = await initHome({ home });
  const { config = SMALL_ENGINE } = options;
  const store = config.includes('[metastore]') ? '' : PATIENT_STORE;
  await writeFile(join(home, 'lakehouse.toml'), `${config}${store}`);
  return { folder, home, adminKey, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A server in a process of its own. */
export interface ChildServer {
  readonly pid: number;
  readonly url: string;
  readonly notices: readonly string[];
  /** Everything it wrote to stdout and stderr so far. */
  output(): string;
  api(method: string, path: string, options?: ApiOptions): Promise<ApiAnswer>;
  /** Kills it at once and waits until it is gone. */
  kill(): Promise<void>;
  /** Ends it in order and waits until it is gone. */
  stop(): Promise<void>;
  readonly exited: Promise<void>;
}

/** A process that has loaded the program and waits to be told to serve: a restart then costs no loading. */
export interface Standby {
  serve(): Promise<ChildServer>;
  /** Begins to serve and is killed after the time. */
  killWhileStarting(afterMs: number): Promise<void>;
  discard(): void;
}

export interface ChildOptions {
  readonly home: TestHome;
  readonly environment?: Readonly<Record<string, string>>;
  /** A program and its arguments that run the server, such as strace. */
  readonly under?: readonly string[];
}

const CHILD = fileURLToPath(new URL('./serve-child.ts', import.meta.url));

export function standBy(options: ChildOptions): Standby {
  const { home, environment = {}, under = [] } = options;
  const [program = process.execPath, ...args] = [...under, process.execPath, CHILD, home.home];
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(home.folder, 'compiled'), ...environment },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  child.stdin.on('error', () => undefined);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    discard: () => void child.kill('SIGKILL'),
    async killWhileStarting(afterMs) {
      child.stdin.write('serve\n');
      await pause(afterMs);
      child.kill('SIGKILL');
      await exited;
    },
    async serve() {
      child.stdin.write('serve\n');
      const { url, notices } = await started(child, exited, () => output);
      return {
        pid: child.pid ?? 0,
        url,
        notices,
        output: () => output,
        api: (method, path, asked = {}) => request(url, method, path, { key: home.adminKey, ...asked }),
        async kill() {
          child.kill('SIGKILL');
          await exited;
        },
        async stop() {
          child.stdin.end();
          await exited;
        },
        exited,
      };
    },
  };
}

export const startChild = (options: ChildOptions): Promise<ChildServer> => standBy(options).serve();

async function started(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  exited: Promise<void>,
  output: () => string,
): Promise<{ url: string; notices: string[] }> {
  const line = new Promise<string>((resolve) => {
    const look = () => {
      const found = output()
        .split('\n')
        .slice(0, -1)
        .find((text) => text.startsWith('{"url"'));
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', look);
  });
  const found = await Promise.race([line, exited.then(() => null)]);
  if (found === null) throw new Error(`the server ended before it served: ${output()}`);
  return JSON.parse(found);
}
