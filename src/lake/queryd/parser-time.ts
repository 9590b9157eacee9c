import { LakeError } from '../../base/index.ts';
import { queryErrors } from './errors.ts';

/** What is left of a query's time, which began when it was planned. */
export interface TimeLeft {
  readonly timeoutMs: number;
  readonly spentMs: number;
}

/**
 * Runs what waits for the parser with a signal that aborts as `signal` does, and with `query.timeout` when the query's time is
 * over: the parser stands between a query and its engine process, whose lease counts the same time.
 */
export async function withinTime<T>(
  { timeoutMs, spentMs }: TimeLeft,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(timedOut(timeoutMs)), Math.max(0, timeoutMs - spentMs));
  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    clearTimeout(timer);
  }
}

function timedOut(timeoutMs: number): LakeError {
  return new LakeError(queryErrors.timeout, {
    detail: `The query did not end within its ${timeoutMs} ms: it waited for the parser.`,
    data: { timeout_ms: timeoutMs },
  });
}
