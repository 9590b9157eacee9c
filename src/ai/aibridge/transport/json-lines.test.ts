import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf, cuts } from '../../../../test/support/split-bytes.ts';
import { ProviderFailure } from '../provider.ts';
import { JsonLines } from './json-lines.ts';
import type { WireEvent } from './wire-event.ts';

function read(chunks: readonly Uint8Array[], maxEventBytes?: number): readonly WireEvent[] {
  const reader = new JsonLines(maxEventBytes);
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

describe('JSON lines', () => {
  it('are one event each, an empty one without data, the last without its end not whole', () => {
    const events = read([Buffer.from('{"a":1}\r\n\n{"b":"é"}\n{"c"')]);
    expect(events.map(({ data, isWhole }) => [data, isWhole])).toEqual([
      ['{"a":1}', true],
      [null, true],
      ['{"b":"é"}', true],
      ['{"c"', false],
    ]);
  });

  it('are the same however the stream is split, and keep every byte', () => {
    const line = fc.json({ noUnicodeString: false }).map((text) => `${text}\n`);
    const text = fc.array(fc.oneof(line, fc.constant('\n')), { maxLength: 8 });
    fc.assert(
      fc.property(text, cuts, (lines, places) => {
        const bytes = Buffer.from(lines.join(''));
        const atOnce = read([bytes]);
        expect(Buffer.concat(atOnce.map((event) => event.bytes))).toEqual(bytes);
        expect(read(chunksOf(bytes, places))).toEqual(atOnce);
      }),
      { numRuns: 500 },
    );
  });

  it('are refused beyond the limit', () => {
    const bytes = Buffer.from(`{"a":"${'x'.repeat(100)}"}\n`);
    expect(read([bytes], bytes.length)).toHaveLength(1);
    expect(() => new JsonLines(99).push(bytes)).toThrow(ProviderFailure);
    const reader = new JsonLines(99);
    const push = () => chunksOf(bytes.subarray(0, -1), [10, 60]).map((chunk) => reader.push(chunk));
    expect(push).toThrow(ProviderFailure);
  });
});
