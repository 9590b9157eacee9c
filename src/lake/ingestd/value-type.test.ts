import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepts, cellTypeOf, checkedCast, joinTypes } from './value-type.ts';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const ENGINE_TYPES: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  uuid: 'UUID',
  'decimal(38, 0)': 'DECIMAL(38,0)',
  'decimal(6, 2)': 'DECIMAL(6,2)',
};

/** What the engine reads a text as; `refused` where the checked cast fails the statement. */
async function engineReads(type: string, text: string): Promise<string | null | 'refused'> {
  const sql = `SELECT CAST(${checkedCast('t', type, ENGINE_TYPES[type] ?? '')} AS VARCHAR) FROM (SELECT $1::VARCHAR AS t)`;
  try {
    const reader = await connection.runAndReadAll(sql, [text]);
    return reader.getRows()[0]?.[0] as string | null;
  } catch {
    return 'refused';
  }
}

describe('types of texts', () => {
  test.each([
    ['0', 'long'],
    ['-12', 'long'],
    ['9223372036854775807', 'long'],
    ['9223372036854775808', 'decimal(38, 0)'],
    ['9'.repeat(38), 'decimal(38, 0)'],
    ['9'.repeat(39), 'string'],
    ['00501', 'string'],
    ['+49', 'string'],
    ['-', 'string'],
    ['1_000', 'string'],
    ['1,000', 'string'],
    [' 5', 'string'],
    ['5 ', 'string'],
    ['1.5', 'double'],
    ['-0', 'double'],
    ['.097', 'double'],
    ['-.5', 'double'],
    ['.', 'string'],
    ['5.', 'string'],
    ['1e5', 'double'],
    ['1e999', 'string'],
    ['0.12345678901234567', 'string'],
    ['0.123456789012345', 'double'],
    ['NaN', 'string'],
    ['inf', 'string'],
    ['0x1f', 'string'],
    ['true', 'boolean'],
    ['FALSE', 'boolean'],
    ['t', 'string'],
    ['yes', 'string'],
    ['2024-02-29', 'date'],
    ['2023-02-29', 'string'],
    ['2024-1-2', 'string'],
    ['01/02/2024', 'string'],
    ['2024-01-02 10:00', 'timestamp'],
    ['2024-01-02T10:00:00.123456', 'timestamp'],
    ['2024-01-02T10:00:00.1234567', 'string'],
    ['2024-01-02 24:00:00', 'string'],
    ['2024-01-02T10:00:00Z', 'timestamptz'],
    ['2024-01-02 10:00:00+02:00', 'timestamptz'],
    ['2024-01-02 10:00:00+25:00', 'string'],
  ])('%s is %s', (text, type) => {
    expect(cellTypeOf(text)).toBe(type);
  });

  test('join to what reads both without loss', () => {
    expect(joinTypes('long', 'double', true)).toBe('double');
    expect(joinTypes('long', 'double', false)).toBe('string');
    expect(joinTypes('long', 'decimal(38, 0)', false)).toBe('decimal(38, 0)');
    expect(joinTypes('date', 'timestamp', true)).toBe('timestamp');
    expect(joinTypes('long', 'boolean', true)).toBe('string');
    expect(joinTypes('timestamp', 'timestamptz', true)).toBe('string');
  });
});

const nearMisses = [
  '1.5', '1e3', '1_000', ' 1', '1 ', '01', '+1', '-0', '--1', '1.', '.5', '0', '-1', 'true', 'True', 't', '1', 'NaN', 'inf',
  '2024-01-01', '2024-13-01', '2024-02-30', '0000-01-01', '2024-01-01 ', '2024/01/01', '20240101', 'infinity', 'epoch',
  '2024-01-01 10:00', '2024-01-01T10:00:00', '2024-01-01 10:00:00.5', '2024-01-01 10:00:60', '2024-01-01 24:00:00',
  '2024-01-01T10:00:00Z', '2024-01-01 10:00:00-08:00', '10:00:00', '10:00:00.123', '25:00:00', '9223372036854775808',
  '-9223372036854775808', '2147483648', '12345.67', '12345.678', '9999.99', '99999.99', '0.10', '1e-5', '１',
  'f47ac10b-58cc-4372-a567-0e02b2c3d479', 'F47AC10B-58CC-4372-A567-0E02B2C3D479', 'f47ac10b58cc4372a5670e02b2c3d479',
]; // biome-ignore format: a table of texts.

describe('the checked cast', () => {
  const text = fc.oneof(
    fc.constantFrom(...nearMisses),
    fc.string({ unit: fc.constantFrom(...'0123456789-+.eE: TZ/_'), maxLength: 24 }),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );

  test.each(Object.keys(ENGINE_TYPES))(
    'of %s takes what the row reader takes, and nothing that is lost',
    async (type) => {
      await fc.assert(
        fc.asyncProperty(text, async (drawn) => {
          if (drawn === '') return;
          const read = await engineReads(type, drawn);
          // What the row reader takes the engine must take: its clean copies are read by the engine again.
          if (accepts(type, drawn)) expect([drawn, read]).not.toEqual([drawn, 'refused']);
          if (read === 'refused' || read === null) expect(accepts(type, drawn)).toBe(false);
          else if (type === 'double') expect(Number(read)).toBe(Number(drawn));
          else if (['int', 'long', 'date', 'uuid', 'decimal(38, 0)'].includes(type)) expect(read).toBe(drawn);
          else if (type === 'decimal(6, 2)') expect(Number(read) - Number(drawn)).toBeCloseTo(0, 10);
        }),
        { numRuns: 300, examples: nearMisses.map((miss) => [miss] as [string]) },
      );
    },
  );

  test('an empty text is no value, except of text', async () => {
    expect(await engineReads('long', '')).toBeNull();
    expect(checkedCast('t', 'string', 'VARCHAR')).toBe('t');
  });
});
