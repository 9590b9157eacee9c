import type { IcebergField, IcebergSchema, IcebergType } from './catalog.ts';
import { parsePrimitive, promote } from './iceberg/primitive-type.ts';
import { assignFieldIds } from './iceberg/schema.ts';

/**
 * The columns of a replacement with their ids: a column keeps its id where its name and type stay (or widen), so
 * that policy and time travel go on with it; every other gets a fresh one, since an id never changes its type.
 */
export function replacementColumns(
  schema: IcebergSchema,
  columns: readonly IcebergField[],
  lastColumnId: number,
): readonly IcebergField[] {
  let lastId = lastColumnId;
  return columns.map((column) => {
    const known = schema.fields.find((field) => field.name === column.name);
    const type = known === undefined ? null : keptType(known.type, column.type);
    if (known !== undefined && type !== null) return { ...column, id: known.id, required: false, type };
    const assigned = assignFieldIds([{ ...column, required: false }], lastId);
    lastId = assigned.lastId;
    return assigned.fields[0] ?? column;
  });
}

/** The offered type with the known ids where both have one shape; null where an id would have to change its type. */
function keptType(known: IcebergType, offered: IcebergType): IcebergType | null {
  if (typeof known === 'string' || typeof offered === 'string') {
    if (typeof known !== 'string' || typeof offered !== 'string') return null;
    const from = parsePrimitive(known);
    const to = parsePrimitive(offered);
    return from !== null && to !== null && promote(from, to) !== null ? offered : null;
  }
  if (known.type === 'list' && offered.type === 'list') {
    const element = keptType(known.element, offered.element);
    return element === null ? null : { ...offered, 'element-id': known['element-id'], element };
  }
  if (known.type === 'map' && offered.type === 'map') {
    const key = keptType(known.key, offered.key);
    const value = keptType(known.value, offered.value);
    if (key === null || value === null) return null;
    return { ...offered, 'key-id': known['key-id'], key, 'value-id': known['value-id'], value };
  }
  if (known.type === 'struct' && offered.type === 'struct' && known.fields.length === offered.fields.length) {
    const fields: IcebergField[] = [];
    for (const field of offered.fields) {
      const match = known.fields.find((other) => other.name === field.name);
      const type = match === undefined ? null : keptType(match.type, field.type);
      if (match === undefined || type === null) return null;
      fields.push({ ...field, id: match.id, type });
    }
    return { type: 'struct', fields };
  }
  return null;
}
