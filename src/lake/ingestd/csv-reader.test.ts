import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvRecord, readCsv } from './csv-reader.ts';
import { type CsvDialect, splitRecord, writeRecord } from './csv-record.ts';
import { RecordCounter } from './record-counter.ts';

const COMMA: CsvDialect = { delimiter: ',', quote: '"', escape: '"', lineEnd: '\n' };

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function records(
  text: string | Buffer,
  options: { size?: number; dialect?: CsvDialect; maxRowBytes?: number } = {},
): Promise<CsvRecord[]> {
  const { size = 7, dialect = COMMA, maxRowBytes = 10_000 } = options;
  const found: CsvRecord[] = [];
  for await (const record of readCsv(pieces(Buffer.from(text), size), dialect, { maxRowBytes }))
    found.push(record);
  return found;
}

const shown = (found: readonly CsvRecord[]) =>
  found.map((record) => [record.line, record.problem ?? record.fields]);

const cell = fc.option(
  fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '\\', ';'), maxLength: 6 }),
);
const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 8 });

describe('records of delimited text', () => {
  test('what is written is read back the same, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.integer({ min: 1, max: 9 }), async (rows, size) => {
        const text = rows.map(writeRecord).join('');
        const found = await records(text, { size });
        expect(found.map((record) => record.fields)).toEqual(rows);
        expect(found.every((record) => record.problem === null)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('the count of records agrees with the reader wherever quotes are in pairs', () => {
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const bytes = Buffer.from(rows.map(writeRecord).join(''));
        const counter = new RecordCounter();
        for (let at = 0; at < bytes.length; at += size) counter.push(bytes.subarray(at, at + size));
        expect(counter.records()).toBe(rows.length);
      }),
    );
  });

  test.each([
    [
      'line ends of all kinds',
      'a,b\r\n1,2\n3,4\r5,6',
      [
        [1, ['a', 'b']],
        [2, ['1', '2']],
        [3, ['3', '4']],
        [4, ['5', '6']],
      ],
    ],
    [
      'quoted line ends',
      'a,"b\nc"\n1,2',
      [
        [1, ['a', 'b\nc']],
        [3, ['1', '2']],
      ],
    ],
    ['quotes doubled', '"a""b",c', [[1, ['a"b', 'c']]]],
    ['a quote inside a field', '5" pipe,c', [[1, ['5" pipe', 'c']]]],
    ['nothing and an empty text', ',""', [[1, [null, '']]]],
    ['a last empty field', 'a,\n', [[1, ['a', null]]]],
    [
      'text behind a quote',
      '"a"b,c\n1,2',
      [
        [1, 'after_quote'],
        [2, ['1', '2']],
      ],
    ],
    [
      'a quote never closed',
      'a,"b\n1,2\n3,4',
      [
        [1, 'open_quote'],
        [2, ['1', '2']],
        [3, ['3', '4']],
      ],
    ],
  ] as const)('%s', async (_name, text, expected) => {
    for (const size of [1, 2, 3, 100]) expect(shown(await records(text, { size }))).toEqual(expected);
  });

  test('a backslash escapes where the dialect says so', async () => {
    const dialect: CsvDialect = { ...COMMA, escape: '\\' };
    expect(shown(await records('"a\\"b",c\n', { dialect }))).toEqual([[1, ['a"b', 'c']]]);
    expect(splitRecord('"C:\\",x', COMMA).fields).toEqual(['C:\\', 'x']);
  });

  test('a line that is not UTF-8 is named, the others are read', async () => {
    const text = Buffer.concat([Buffer.from('a,b\n1,'), Buffer.from([0xff]), Buffer.from('\n3,4\n')]);
    expect(shown(await records(text))).toEqual([
      [1, ['a', 'b']],
      [2, 'not_utf8'],
      [3, ['3', '4']],
    ]);
  });

  test('a row beyond the limit is refused with its line', async () => {
    const refusal = expect.objectContaining({
      code: 'ingest.row_too_long',
      message: expect.stringContaining('line 2'),
    });
    await expect(records(`a,b\n1,${'x'.repeat(200)}\n`, { maxRowBytes: 100 })).rejects.toEqual(refusal);
    await expect(records(`a,b\n1,${'x'.repeat(200)}\n`, { maxRowBytes: 100, size: 500 })).rejects.toEqual(
      refusal,
    );
  });

  test('many open quotes end the file instead of reading it over and over', async () => {
    const text = `a,b\n${'1,"x\n'.repeat(1_001)}`;
    await expect(records(text, { maxRowBytes: 200, size: 64 })).resolves.toBeDefined();
    await expect(
      records(`a,b\n${'1,"x y"z "\n2,"'.repeat(500)}`, { maxRowBytes: 64, size: 64 }),
    ).resolves.toBeDefined();
  });
});
