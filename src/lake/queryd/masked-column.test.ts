import { expect, it } from 'vitest';
import type { MaskDecision } from '../../govern/scope/index.ts';
import type { IcebergField } from '../catalogd/index.ts';
import { columnSql } from './masked-column.ts';

const hash = { inner: "unhex('00')", outer: "unhex('00')" };

it.each([
  [{ id: 1, name: 'pay', required: false, type: 'decimal(10, 2)' }, 'CAST(NULL AS DECIMAL(10,2))'],
  [
    {
      ...{ id: 2, name: 'address', required: false },
      type: { type: 'struct', fields: [{ id: 1, name: 'zip', required: false, type: 'string' }] },
    },
    'CASE WHEN f.c2 IS NULL THEN NULL ELSE struct_pack("zip" := CAST(NULL AS VARCHAR)) END',
  ],
] as const)('hides a value whose mask is an expression that was not made: %j', (field, expected) => {
  const mask: MaskDecision = { fieldId: 1, method: 'expression', expression: null, reasons: [] };
  const masks = new Map([[1, mask]]);
  expect(columnSql(field as IcebergField, { masks, hash, expressions: new Map() })).toBe(expected);
});
