import { type Clock, LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

export interface RateLimiter {
  /** Takes one request from the bucket of `subject` (a digest, never a key). Throws `gateway.rate_limited`. */
  take(subject: string): void;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Buckets kept at most: beyond it the one used longest ago is forgotten, which only ever gives its caller more. */
const MAX_BUCKETS = 20_000;

/**
 * A token bucket per caller: `perMinute` requests refill evenly, a tenth of it (at least 20) may come at once.
 * `perMinute` 0 limits nothing.
 */
export function createRateLimiter(parts: { perMinute: number; clock: Clock }): RateLimiter {
  const perMs = parts.perMinute / 60_000;
  const burst = Math.min(Math.max(20, parts.perMinute / 10), parts.perMinute);
  const buckets = new Map<string, Bucket>();
  return {
    take(subject) {
      if (parts.perMinute === 0) return;
      const nowMs = parts.clock.monotonicMs();
      const bucket = buckets.get(subject) ?? { tokens: burst, filledAtMs: nowMs };
      bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.filledAtMs) * perMs);
      bucket.filledAtMs = nowMs;
      // Deleting first keeps the map in order of use.
      buckets.delete(subject);
      buckets.set(subject, bucket);
      if (buckets.size > MAX_BUCKETS) forgetOldest(buckets);
      if (bucket.tokens < 1) throw limited((1 - bucket.tokens) / perMs);
      bucket.tokens -= 1;
    },
  };
}

function forgetOldest(buckets: Map<string, Bucket>): void {
  for (const subject of buckets.keys()) {
    buckets.delete(subject);
    return;
  }
}

function limited(waitMs: number): LakeError {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1000));
  return new LakeError(gatewayErrors.rate_limited, {
    detail: `This key sent more requests than its rate allows. Wait ${retryAfterS} s.`,
    data: { retry_after_s: retryAfterS },
  });
}
