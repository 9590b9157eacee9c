import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunksOf, cuts } from '../../../../test/support/split-bytes.ts';
import { ProviderFailure } from '../provider.ts';
import { ServerSentEvents } from './server-sent-events.ts';
import type { WireEvent } from './wire-event.ts';

function read(chunks: readonly Uint8Array[], maxEventBytes?: number): readonly WireEvent[] {
  const reader = new ServerSentEvents(maxEventBytes);
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.end()];
}

/** What is said, without the bytes. */
function said(text: string) {
  return read([Buffer.from(text)]).map(({ name, data, isWhole }) => [name, data, isWhole]);
}

describe('server-sent events', () => {
  it.each<readonly [string, string, readonly (readonly [string | null, string | null, boolean])[]]>([
    ['one event', 'data: a\n\n', [[null, 'a', true]]],
    ['a name', 'event: ping\ndata: {}\n\n', [['ping', '{}', true]]],
    ['several data lines', 'data: a\ndata:b\ndata\n\n', [[null, 'a\nb\n', true]]],
    [
      'CRLF',
      'data: a\r\n\r\ndata: b\r\n\r\n',
      [
        [null, 'a', true],
        [null, 'b', true],
      ],
    ],
    [
      'CR',
      'data: a\r\rdata: b\r\r',
      [
        [null, 'a', true],
        [null, 'b', true],
      ],
    ],
    [
      'line ends mixed',
      'data: a\r\n\ndata: b\n\r\n',
      [
        [null, 'a', true],
        [null, 'b', true],
      ],
    ],
    [
      'a comment',
      ': waiting\n\ndata: a\n\n',
      [
        [null, null, true],
        [null, 'a', true],
      ],
    ],
    ['a comment within an event', 'data: a\n: x\ndata: b\n\n', [[null, 'a\nb', true]]],
    ['fields that mean nothing here', 'id: 7\nretry: 10\ndata: a\n\n', [[null, 'a', true]]],
    ['no space and two', 'data:a\ndata:  b\n\n', [[null, 'a\n b', true]]],
    ['a byte order mark', '\uFEFFdata: a\n\n', [[null, 'a', true]]],
    [
      'a byte order mark later',
      'data: a\n\n\uFEFFdata: b\n\n',
      [
        [null, 'a', true],
        [null, null, true],
      ],
    ],
    [
      'empty lines',
      '\n\ndata: a\n\n\n',
      [
        [null, null, true],
        [null, null, true],
        [null, 'a', true],
        [null, null, true],
      ],
    ],
    [
      'an end without its empty line',
      'data: a\n\ndata: b',
      [
        [null, 'a', true],
        [null, 'b', false],
      ],
    ],
    ['nothing', '', []],
  ])('reads %s', (_, text, expected) => {
    expect(said(text)).toEqual(expected);
  });

  it('says the same however the stream is split, and keeps every byte', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
      fc.constantFrom('event: x', ': comment', 'data:', 'id: 1', '', ''),
    );
    const end = fc.constantFrom('\n', '\r\n', '\r');
    const text = fc
      .array(fc.tuple(line, end), { maxLength: 14 })
      .map((lines) => Buffer.from(lines.map(([one, eol]) => one + eol).join('')));
    fc.assert(
      fc.property(text, cuts, (bytes, places) => {
        const atOnce = read([bytes]);
        expect(Buffer.concat(atOnce.map((event) => event.bytes))).toEqual(bytes);
        expect(read(chunksOf(bytes, places))).toEqual(atOnce);
        expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(atOnce);
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses an event beyond the limit, whole or not', () => {
    const event = Buffer.from(`data: ${'x'.repeat(100)}\n\n`);
    expect(read([event], event.length)).toHaveLength(1);
    for (const bytes of [event, event.subarray(0, -2)]) {
      const reader = new ServerSentEvents(99);
      const push = () => chunksOf(bytes, [10, 20, 50]).map((chunk) => reader.push(chunk));
      expect(push).toThrow(ProviderFailure);
      expect(() => new ServerSentEvents(99).push(bytes)).toThrow(ProviderFailure);
    }
  });
});
