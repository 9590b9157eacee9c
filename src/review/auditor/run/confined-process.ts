// Runs one command of an audited tree, with no network where the system can cut it off, and within limits.
import { type ChildProcess, spawn } from 'node:child_process';
import { systemClock } from '../../../base/index.ts';
import { type ConfinedWork, confinementOf } from './confinement.ts';

export interface ConfinedRun {
  readonly exitCode: number | null;
  readonly ended: 'exited' | 'timed_out' | 'killed' | 'not_started';
  /** Standard output and error, the end of them where they are long. */
  readonly output: string;
  /** What confined it, in words; says so where something could not. */
  readonly limits: string;
  readonly tookMs: number;
}

export interface ConfinedCommand extends Omit<ConfinedWork, 'searchPath'> {
  /** Everything the program sees of the environment: no token of the caller. */
  readonly environment: Readonly<Record<string, string>>;
}

const MOST_OUTPUT_CHARACTERS = 1_000_000;
/** A program that a signal ended, as a shell tells of it. */
const SIGNAL_CODES = 128;

export async function runConfined(command: ConfinedCommand): Promise<ConfinedRun> {
  const { words, folder, environment, timeoutMs } = command;
  const confinement = confinementOf({ ...command, searchPath: environment.PATH ?? '' });
  const [program = '', ...rest] = [...confinement.words, ...words];
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
  const isKilled = signal !== null || (confinement.hasShell && (code ?? 0) > SIGNAL_CODES);
  const ended = isLate ? 'timed_out' : !isStarted ? 'not_started' : isKilled ? 'killed' : 'exited';
  return {
    ...{ exitCode: code, ended, output, limits: confinement.limits },
    tookMs: systemClock.monotonicMs() - startedMs,
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
