import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrimitive } from './primitive-type.ts';
import {
  boundOf,
  compareSingleValues,
  decodeSingleValue,
  encodeSingleValue,
  type SingleValue,
} from './single-value.ts';

function type(text: string) {
  const parsed = parsePrimitive(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

const longs = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const ints = fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n });
const decimals = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
const text = fc.string({ unit: 'binary', maxLength: 60 }).filter((value) => value.isWellFormed());

describe('single-value serialisation', () => {
  // Values of appendix D, as bytes.
  it.each([
    ['boolean', true, '01'],
    ['int', 1n, '01000000'],
    ['int', -2n, 'feffffff'],
    ['long', 34n, '2200000000000000'],
    ['float', -0.5, '000000bf'],
    ['double', 1.5, '000000000000f83f'],
    ['date', 18262n, '56470000'],
    ['string', 'iceberg', '69636562657267'],
    ['uuid', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', 'f79c3e09677c4bbda4793f349cb785e7'],
    ['decimal(9, 2)', 1420n, '058c'],
    ['decimal(9, 2)', -1n, 'ff'],
    ['decimal(9, 2)', 128n, '0080'],
  ] as [string, SingleValue, string][])('writes %s %s as %s', (name, value, hex) => {
    const bytes = encodeSingleValue(type(name), value);
    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    expect(decodeSingleValue(type(name), bytes)).toEqual(value);
  });

  it.each([
    ['int', ints],
    ['long', longs],
    ['timestamp', longs],
    ['decimal(38, 4)', decimals],
    ['string', text],
    ['double', fc.double({ noNaN: true })],
    ['uuid', fc.uuid()],
  ] as [string, fc.Arbitrary<SingleValue>][])('reads back any %s it wrote', (name, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(decodeSingleValue(type(name), encodeSingleValue(type(name), value))).toEqual(value);
      }),
    );
  });

  it('reads the bytes of an int where the column was widened to long since', () => {
    expect(decodeSingleValue(type('long'), encodeSingleValue(type('int'), -7n))).toBe(-7n);
    expect(decodeSingleValue(type('double'), encodeSingleValue(type('float'), 1.5))).toBe(1.5);
  });
});

describe('bounds', () => {
  it('of any text enclose it, whatever is cut off', () => {
    fc.assert(
      fc.property(text, (value) => {
        const lower = boundOf('string', value, 'lower');
        const upper = boundOf('string', value, 'upper');
        const bytes = Buffer.from(value, 'utf8');
        expect(lower !== null && Buffer.compare(lower, bytes) <= 0).toBe(true);
        expect(upper === null || Buffer.compare(upper, bytes) >= 0).toBe(true);
        for (const bound of [lower, upper]) {
          if (bound !== null) expect(Buffer.from(bound).toString('utf8').isWellFormed()).toBe(true);
          expect(Array.from(Buffer.from(bound ?? []).toString('utf8')).length).toBeLessThanOrEqual(16);
        }
      }),
    );
  });

  it('of any bytes enclose them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
        const hex = Buffer.from(value).toString('hex').toUpperCase();
        const lower = boundOf('binary', hex, 'lower');
        const upper = boundOf('binary', hex, 'upper');
        expect(lower !== null && compareSingleValues(lower, value) <= 0).toBe(true);
        expect(upper === null || compareSingleValues(upper, value) >= 0).toBe(true);
      }),
    );
  });

  it.each([
    ['the last code point of all', '\u{10ffff}'.repeat(20), null],
    ['a surrogate gap', `${'\ud7ff'.repeat(16)}x`, `${'\ud7ff'.repeat(15)}\ue000`],
    ['a carry', `${'a'.repeat(15)}\u{10ffff}x`, `${'a'.repeat(14)}b`],
  ])('raise the upper end over %s', (_what, value, expected) => {
    const upper = boundOf('string', value, 'upper');
    expect(upper === null ? null : Buffer.from(upper).toString('utf8')).toBe(expected);
  });

  it.each([
    ['double', 'nan'],
    ['date', 'infinity'],
    ['date', '0045-01-01 (BC)'],
    ['timestamp', '-infinity'],
    ['timestamp', '2020-01-01 00:00:00.123456789'],
    ['int', '99999999999'],
    ['decimal(10, 2)', '1.234'],
    ['struct', '1'],
  ])('are left out for %s %s', (name, value) => {
    expect(boundOf(name, value, 'lower')).toBeNull();
    expect(boundOf(name, value, 'upper')).toBeNull();
  });

  it.each([
    ['timestamp', '1970-01-02 00:00:00.000001', 86_400_000_001n],
    ['timestamptz', '1970-01-01 02:00:00+02', 0n],
    ['timestamptz', '1969-12-31 22:30:00-01:30', 0n],
    ['date', '1969-12-31', -1n],
    ['date', '0001-01-01', -719162n],
    ['date', '12020-01-01', 3_670_687n],
    ['time', '00:00:01.5', 1_500_000n],
    ['decimal(10, 2)', '-12.34', -1234n],
    ['decimal(10, 2)', '7', 700n],
    ['double', '-inf', -Infinity],
    ['boolean', 'true', true],
    ['boolean', '0', false],
  ] as [string, string, SingleValue][])('read the engine’s %s %s', (name, value, expected) => {
    const bound = boundOf(name, value, 'lower');
    expect(bound === null ? null : decodeSingleValue(type(name), bound)).toEqual(expected);
  });
});
