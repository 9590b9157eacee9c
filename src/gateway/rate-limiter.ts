import { type Clock, LakeError, RecentMap } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

export interface RateLimiter {
  /** Takes one request from the bucket of `subject` (a digest, never a key). Throws `gateway.rate_limited`. */
  take(subject: string): void;
  /** Told that the key of `subject` is a real one: from here on no key that was never proved takes its bucket's place. */
  proved(subject: string): void;
}

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/**
 * Buckets kept at most, of proved callers and of others each: beyond it the one used longest ago is forgotten, which gives
 * its caller a full one. Whoever invents keys forgets buckets of invented keys.
 */
const MAX_BUCKETS = 20_000;

/**
 * A token bucket per caller: `perMinute` requests refill evenly, a tenth of it (at least 20) may come at once.
 * `perMinute` 0 limits nothing.
 */
export function createRateLimiter(parts: { perMinute: number; clock: Clock }): RateLimiter {
  const perMs = parts.perMinute / 60_000;
  const burst = Math.min(Math.max(20, parts.perMinute / 10), parts.perMinute);
  const known = new RecentMap<Bucket>(MAX_BUCKETS);
  const others = new RecentMap<Bucket>(MAX_BUCKETS);
  return {
    take(subject) {
      if (parts.perMinute === 0) return;
      const nowMs = parts.clock.monotonicMs();
      const bucket =
        known.get(subject) ??
        others.get(subject) ??
        others.put(subject, { tokens: burst, filledAtMs: nowMs });
      bucket.tokens = Math.min(burst, bucket.tokens + (nowMs - bucket.filledAtMs) * perMs);
      bucket.filledAtMs = nowMs;
      if (bucket.tokens < 1) throw limited((1 - bucket.tokens) / perMs);
      bucket.tokens -= 1;
    },
    proved(subject) {
      const bucket = others.get(subject);
      if (bucket !== undefined && known.get(subject) === undefined) known.put(subject, bucket);
    },
  };
}

function limited(waitMs: number): LakeError {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1000));
  return new LakeError(gatewayErrors.rate_limited, {
    detail: `This key sent more requests than its rate allows. Wait ${retryAfterS} s.`,
    data: { retry_after_s: retryAfterS },
  });
}
