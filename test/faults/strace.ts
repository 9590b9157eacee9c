import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

/** Makes sure that strace is there; on a Debian machine where we are root it is installed. */
export function requireStrace(): void {
  const isThere = () => spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0;
  if (isThere()) return;
  if (process.getuid?.() === 0) {
    spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    spawnSync('apt-get', ['install', '-y', 'strace'], { stdio: 'ignore' });
  }
  if (!isThere()) throw new Error('This test needs strace: `sudo apt-get install strace` and run it again.');
}

/** strace on a running process or thread. */
export interface Strace {
  /** Ends it and answers what it wrote: one system call a line. With `after`, once it has written that. */
  detach(after?: string): Promise<string>;
}

/** Attaches to `pid` (all threads, also new ones) or, with `thread`, to that one thread. */
export async function attachStrace(options: {
  readonly pid: number;
  readonly thread?: number;
  readonly args: readonly string[];
}): Promise<Strace> {
  const { pid, thread, args } = options;
  const target = thread === undefined ? ['-f', '-p', String(pid)] : ['-p', String(thread)];
  const tracer = spawn('strace', ['-y', '-s', '64', ...args, ...target], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  const attached = new Promise<void>((resolve) => {
    tracer.stderr.on('data', (bytes) => {
      text += bytes;
      if (text.includes('attached')) resolve();
    });
  });
  const ended = once(tracer, 'close');
  await Promise.race([attached, ended]);
  if (!text.includes('attached')) throw new Error(`strace could not attach: ${text}`);
  return {
    async detach(after = '') {
      // A client has its answer before strace has written the call that sent it.
      while (!text.includes(after) && tracer.exitCode === null) {
        await Promise.race([once(tracer.stderr, 'data'), ended]);
      }
      tracer.kill('SIGINT');
      await ended;
      return text;
    },
  };
}

/** The threads of a server that do its disk work; run it with UV_THREADPOOL_SIZE=1, so that each is one thread. */
export interface DiskThreads {
  /** Data files, objects, folders. */
  readonly files: number;
  /** The store's writer. */
  readonly store: number;
}

export function diskThreads(pid: number): DiskThreads {
  const threads = readdirSync(`/proc/${pid}/task`)
    .map(Number)
    .sort((a, b) => a - b);
  const named = (name: string) =>
    threads.filter((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim() === name);
  const [files] = named('libuv-worker');
  // The store opens its writer before its reader.
  const [store] = named('WorkerThread');
  if (files === undefined || store === undefined) throw new Error('the server has no such threads');
  return { files, store };
}

/** One finished system call, in the order of their ends. */
export interface TracedCall {
  readonly thread: number;
  readonly call: string;
  readonly text: string;
  readonly failed: boolean;
}

/** The calls by which a server answers, and how the first of an answer that says that it was done begins. */
export const ANSWERING = 'write,writev,sendto,sendmsg';
export const DONE = '"HTTP/1.1 20';

/**
 * Reads strace's own text with `-f`; a call that another thread's interrupted counts where it was resumed, one that strace
 * left before it returned at the end.
 */
export function parseTrace(text: string): readonly TracedCall[] {
  const begun = new Map<string, string>();
  const calls: TracedCall[] = [];
  for (const line of text.split('\n')) {
    const match = /^\[pid\s+(\d+)\] (.*)$/.exec(line) ?? /^()(.*)$/.exec(line);
    const [, pid = '', rest = ''] = match ?? [];
    const unfinished = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest);
    if (unfinished) {
      begun.set(pid, rest.replace(' <unfinished ...>', ''));
      continue;
    }
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    const whole = resumed ? `${begun.get(pid) ?? `${resumed[1]}(`}${resumed[2]}` : rest;
    const call = /^(\w+)\(/.exec(whole)?.[1];
    if (call === undefined) continue;
    begun.delete(pid);
    calls.push({ thread: Number(pid), call, text: whole, failed: / = -1 /.test(whole) });
  }
  for (const [pid, text] of begun) {
    calls.push({ thread: Number(pid), call: /^\w+/.exec(text)?.[0] ?? '', text, failed: false });
  }
  return calls;
}
