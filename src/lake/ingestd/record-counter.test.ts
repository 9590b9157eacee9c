import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordCounter } from './record-counter.ts';

const QUOTE = 0x22;
const ENDS: ReadonlySet<number> = new Set([0x0a, 0x0d]);

/** The same by the book, a byte at a time. */
function counted(bytes: Uint8Array): { records: number; longest: number } {
  let records = 0;
  let longest = 0;
  let size = 0;
  let inQuotes = false;
  for (const byte of bytes) {
    if (byte === QUOTE) inQuotes = !inQuotes;
    if (inQuotes || !ENDS.has(byte)) {
      size += 1;
      continue;
    }
    if (size > 0) records += 1;
    longest = Math.max(longest, size);
    size = 0;
  }
  return { records: records + (size > 0 ? 1 : 0), longest: Math.max(longest, size) };
}

it('counts as byte by byte, wherever chunks are cut and however they lie in memory', () => {
  const byte = fc.oneof(
    fc.constantFrom(QUOTE, 0x0a, 0x0d, 0x20, 0x21, 0x23, 0x2c, 0x00, 0x80, 0xa2, 0xff),
    fc.integer({ min: 0, max: 255 }),
  );
  const content = fc.array(byte, { maxLength: 200 });
  const seed = Number(process.env.LAKEHOUSE_SEED ?? Date.now() % 2 ** 31);
  console.log(`seed ${seed}`);
  fc.assert(
    fc.property(content, fc.array(fc.nat(200), { maxLength: 4 }), fc.nat(7), (values, cuts, shift) => {
      const memory = new Uint8Array(values.length + shift);
      memory.set(values, shift);
      const bytes = memory.subarray(shift);
      const counter = new RecordCounter();
      const edges = [
        0,
        ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
        bytes.length,
      ];
      for (const [at, edge] of edges.slice(1).entries()) counter.push(bytes.subarray(edges[at], edge));
      expect({ records: counter.records(), longest: counter.longestBytes() }).toEqual(counted(bytes));
    }),
    { seed, numRuns: 3_000 },
  );
});
