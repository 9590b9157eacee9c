import { LakeError } from '../../base/index.ts';
import type { Deadline } from './deadline.ts';
import type { LeaseRequest } from './engine.ts';
import type { EngineProcess } from './engine-process.ts';
import { engineErrors } from './errors.ts';

const KILL_AFTER_INTERRUPT_MS = 1_000;
/** Closing an instance takes milliseconds: a process that never answers it would be busy for ever. */
const KILL_UNCLOSED_MS = 5_000;
const MEMORY_CHECK_MS = 50;

/** Watches one lease's time, caller and memory, and stops what oversteps. */
export interface LeaseWatch {
  /** Why the lease was stopped; null while it runs. From then on every statement fails with it. */
  reason(): LakeError | null;
  /** Runs one request to the process; its failure is the reason of the stop, where there is one. */
  guard<T>(run: () => Promise<T>): Promise<T>;
  /** The holder is done: what still runs is interrupted, and killed if it does not end. */
  finish(): void;
  /** The process has answered for the last time: no timer of this lease may touch it again. */
  end(): void;
}

export interface WatchParts {
  readonly process: EngineProcess;
  readonly request: LeaseRequest;
  readonly deadline: Deadline;
  readonly processMemoryMb: number;
  /** Called once, when the lease is stopped. */
  readonly onStop: (reason: LakeError) => void;
  readonly onKilled: () => void;
}

/**
 * ```
 * running ──timeout, abort, finish──▶ interrupted ──1 s──▶ killed
 *    └──────memory──────────────────────────────────────▶ killed
 * ```
 */
export function watchLease(parts: WatchParts): LeaseWatch {
  const { process: engine, request } = parts;
  let stopped: LakeError | null = null;
  let isFinished = false;
  let running = 0;
  let killTimer: NodeJS.Timeout | undefined;
  // Made when it is asked for: an error gathers its stack, and nearly every lease ends without anyone to tell.
  const why = () => stopped ?? (isFinished ? cancelled() : null);
  const kill = () => {
    parts.onKilled();
    engine.kill(why());
  };
  const interrupt = () => {
    if (running === 0 || killTimer !== undefined) return;
    engine.interrupt();
    killTimer = setTimeout(kill, KILL_AFTER_INTERRUPT_MS);
  };
  const stop = (reason: LakeError) => {
    if (stopped !== null || isFinished) return false;
    stopped = reason;
    parts.onStop(reason);
    return true;
  };
  const stopGently = (reason: LakeError) => {
    if (stop(reason)) interrupt();
  };
  const onAbort = () => stopGently(cancelled());
  parts.deadline.onReached(() => stopGently(timedOut(request.timeoutMs)));
  const memoryTimer = setInterval(() => {
    const bytes = engine.residentBytes();
    if (bytes !== null && bytes > parts.processMemoryMb * 1_048_576 && stop(outOfMemory())) kill();
  }, MEMORY_CHECK_MS);
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  return {
    reason: why,
    async guard(run) {
      const reason = why();
      if (reason !== null) throw reason;
      running += 1;
      try {
        return await run();
      } catch (error) {
        throw why() ?? error;
      } finally {
        running -= 1;
      }
    },
    finish() {
      parts.deadline.clear();
      clearInterval(memoryTimer);
      request.signal.removeEventListener('abort', onAbort);
      isFinished = true;
      interrupt();
      killTimer ??= setTimeout(kill, KILL_UNCLOSED_MS);
    },
    end: () => clearTimeout(killTimer),
  };
}

function cancelled(): LakeError {
  return new LakeError(engineErrors.cancelled, { detail: 'The query was cancelled before its end.' });
}

function timedOut(timeoutMs: number): LakeError {
  return new LakeError(engineErrors.timeout, {
    detail: `The query did not end within its ${timeoutMs} ms.`,
    data: { timeout_ms: timeoutMs },
  });
}

function outOfMemory(): LakeError {
  return new LakeError(engineErrors.memory, {
    detail: 'The query used more memory than one engine process may hold and was stopped.',
  });
}
