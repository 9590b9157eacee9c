import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IcebergSchema, ScanFile } from '../catalogd/index.ts';
import { pruneFiles } from './prune-files.ts';
import { columnNode, constantNode, type SyntaxNode } from './syntax-tree.ts';

const SCHEMA: IcebergSchema = {
  'schema-id': 0,
  type: 'struct',
  fields: [
    { id: 1, name: 'n', required: false, type: 'long' },
    { id: 2, name: 's', required: false, type: 'string' },
    { id: 3, name: 'd', required: false, type: 'date' },
  ],
};

function long(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

function file(lower: readonly (readonly [number, Uint8Array])[], upper: typeof lower): ScanFile {
  return {
    path: '/x',
    recordCount: 1,
    sizeBytes: 1,
    hasFieldIds: true,
    deleteFiles: [],
    lowerBounds: new Map(lower),
    upperBounds: new Map(upper),
    nullCounts: new Map(),
  };
}

function compare(type: string, left: SyntaxNode, right: SyntaxNode): SyntaxNode {
  return { class: 'COMPARISON', type, alias: '', left, right };
}

const OPERATORS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  COMPARE_EQUAL: (a, b) => a === b,
  COMPARE_NOTEQUAL: (a, b) => a !== b,
  COMPARE_LESSTHAN: (a, b) => a < b,
  COMPARE_LESSTHANOREQUALTO: (a, b) => a <= b,
  COMPARE_GREATERTHAN: (a, b) => a > b,
  COMPARE_GREATERTHANOREQUALTO: (a, b) => a >= b,
};

describe('file pruning', () => {
  it('never drops a file with a matching row', () => {
    const value = fc.integer({ min: -5, max: 5 });
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 6 }),
        value,
        fc.constantFrom(...Object.keys(OPERATORS)),
        fc.boolean(),
        (rows, constant, type, mirrored) => {
          const scanned = file([[1, long(Math.min(...rows))]], [[1, long(Math.max(...rows))]]);
          const column = columnNode(['f', 'c1']);
          const node = mirrored
            ? compare(type, constantNode(constant), column)
            : compare(type, column, constantNode(constant));
          const holds = OPERATORS[type] ?? (() => true);
          const matches = rows.some((row) => (mirrored ? holds(constant, row) : holds(row, constant)));
          const kept = pruneFiles([scanned], [node], SCHEMA, {}).length === 1;
          return kept || !matches;
        },
      ),
    );
  });

  const n = columnNode(['f', 'c1']);
  const s = columnNode(['f', 'c2']);
  const d = columnNode(['f', 'c3']);
  const day = Buffer.alloc(4);
  day.writeInt32LE(18_262);
  it.each([
    ['outside by equality', [compare('COMPARE_EQUAL', n, constantNode(9))], 0],
    ['inside', [compare('COMPARE_EQUAL', n, constantNode(2))], 1],
    ['outside by text', [compare('COMPARE_GREATERTHAN', s, constantNode('é'))], 0],
    ['outside by date', [compare('COMPARE_LESSTHAN', d, constantNode('2020-01-01'))], 0],
    ['a date it cannot read', [compare('COMPARE_LESSTHAN', d, constantNode('1 May 2020'))], 1],
    ['another type', [compare('COMPARE_EQUAL', n, constantNode('x'))], 1],
    [
      'two of which one excludes',
      [compare('COMPARE_EQUAL', n, constantNode(2)), compare('COMPARE_EQUAL', s, constantNode('z'))],
      0,
    ],
  ])('decides: %s', (_, predicates, kept) => {
    const scanned = file(
      [
        [1, long(1)],
        [2, Buffer.from('a')],
        [3, day],
      ],
      [
        [1, long(3)],
        [2, Buffer.from('m')],
        [3, day],
      ],
    );
    expect(pruneFiles([scanned], predicates, SCHEMA, {})).toHaveLength(kept);
  });

  it('keeps a file without bounds', () => {
    expect(
      pruneFiles([file([], [])], [compare('COMPARE_EQUAL', n, constantNode(9))], SCHEMA, {}),
    ).toHaveLength(1);
  });
});
