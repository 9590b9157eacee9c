import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IcebergType } from '../catalog.ts';
import { duckdbTypeOf, icebergTypeOf } from './duckdb-type.ts';
import { assignFieldIds, highestFieldId, schemaEntries } from './schema.ts';
import { parseTypeText, typeText } from './type-text.ts';

const primitive = fc.constantFrom(
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'string',
  'uuid',
  'binary',
  'decimal(10, 2)',
  'decimal(38, 0)',
);
const name = fc.oneof(
  fc.constantFrom('a', 'b c', 'd"e', "f'g", 'h.i', 'select', 'ü', 'k,l)m'),
  fc.string({ minLength: 1 }),
);

const { type: anyType } = fc.letrec<{ type: IcebergType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 4 },
    primitive,
    tie('type').map((element) => ({
      type: 'list' as const,
      'element-id': 0,
      element: element as IcebergType,
      'element-required': false,
    })),
    fc.tuple(primitive, tie('type')).map(([key, value]) => ({
      type: 'map' as const,
      'key-id': 0,
      key,
      'value-id': 0,
      value: value as IcebergType,
      'value-required': false,
    })),
    fc
      .uniqueArray(fc.tuple(name, tie('type')), {
        minLength: 1,
        maxLength: 4,
        selector: ([n]) => n.toLowerCase(),
      })
      .map((members) => ({
        type: 'struct' as const,
        fields: members.map(([n, type]) => ({ id: 0, name: n, required: false, type: type as IcebergType })),
      })),
  ),
}));

describe('types', () => {
  it('come back the same from their text', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(parseTypeText(typeText(type))).toEqual(type);
      }),
    );
  });

  it('come back the same from the engine’s text', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        expect(icebergTypeOf(duckdbTypeOf(type))).toEqual(type);
      }),
    );
  });

  it('come back the same from the engine itself', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await fc.assert(
      fc.asyncProperty(anyType, async (type) => {
        const sql = duckdbTypeOf(type).replaceAll('\0', '');
        const reader = await connection.runAndReadAll(
          `SELECT column_type FROM (DESCRIBE SELECT NULL::${sql} AS c)`,
        );
        expect(icebergTypeOf(String(reader.getRows()[0]?.[0]))).toEqual(icebergTypeOf(sql));
      }),
      { numRuns: 60 },
    );
    connection.closeSync();
    instance.closeSync();
  });

  it.each([
    ['TINYINT', 'int'],
    ['UINTEGER', 'long'],
    ['UBIGINT', 'decimal(20, 0)'],
    ['TIMESTAMP_S', 'timestamp'],
    ["ENUM('a', 'it''s')", 'string'],
    ['JSON', 'string'],
    ['DECIMAL(4,1)', 'decimal(4, 1)'],
  ])('hold every value of the engine’s %s', (duckdb, iceberg) => {
    expect(icebergTypeOf(duckdb)).toBe(iceberg);
  });

  it('read an array of fixed length as a list', () => {
    expect(typeText(icebergTypeOf('FLOAT[3][]'))).toBe('list<list<float>>');
  });

  it.each([
    'HUGEINT',
    'UHUGEINT',
    'INTERVAL',
    'BIT',
    'TIME WITH TIME ZONE',
    'VARIANT',
    'GEOMETRY',
    'UNION(a INTEGER)',
  ])('refuse %s, which version 2 cannot hold', (duckdb) => {
    expect(() => icebergTypeOf(duckdb)).toThrow(/cannot be stored/);
    expect(() => icebergTypeOf(`STRUCT(a ${duckdb}[])`)).toThrow(/cannot be stored/);
  });

  it.each([
    '',
    'STRUCT(',
    'STRUCT()',
    'MAP(INTEGER)',
    'INTEGER]',
    'ENUM(a)',
    `${'STRUCT(a '.repeat(100)}INTEGER${')'.repeat(100)}`,
  ])('refuse the malformed %j without end', (duckdb) => {
    expect(() => icebergTypeOf(duckdb)).toThrow(/cannot be stored/);
  });

  it('get ids that are all different and go on after the last', () => {
    fc.assert(
      fc.property(anyType, fc.nat(1_000), (type, last) => {
        const assigned = assignFieldIds([{ id: 0, name: 'c', required: false, type }], last);
        const ids = Array.from(schemaEntries(assigned), (entry) => entry.id);
        expect(new Set(ids).size).toBe(ids.length);
        expect(Math.min(...ids)).toBe(last + 1);
        expect(highestFieldId(assigned)).toBe(assigned.lastId);
      }),
    );
  });
});
