import { createHmac } from 'node:crypto';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CompiledMaskMethod, compileMaskSql, maskHashBlocks } from './mask-sql.ts';

const KEY = Buffer.alloc(32, 7);
const blocks = maskHashBlocks(KEY);
const hash = { inner: `unhex('${blocks.innerHex}')`, outer: `unhex('${blocks.outerHex}')` };
const METHODS = ['null', 'redact', 'hash', 'partial', 'email', 'year'] as const;

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect();
});

/** The masked value as JSON, and its type, of a value cast to a type. */
async function masked(
  method: CompiledMaskMethod,
  type: string,
  value: string | null,
): Promise<{ value: unknown; type: string }> {
  const sql = compileMaskSql({ method, column: 'c', type, hash });
  const answer = await connection.runAndReadAll(
    `SELECT ${sql} AS m, typeof(${sql}) AS t FROM (SELECT CAST($1::VARCHAR AS ${type}) AS c)`,
    [value],
  );
  const [row] = answer.getRowObjectsJson();
  return { value: row?.m, type: String(row?.t) };
}

const keyed = (text: string) => createHmac('sha256', KEY).update(text).digest('hex').slice(0, 32);

describe('mask SQL', () => {
  it.each([
    ['null', 'VARCHAR', 'Ada', null],
    ['redact', 'VARCHAR', 'Ada', '[redacted]'],
    ['redact', 'VARCHAR', '', '[redacted]'],
    ['redact', 'BIGINT', '7', null],
    ['hash', 'VARCHAR', 'Ada Lovelace', keyed('Ada Lovelace')],
    ['hash', 'VARCHAR', 'Zoë 東京', keyed('Zoë 東京')],
    ['hash', 'BIGINT', '42', keyed('42')],
    ['hash', 'DATE', '1815-12-10', keyed('1815-12-10')],
    ['partial', 'VARCHAR', '+43 660 1234567', '****4567'],
    ['partial', 'VARCHAR', '12345678', '****5678'],
    ['partial', 'VARCHAR', '1234567', '****'],
    ['partial', 'VARCHAR', '', '****'],
    ['partial', 'BIGINT', '4111111111111111', '****1111'],
    ['email', 'VARCHAR', 'Ada.L@Example.COM', '***@example.com'],
    ['email', 'VARCHAR', 'a@b@mail.example.org', '***@mail.example.org'],
    ['email', 'VARCHAR', 'no address', '[redacted]'],
    ['email', 'VARCHAR', 'ada@secret name', '[redacted]'],
    ['email', 'VARCHAR', '@', '[redacted]'],
    ['email', 'BIGINT', '5', null],
    ['year', 'DATE', '1815-12-10', '1815-01-01'],
    ['year', 'TIMESTAMP', '1999-12-31 23:59:59.5', '1999-01-01 00:00:00'],
    ['year', 'TIMESTAMP_S', '1999-12-31 23:59:59', '1999-01-01 00:00:00'],
    ['year', 'VARCHAR', '1999-12-31T10:00', '1999-01-01'],
    ['year', 'VARCHAR', '31.12.1999', null],
    ['year', 'BIGINT', '1999', null],
    ['hash', 'STRUCT(a INTEGER, "b c" VARCHAR)', "{'a': 1, 'b c': x}", null],
    ['partial', 'VARCHAR[]', '[a, b]', null],
    ['redact', 'MAP(VARCHAR, INTEGER)', '{a=1}', null],
    ['hash', 'BLOB', 'abc', null],
  ] as const)('%s of a %s %j is %j', async (method, type, value, expected) => {
    expect((await masked(method, type, value)).value).toEqual(expected);
  });

  it('keeps null as null, under every method and type', async () => {
    for (const method of METHODS) {
      for (const type of ['VARCHAR', 'BIGINT', 'DATE', 'TIMESTAMP WITH TIME ZONE', 'DOUBLE', 'BOOLEAN[]']) {
        expect((await masked(method, type, null)).value).toBeNull();
      }
    }
  });

  it('answers text for hash and partial, and the column’s own type for every other', async () => {
    const plain = [
      'INTEGER',
      'DECIMAL(10,2)',
      'DATE',
      'TIMESTAMP',
      'TIMESTAMP WITH TIME ZONE',
      'UUID',
      'BOOLEAN',
    ];
    for (const method of METHODS) {
      const asText = method === 'hash' || method === 'partial';
      for (const type of ['VARCHAR', ...plain, 'STRUCT(a INTEGER)', 'VARCHAR[]']) {
        const expected = asText && plain.includes(type) ? 'VARCHAR' : type;
        expect([method, type, (await masked(method, type, null)).type]).toEqual([method, type, expected]);
      }
    }
  });

  it('fails on no value at the ends of a type', async () => {
    const ends: Record<string, readonly string[]> = {
      DATE: ['-infinity', 'infinity', '5877642-06-25 (BC)', '5881580-07-10', '0001-01-01', '9999-12-31'],
      TIMESTAMP: ['-infinity', '290309-12-22 (BC) 00:00:00', '294247-01-10 04:00:54.775806'],
      TIMESTAMP_S: ['290309-12-22 (BC) 00:00:00', '294247-01-10 04:00:54', 'infinity'],
      TIMESTAMP_MS: ['290309-12-22 (BC) 00:00:00', '294247-01-10 04:00:54', '-infinity'],
      TIMESTAMP_NS: ['1677-09-22 00:00:00', '2262-04-11 23:47:16.854775806', 'infinity', '-infinity'],
      'TIMESTAMP WITH TIME ZONE': ['290309-12-22 (BC) 00:00:00+00', '294247-01-10 04:00:54+00', 'infinity'],
      'TIME WITH TIME ZONE': ['10:00:00+02'],
      DOUBLE: ['nan', 'inf', '-0', '1e308'],
      HUGEINT: ['-170141183460469231731687303715884105728'],
      'DECIMAL(38,10)': ['-1.5'],
      INTERVAL: ['1 year'],
      UUID: ['550e8400-e29b-41d4-a716-446655440000'],
      BIT: ['101'],
    };
    for (const [type, values] of Object.entries(ends)) {
      for (const value of values) for (const method of METHODS) await masked(method, type, value);
    }
    expect((await masked('year', 'DATE', '9999-12-31')).value).toBe('9999-01-01');
    expect((await masked('year', 'DATE', 'infinity')).value).toBeNull();
    expect((await masked('year', 'TIMESTAMP_NS', '1999-05-05')).value).toBe('1999-01-01 00:00:00');
  });

  it('fails on no value and shows none of a short one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0')),
        fc.constantFrom(...METHODS),
        async (text, method) => {
          const { value } = await masked(method, 'VARCHAR', text);
          if (value !== null && text.length >= 4 && text !== '****') expect(value).not.toBe(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('hashes equal text to equal text, so that joins stay, and only under its key', async () => {
    const asNumber = await masked('hash', 'INTEGER', '42');
    const asText = await masked('hash', 'VARCHAR', '42');
    expect(asNumber).toEqual(asText);
    const other = maskHashBlocks(Buffer.alloc(32, 8));
    expect(other.innerHex).not.toBe(blocks.innerHex);
  });
});
