import fc from 'fast-check';

/** Ways to cut bytes into chunks; places beyond the end cut nothing. */
export const cuts = fc.array(fc.nat(400), { maxLength: 12 });

export function chunksOf(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const sorted = [0, ...[...places].sort((a, b) => a - b), bytes.length];
  return sorted.slice(1).map((end, at) => bytes.subarray(sorted[at], end));
}
