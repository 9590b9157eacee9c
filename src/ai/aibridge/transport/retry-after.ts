import type { Clock } from '../../../base/index.ts';

/** Longer waits are no hint any more. */
const MAX_WAIT_MS = 24 * 60 * 60 * 1_000;

/**
 * How long a provider asks to wait, in milliseconds: `retry-after-ms`, or `Retry-After` as seconds or as a date (RFC 9110
 * §10.2.3). Null where it says nothing that can be understood.
 */
export function retryAfterMs(
  header: (name: string) => string | null,
  clock: Pick<Clock, 'nowMs'>,
): number | null {
  const inMs = decimal(header('retry-after-ms'));
  if (inMs !== null) return bounded(inMs);
  const text = header('retry-after');
  const inSeconds = decimal(text);
  if (inSeconds !== null) return bounded(inSeconds * 1_000);
  const atMs = text === null || !/^[A-Z][a-z]{2}, /.test(text) ? Number.NaN : Date.parse(text);
  return Number.isNaN(atMs) ? null : bounded(atMs - clock.nowMs());
}

function decimal(text: string | null): number | null {
  return text !== null && /^\s*\d{1,12}(\.\d{1,9})?\s*$/.test(text) ? Number(text) : null;
}

function bounded(waitMs: number): number {
  return Math.min(MAX_WAIT_MS, Math.max(0, Math.ceil(waitMs)));
}
