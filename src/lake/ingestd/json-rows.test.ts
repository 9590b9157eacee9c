import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readJsonRows } from './json-rows.ts';
import { JsonShape } from './json-shape.ts';

const LIMITS = { maxRowBytes: 100_000, maxDepth: 8 };

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rows(text: string, shape: 'array' | 'objects' | 'lines', size = 5, limits = LIMITS) {
  const found: [number, string][] = [];
  for await (const row of readJsonRows(pieces(text, size), shape, limits))
    found.push([row.line, row.bytes.toString()]);
  return found;
}

const object = fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 2 }), {
  noNullPrototype: true,
});

const BEYOND = 'a number beyond 64 bits, or the range of a double, would be lost; send it as a string';

const HALF = 'half of a character, escaped without its other half';

describe('rows of JSON', () => {
  test('are the same values however the file is laid out and cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(object, { maxLength: 5 }),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 9 }),
        async (values, indent, size) => {
          const array = await rows(JSON.stringify(values, null, indent), 'array', size);
          const following = await rows(
            values.map((value) => JSON.stringify(value, null, indent)).join('\n'),
            'objects',
            size,
          );
          const lines = await rows(values.map((value) => JSON.stringify(value)).join('\n'), 'lines', size);
          for (const found of [array, following, lines]) {
            expect(found.map(([, text]) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(values)));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('know their line', async () => {
    expect(await rows('[\n{"a":\n1},\n{"b":"]}"}\n]', 'array')).toEqual([
      [2, '{"a":\n1}'],
      [4, '{"b":"]}"}'],
    ]);
    expect(await rows('{"a":1}\n\n{"b":2}', 'lines')).toEqual([
      [1, '{"a":1}'],
      [3, '{"b":2}'],
    ]);
  });

  test.each([
    ['[{"a":1}', 'ingest.malformed_json'],
    ['[{"a":1},]', 'ingest.malformed_json'],
    ['[,{"a":1}]', 'ingest.malformed_json'],
    ['[{"a":1}] x', 'ingest.malformed_json'],
    ['[{"a":1}]]', 'ingest.malformed_json'],
    ['x[{"a":1}]', 'ingest.malformed_json'],
    [`[${'['.repeat(20)}`, 'ingest.too_deep'],
    [`[{"a":"${'x'.repeat(2_000)}"}]`, 'ingest.row_too_long'],
  ])('refuses %.20s', async (text, code) => {
    for (const size of [1, 3, 1_000]) {
      await expect(rows(text, 'array', size, { maxRowBytes: 1_000, maxDepth: 8 })).rejects.toMatchObject({
        code,
      });
    }
  });
});

describe('the shape of JSON rows', () => {
  const judged = (...texts: string[]) => {
    const shape = new JsonShape({ ...LIMITS, maxColumns: 5 });
    const faults = texts.map((text) => shape.add({ line: 1, bytes: Buffer.from(text) }));
    return { shape, faults };
  };

  test.each([
    ['{"a":1}', null],
    ['{"a":"{:[\\""}', null],
    ['{"a":18446744073709551615,"b":1e300}', null],
    ['[1]', 'not a JSON object'],
    ['1', 'not a JSON object'],
    ['{"a":}', 'not well-formed JSON'],
    ['{"a":1,"a":2}', 'a member is given twice'],
    ['{"a":{"b":1,"b":2}}', 'a member is given twice'],
    ['{"":1}', 'a member has no name'],
    ['{"a":"\\ud800"}', HALF],
    ['{"a":"\\uDE00\\ud83d"}', HALF],
    ['{"\\udc00":1}', HALF],
    ['{"a":"\\\\\\ud83dx"}', HALF],
    ['{"a":"\\ud83d\\uDE00 \\\\ud800 \\u0000"}', null],
    ['{"a":18446744073709551616}', BEYOND],
    ['{"a":1e400}', BEYOND],
    ['{"a":{"b":[1,-2E+309]}}', BEYOND],
    ['{"a":1e308,"b":-1.5E-400,"c":"1e400"}', null],
    [`{"a":${'['.repeat(9)}${']'.repeat(9)}}`, 'nested deeper than ingest.max_depth = 8'],
  ])('%s: %s', (text, fault) => {
    expect(judged(text).faults).toEqual([fault]);
  });

  test('dates are dates only where every value is one', () => {
    const { shape } = judged(
      '{"d":"2024-01-01","t":"2024-01-01","e":""}',
      '{"d":null,"t":"soon","e":"2024-01-01"}',
    );
    expect(shape.columns().map(({ name, temporal }) => [name, temporal])).toEqual([
      ['d', 'date'],
      ['t', null],
      ['e', null],
    ]);
  });

  test('names that differ by case alone, or are too many, refuse the file', () => {
    expect(() => judged('{"a":1}', '{"A":1}')).toThrowError(
      expect.objectContaining({ code: 'ingest.invalid_columns' }),
    );
    expect(() => judged('{"o":{"a":1,"A":1}}')).toThrowError(
      expect.objectContaining({ code: 'ingest.invalid_columns' }),
    );
    expect(() => judged('{"a":1,"b":1,"c":1,"d":{"e":1,"f":1}}')).toThrowError(
      expect.objectContaining({ code: 'ingest.too_many_columns' }),
    );
  });

  test('prototype names are names like any other', () => {
    expect(
      judged('{"__proto__":1,"constructor":{"prototype":2}}')
        .shape.columns()
        .map(({ name }) => name),
    ).toEqual(['__proto__', 'constructor']);
  });
});
