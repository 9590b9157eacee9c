import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LakeError, type Logger } from '../../base/index.ts';
import type { EngineColumn } from './engine.ts';
import { engineError } from './engine-failure.ts';
import { engineErrors } from './errors.ts';
import type { ChildAnswer, ChildInput, ChildOutput, ChildRequest, ChildSettings } from './protocol.ts';
import { resultPipePath, spillPath } from './protocol.ts';
import { makeResultPipe } from './result-pipe.ts';

/** The gateway's handle on one engine process. */
export interface EngineProcess {
  readonly folder: string | null;
  /** Sends one request. Rejects with the engine's error, or with why the process ended. */
  request(
    request: ChildRequest,
    onColumns?: (columns: readonly EngineColumn[]) => void,
  ): Promise<ChildAnswer>;
  /** False from the moment the process has ended, which is before `exited` settles. */
  isAlive(): boolean;
  /** Throws why the process is gone, where it is. */
  requireAlive(): void;
  interrupt(): void;
  /** SIGKILL. Pending requests get `reason`; without one they hear `engine.process_died`. */
  kill(reason: LakeError | null): void;
  /** Resident memory in bytes; null where the system does not tell. */
  residentBytes(): number | null;
  /** Settles when the process is gone; its folder is removed by then. */
  readonly exited: Promise<void>;
}

export interface ProcessOptions {
  /** Null for the parser. */
  readonly settings: ChildSettings | null;
  /** The operating system refuses the process more data memory than this. */
  readonly dataLimitMb: number;
  /** Aborted when nobody wants processes any more: one that is still starting is killed. One that is ready is its holder's. */
  readonly closing: AbortSignal;
  readonly log: Logger;
}

interface Pending {
  readonly resolve: (answer: ChildAnswer) => void;
  readonly reject: (error: LakeError) => void;
  readonly onColumns: ((columns: readonly EngineColumn[]) => void) | undefined;
}

const CHILD = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url),
);
/**
 * The engine's calls come one after the other, and the pool hands them to its threads in turn: with eight, each finds
 * the caches and the allocator's memory of another, 1 ms of a point query's median on a busy machine. The engine's own
 * threads are not of the pool.
 */
const THREADPOOL_SIZE = '1';
/** What Node and the engine's library map before a query runs; the limit on data memory comes on top. */
const BASE_DATA_MB = 768;

/** A start takes about a second; one that is not warm after so long (frozen, or its disk hangs) is killed. */
const START_TIMEOUT_MS = 60_000;

/**
 * Starts a process and waits until it is warm. Throws `engine.unavailable` where it cannot be started, not in time, or is wanted
 * no more; no process and no folder is left then.
 */
export async function startEngineProcess(options: ProcessOptions): Promise<EngineProcess> {
  const { closing, log } = options;
  const folder = options.settings?.folder ?? null;
  if (folder !== null) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(spillPath(folder), { recursive: true, mode: 0o700 });
    await makeResultPipe(resultPipePath(folder));
    if (closing.aborted) await rm(folder, { recursive: true, force: true });
  }
  if (closing.aborted) throw unavailable();
  const child = spawnLimited(options);
  const pending = new Map<number, Pending>();
  let killedFor: LakeError | null = null;
  let sequence = 0;
  let stderr = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr = (stderr + bytes.toString('utf8')).slice(-2_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const exited = ended.then(async () => {
    const reason = killedFor ?? died();
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  });
  const ready = Promise.withResolvers<void>();
  child.on('message', (output: ChildOutput) => {
    if (output.kind === 'ready') return ready.resolve();
    const entry = pending.get(output.id);
    if (output.kind === 'columns') return entry?.onColumns?.(output.columns);
    pending.delete(output.id);
    if (output.kind === 'done') entry?.resolve(output.answer);
    else entry?.reject(engineError(output.message));
  });
  const late = setTimeout(() => {
    killedFor = startedLate();
    child.kill('SIGKILL');
  }, START_TIMEOUT_MS);
  const onClosing = () => child.kill('SIGKILL');
  closing.addEventListener('abort', onClosing, { once: true });
  void exited.then(() => ready.reject(killedFor ?? unavailable()));
  try {
    await ready.promise;
  } catch (error) {
    if (!closing.aborted) log.error({ child: stderr.split('\n')[0] }, 'an engine process did not start');
    throw error;
  } finally {
    clearTimeout(late);
    closing.removeEventListener('abort', onClosing);
  }
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const requireAlive = () => {
    if (!isAlive()) throw killedFor ?? died();
  };
  return {
    folder,
    isAlive,
    requireAlive,
    request(request, onColumns) {
      return new Promise((resolve, reject) => {
        requireAlive();
        sequence += 1;
        pending.set(sequence, { resolve, reject, onColumns });
        post(child, { id: sequence, request });
      });
    },
    interrupt: () => post(child, { interrupt: true }),
    kill(reason) {
      killedFor ??= reason;
      child.kill('SIGKILL');
    },
    residentBytes: () => residentBytes(child.pid),
    exited,
  };
}

/**
 * The limit is on data memory (`ulimit -d`): what queries allocate counts, address space that is only reserved does
 * not. Under it an allocation fails inside the engine and the query gets `engine.memory`; measured on
 * `len(range(400000000))`, which reached 20 GB without it, whatever the engine's own memory limit.
 */
function spawnLimited(options: ProcessOptions): ChildProcess {
  const limitKb = (options.dataLimitMb + BASE_DATA_MB) * 1024;
  const args = [
    '-c',
    'ulimit -d "$1" 2>/dev/null; shift; exec "$@"',
    'lakehouse-engine',
    String(limitKb),
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    // The driver makes plain objects of structs: without the accessor a member named `__proto__` is kept like any other.
    '--disable-proto=delete',
    CHILD,
  ];
  if (options.settings !== null) args.push(JSON.stringify(options.settings));
  return spawn('/bin/sh', args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    // Nothing of the gateway's environment (keys, proxies) is of use to an engine process.
    env: { UV_THREADPOOL_SIZE: THREADPOOL_SIZE, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
  });
}

function post(child: ChildProcess, input: ChildInput): void {
  // A send that fails means that the process is ending; its exit answers what is pending.
  if (child.connected) child.send(input, () => {});
}

/** Read at once: it waits for no disk, and as a promise takes four turns of the thread pool. */
function residentBytes(pid: number | undefined): number | null {
  try {
    const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * 4096;
  } catch {
    return null;
  }
}

function died(): LakeError {
  return new LakeError(engineErrors.process_died, {
    detail: 'The engine process that ran this request ended. Other requests are not affected; send it again.',
  });
}

function startedLate(): LakeError {
  return new LakeError(engineErrors.unavailable, {
    detail: `An engine process was not ready within ${START_TIMEOUT_MS} ms and was ended.`,
  });
}

function unavailable(): LakeError {
  return new LakeError(engineErrors.unavailable, { detail: 'An engine process could not be started.' });
}
