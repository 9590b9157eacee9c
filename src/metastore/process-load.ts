import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** How long a share is looked at: long enough that one heavy callback is no load, short against a caller's patience. */
const WINDOW_MS = 50;
/** Of a window; what is left is less than a callback takes. */
const BUSY_SHARE = 0.85;

/**
 * Tells whether this process had next to no time left in the last while: its event loop none between callbacks, or its
 * threads together no processor that it may use.
 */
export function watchProcessLoad(): () => boolean {
  let since = look();
  let isBusy = false;
  return () => {
    if (performance.now() - since.ms < WINDOW_MS) return isBusy;
    const until = look();
    const loopShare = performance.eventLoopUtilization(until.loop, since.loop).utilization;
    const processorShare =
      (until.processorMs - since.processorMs) / ((until.ms - since.ms) * availableParallelism());
    isBusy = Math.max(loopShare, processorShare) > BUSY_SHARE;
    since = until;
    return isBusy;
  };
}

function look() {
  const { user, system } = process.cpuUsage();
  return {
    ms: performance.now(),
    loop: performance.eventLoopUtilization(),
    processorMs: (user + system) / 1_000,
  };
}
