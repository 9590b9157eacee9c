import type { Clock } from './clock.ts';

/** Fills a buffer of `sizeBytes` random bytes. */
export type IdSource = (sizeBytes: number) => Uint8Array;

export interface IdGenerator {
  /** The next UUIDv7 (RFC 9562 §5.7) in lower-case text; greater than every one before it, whatever the clock does. */
  next(): string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Random bytes fetched at a time: a call to the system's source costs more than the rest of an id. */
const POOL_SIZE_BYTES = 640;

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * Makes ids that keep increasing across restarts and backward clocks: the time part is the later of the clock and the
 * last id's, and the 74 random bits are counted up within one millisecond. `after` is the last id handed out before a
 * restart.
 */
export function createIdGenerator(parts: { clock: Clock; random: IdSource; after?: string }): IdGenerator {
  let { timeMs, tail } = parts.after === undefined ? { timeMs: 0n, tail: 0n } : split(parts.after);
  let pool: Uint8Array = new Uint8Array(0);
  let used = 0;
  const random = (sizeBytes: number) => {
    if (used + sizeBytes > pool.length) {
      pool = parts.random(POOL_SIZE_BYTES);
      used = 0;
    }
    used += sizeBytes;
    return pool.subarray(used - sizeBytes, used);
  };
  return {
    next() {
      const nowMs = BigInt(Math.max(0, Math.floor(parts.clock.nowMs())));
      if (nowMs > timeMs) {
        timeMs = nowMs;
        // The top bit starts at 0, so that a burst has room to count up before it carries.
        tail = randomBits(random) >> 1n;
      } else {
        tail += 1n + BigInt(random(1)[0] ?? 0);
        if (tail >= 1n << 74n) {
          timeMs += 1n;
          tail = randomBits(random) >> 1n;
        }
      }
      return join(timeMs, tail);
    },
  };
}

function randomBits(random: IdSource): bigint {
  let bits = 0n;
  for (const byte of random(10)) bits = (bits << 8n) | BigInt(byte);
  return bits >> 6n;
}

function join(timeMs: bigint, tail: bigint): string {
  const high = (timeMs << 16n) | 0x7000n | (tail >> 62n);
  const low = (0b10n << 62n) | (tail & ((1n << 62n) - 1n));
  const hex = high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function split(id: string): { timeMs: bigint; tail: bigint } {
  const hex = id.replaceAll('-', '');
  const high = BigInt(`0x${hex.slice(0, 16)}`);
  const low = BigInt(`0x${hex.slice(16)}`);
  return { timeMs: high >> 16n, tail: ((high & 0xfffn) << 62n) | (low & ((1n << 62n) - 1n)) };
}
