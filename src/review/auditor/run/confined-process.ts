// Runs one command of an audited tree, with no network where the system can cut it off, and within limits.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { systemClock } from '../../../base/index.ts';

export interface ConfinedRun {
  readonly exitCode: number | null;
  readonly ended: 'exited' | 'timed_out' | 'killed' | 'not_started';
  /** Standard output and error, the end of them where they are long. */
  readonly output: string;
  /** What confined it, in words; says so where something could not. */
  readonly limits: string;
  readonly tookMs: number;
}

export interface ConfinedCommand {
  readonly words: readonly string[];
  readonly folder: string;
  /** Everything the program sees of the environment: no token of the caller. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
}

const MOST_OUTPUT_CHARACTERS = 1_000_000;
const MOST_FILE_BYTES = 4_000_000_000;

export async function runConfined(command: ConfinedCommand): Promise<ConfinedRun> {
  const { words, folder, environment, timeoutMs, memoryBytes } = command;
  const wrapped = confinement(environment.PATH ?? '', memoryBytes, timeoutMs);
  const [program = '', ...rest] = [...wrapped.words, ...words];
  const startedMs = systemClock.monotonicMs();
  const child = spawn(program, rest, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what it starts ends with it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MOST_OUTPUT_CHARACTERS);
    });
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, timeoutMs);
  const { code, signal, isStarted } = await new Promise<{
    code: number | null;
    signal: NodeJS.Signals | null;
    isStarted: boolean;
  }>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null, isStarted: false }));
    child.once('close', (code, signal) => resolve({ code, signal, isStarted: true }));
  });
  clearTimeout(timer);
  endGroup(child);
  const ended = isLate ? 'timed_out' : !isStarted ? 'not_started' : signal !== null ? 'killed' : 'exited';
  return {
    ...{ exitCode: code, ended, output, limits: wrapped.limits },
    tookMs: systemClock.monotonicMs() - startedMs,
  };
}

/** The programs that confine, and in words what they do; what this system has not is said to be missing. */
function confinement(
  path: string,
  memoryBytes: number,
  timeoutMs: number,
): { readonly words: readonly string[]; readonly limits: string } {
  const has = (words: readonly string[]) => {
    const [program = '', ...rest] = words;
    return spawnSync(program, rest, { env: { PATH: path }, stdio: 'ignore' }).status === 0;
  };
  const seconds = Math.ceil(timeoutMs / 1000);
  const limits = [`--data=${memoryBytes}`, `--cpu=${seconds * 2}`, `--fsize=${MOST_FILE_BYTES}`, '--core=0'];
  const isLimited = has(['prlimit', ...limits, 'true']);
  const isCutOff = has(['unshare', '-r', '-n', 'true']);
  // A server that a test starts on the loopback address is no network: its interface is brought up again.
  const loopback = ['unshare', '-r', '-n', 'sh', '-c', 'ip link set lo up 2>/dev/null; exec "$@"', 'sh'];
  return {
    words: [...(isCutOff ? loopback : []), ...(isLimited ? ['prlimit', ...limits] : [])],
    limits: [
      isCutOff ? 'no network' : 'network NOT cut off: unshare does not work here',
      isLimited ? `${(memoryBytes / 1e9).toFixed(1)} GB` : 'memory NOT limited: prlimit does not work here',
      `${seconds} s`,
    ].join(', '),
  };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}
