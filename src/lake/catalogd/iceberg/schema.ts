import { canonicalJson, sha256Hex } from '../../../base/index.ts';
import type { IcebergField, IcebergSchema, IcebergType } from '../catalog.ts';
import { typeText } from './type-text.ts';

/** One field of a schema with the way to it: names of structs, and `element`, `key`, `value` inside lists and maps. */
export interface SchemaEntry {
  readonly id: number;
  readonly path: readonly string[];
  readonly type: IcebergType;
  /** `field`: a column or a struct's member; the others are the unnamed parts of lists and maps. */
  readonly role: 'field' | 'element' | 'key' | 'value';
  readonly required: boolean;
}

/** Every field of the schema, parents before children, in schema order. */
export function* schemaEntries(schema: Pick<IcebergSchema, 'fields'>): Generator<SchemaEntry> {
  yield* structEntries(schema.fields, []);
}

function* structEntries(fields: readonly IcebergField[], parent: readonly string[]): Generator<SchemaEntry> {
  for (const field of fields) {
    const path = [...parent, field.name];
    yield { id: field.id, path, type: field.type, role: 'field', required: field.required };
    yield* childEntries(field.type, path);
  }
}

function* childEntries(type: IcebergType, path: readonly string[]): Generator<SchemaEntry> {
  if (typeof type === 'string') return;
  if (type.type === 'struct') {
    yield* structEntries(type.fields, path);
  } else if (type.type === 'list') {
    const element = [...path, 'element'];
    const required = type['element-required'];
    yield { id: type['element-id'], path: element, type: type.element, role: 'element', required };
    yield* childEntries(type.element, element);
  } else {
    const key = [...path, 'key'];
    yield { id: type['key-id'], path: key, type: type.key, role: 'key', required: true };
    yield* childEntries(type.key, key);
    const value = [...path, 'value'];
    const required = type['value-required'];
    yield { id: type['value-id'], path: value, type: type.value, role: 'value', required };
    yield* childEntries(type.value, value);
  }
}

/** The highest field id of the schema; 0 where it has no field. */
export function highestFieldId(schema: Pick<IcebergSchema, 'fields'>): number {
  let highest = 0;
  for (const entry of schemaEntries(schema)) highest = Math.max(highest, entry.id);
  return highest;
}

/** The same columns with fresh ids after `lastId`: a level's own fields first, then the fields inside them. */
export function assignFieldIds(
  columns: readonly IcebergField[],
  lastId: number,
): { fields: IcebergField[]; lastId: number } {
  const counter = { last: lastId };
  return { fields: assignStruct(columns, counter), lastId: counter.last };
}

function assignStruct(columns: readonly IcebergField[], counter: { last: number }): IcebergField[] {
  const ids = columns.map(() => ++counter.last);
  return columns.map((column, index) => ({
    ...column,
    id: ids[index] ?? 0,
    type: assignType(column.type, counter),
  }));
}

function assignType(type: IcebergType, counter: { last: number }): IcebergType {
  if (typeof type === 'string') return type;
  if (type.type === 'struct') return { ...type, fields: assignStruct(type.fields, counter) };
  if (type.type === 'list') {
    const elementId = ++counter.last;
    return { ...type, 'element-id': elementId, element: assignType(type.element, counter) };
  }
  const keyId = ++counter.last;
  const valueId = ++counter.last;
  return {
    ...type,
    'key-id': keyId,
    key: assignType(type.key, counter),
    'value-id': valueId,
    value: assignType(type.value, counter),
  };
}

/**
 * SHA-256 over names, types and nullability in order, without field ids: two files with the same columns have the
 * same fingerprint wherever they were read.
 */
export function schemaFingerprint(columns: readonly IcebergField[]): string {
  return sha256Hex(
    canonicalJson(columns.map((column) => [column.name, typeText(column.type), column.required])),
  );
}

/** `schema.name-mapping.default` (spec, "Column Projection"): how files without field ids find their columns. */
export function nameMapping(schema: Pick<IcebergSchema, 'fields'>): string {
  return JSON.stringify(mappedFields(schema.fields));
}

interface MappedField {
  'field-id': number;
  names: string[];
  fields?: MappedField[];
}

function mappedFields(fields: readonly IcebergField[]): MappedField[] {
  return fields.map((field) => mapped(field.id, field.name, field.type));
}

function mapped(id: number, name: string, type: IcebergType): MappedField {
  const own: MappedField = { 'field-id': id, names: [name] };
  if (typeof type === 'string') return own;
  if (type.type === 'struct') return { ...own, fields: mappedFields(type.fields) };
  if (type.type === 'list') {
    return { ...own, fields: [mapped(type['element-id'], 'element', type.element)] };
  }
  return {
    ...own,
    fields: [mapped(type['key-id'], 'key', type.key), mapped(type['value-id'], 'value', type.value)],
  };
}
