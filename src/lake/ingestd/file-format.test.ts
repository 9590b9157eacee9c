import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { claimedFormat, contentKindOf, settleFormat } from './file-format.ts';

describe('what a file is', () => {
  test.each([
    ['', 'empty'],
    [' \n\t\n', 'empty'],
    ['\ufeff', 'empty'],
    ['a,b\n1,2', 'text'],
    ['\ufeffa,b', 'text'],
    ['[id],[name]\n1,2', 'text'],
    ['{id},{name}\n', 'text'],
    ['[{"a":1}]', 'json_array'],
    ['  [\n  {', 'json_array'],
    ['[1,2]', 'json_array'],
    ['{"a":1}', 'json_object'],
    ['{\n  "a": 1}', 'json_object'],
    ['PAR1', 'parquet'],
    ['MZ industries,b\n1,2', 'text'],
    ['BZ,b\n1,2', 'text'],
  ])('%j is %s', (text, kind) => {
    expect(contentKindOf(Buffer.from(text)).kind).toBe(kind);
  });

  test.each([
    ['504b030414000600', 'ZIP'],
    ['28b52ffd', 'Zstandard'],
    ['4152524f5731', 'Arrow'],
    ['89504e470d0a', 'PNG'],
    ['612c620a00', 'binary'],
  ])('%s is refused by name', (hex, name) => {
    const kind = contentKindOf(Buffer.from(hex, 'hex'));
    expect(kind).toMatchObject({ kind: 'other', name: expect.stringContaining(name) });
    expect(() => settleFormat('csv', kind)).toThrowError(
      expect.objectContaining({ code: 'ingest.content_mismatch' }),
    );
    expect(() => settleFormat(null, kind)).toThrowError(
      expect.objectContaining({ code: 'ingest.unsupported_format' }),
    );
  });

  test('any bytes are told apart without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(contentKindOf(Buffer.from(bytes)).kind).toBeTypeOf('string');
      }),
    );
  });
});

describe('what a caller claims', () => {
  const claims = (fileName: string | null, contentType: string | null = null) =>
    claimedFormat({ format: null, fileName, contentType });

  test.each([
    ['a.csv', null, 'csv'],
    ['A.CSV.GZ', null, 'csv'],
    ['a.jsonl', null, 'ndjson'],
    ['a.txt', null, null],
    ['a', 'text/csv; charset=utf-8', 'csv'],
    ['a.parquet', 'text/csv', 'parquet'],
    [null, 'application/octet-stream', null],
    [null, '__proto__', null],
  ] as const)('%s as %s is %s', (fileName, contentType, format) => {
    expect(claims(fileName, contentType)).toBe(format);
  });

  test.each([
    ['json', 'text'],
    ['csv', 'json_array'],
    ['csv', 'json_object'],
    ['ndjson', 'json_array'],
    ['parquet', 'text'],
    ['csv', 'parquet'],
  ] as const)('a claim of %s is held against content that is %s', (claimed, kind) => {
    expect(() => settleFormat(claimed, { kind })).toThrowError(
      expect.objectContaining({ code: 'ingest.content_mismatch' }),
    );
  });

  test('without a claim the content decides', () => {
    expect(settleFormat(null, { kind: 'text' })).toBe('csv');
    expect(settleFormat(null, { kind: 'json_array' })).toBe('json');
    expect(settleFormat(null, { kind: 'json_object' })).toBe('ndjson');
    expect(settleFormat('json', { kind: 'json_object' })).toBe('json');
    expect(settleFormat('tsv', { kind: 'text' })).toBe('tsv');
  });
});
