import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** How long a share is looked at: long enough that one heavy callback is no load, short against a caller's patience. */
const WINDOW_MS = 50;
/** Of a window; what is left is less than a callback takes. */
const BUSY_SHARE = 0.9;

/** Tells whether the event loop of this thread had next to no idle time in the last while. */
export function watchLoopLoad(): () => boolean {
  let since: EventLoopUtilization = performance.eventLoopUtilization();
  let sinceMs = performance.now();
  let isBusy = false;
  return () => {
    const nowMs = performance.now();
    if (nowMs - sinceMs < WINDOW_MS) return isBusy;
    const until = performance.eventLoopUtilization();
    isBusy = performance.eventLoopUtilization(until, since).utilization > BUSY_SHARE;
    since = until;
    sinceMs = nowMs;
    return isBusy;
  };
}
