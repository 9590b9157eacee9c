import type { Clock } from '../../base/index.ts';

/**
 * The clock that keys and delegations expire by: its time never goes back while the process runs, so that what has ended stays
 * ended where the machine's clock is set back. What is stored is dated by the machine's clock, which a restart believes again.
 */
export function createExpiryClock(clock: Clock): Clock {
  let latestMs = Number.NEGATIVE_INFINITY;
  return {
    nowMs() {
      latestMs = Math.max(latestMs, clock.nowMs());
      return latestMs;
    },
    monotonicMs: () => clock.monotonicMs(),
  };
}
