import { type ChildProcess as Child, spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export type { Child };

/** Which share of the machine a process gets: the gateway under test one half, mock and generator the other. */
type Share = 'gateway' | 'load';

const CORES = availableParallelism();
const CAN_PIN = CORES >= 2 && spawnSync('taskset', ['-V']).status === 0;

/** What is said under the table of how the cores were shared. */
export const SHARING = CAN_PIN
  ? `gateway on cores ${coresOf('gateway')}, mock and generator on ${coresOf('load')} (taskset)`
  : 'nothing pinned';

function coresOf(share: Share): string {
  const half = Math.floor(CORES / 2);
  const [first, last] = share === 'gateway' ? [0, half - 1] : [half, CORES - 1];
  return first === last ? String(first) : `${first}-${last}`;
}

/** The command line that runs on the cores of its share. */
export function pinned(share: Share, command: readonly string[]): readonly string[] {
  return CAN_PIN ? ['taskset', '-c', coresOf(share), ...command] : command;
}

/** Moves a running process and its children to the cores of their share. */
export function pinRunning(share: Share, pid: number): void {
  if (!CAN_PIN) return;
  for (const one of [pid, ...childrenOf(pid)])
    spawnSync('taskset', ['-a', '-p', '-c', coresOf(share), String(one)]);
}

/** Memory of one process, in bytes; null where the system does not tell it. */
export function residentBytes(pid: number): number | null {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return null;
  }
}

/** Processor time of a process and its children so far, in milliseconds; null where the system does not tell it. */
export function processorMs(pid: number): number | null {
  try {
    const ticks = [pid, ...childrenOf(pid)].map((one) => {
      // utime and stime are the 12th and 13th fields after the name, which may hold blanks.
      const fields = readFileSync(`/proc/${one}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
      return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    });
    return ticks.reduce((sum, value) => sum + value, 0) * 10;
  } catch {
    return null;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}

/** Starts a program on the cores of its share; its output is read by `onLine`. */
export function startPinned(
  share: Share,
  command: readonly string[],
  options: {
    readonly environment?: NodeJS.ProcessEnv;
    readonly folder?: string;
    onLine?(line: string): void;
  },
): Child {
  const [program, ...args] = pinned(share, command);
  const child = spawn(program ?? '', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: options.environment ?? process.env,
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
  let rest = '';
  child.stdout?.on('data', (data: Buffer) => {
    const lines = (rest + data.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line);
  });
  child.stderr?.resume();
  return child;
}

/** Ends a program and waits until it is gone. */
export async function stop(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(killer);
}
