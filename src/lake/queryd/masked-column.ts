import { compileMaskSql, type MaskHashSql } from '../../govern/access/index.ts';
import type { DatasetDecision, MaskDecision } from '../../govern/scope/index.ts';
import { duckdbTypeOf, type IcebergField, type IcebergType } from '../catalogd/index.ts';
import { SCAN_ALIAS, storedName } from './policy-expression.ts';

/** What masks are compiled with. */
export interface MaskContext {
  readonly masks: DatasetDecision['masks'];
  readonly hash: MaskHashSql;
  /** SQL of the masks of method `expression`, by field id, made beforehand. */
  readonly expressions: ReadonlyMap<number, string>;
}

/** SQL for one column as the caller may see it: the stored column, with every mask on it and inside it applied. */
export function columnSql(field: IcebergField, context: MaskContext): string {
  const stored = `${SCAN_ALIAS}.${storedName(field.id)}`;
  return masked(field.id, field.type, stored, context, 0) ?? stored;
}

/** Whether a mask is on the field or anywhere inside it. */
export function isMasked(field: IcebergField, masks: DatasetDecision['masks']): boolean {
  return masks.has(field.id) || fieldIdsInside(field.type).some((id) => masks.has(id));
}

/** Dotted names of the masked fields of one column. */
export function maskedNames(field: IcebergField, masks: DatasetDecision['masks']): readonly string[] {
  if (masks.has(field.id)) return [field.name];
  return membersOf(field.type).flatMap((member) =>
    maskedNames(member, masks).map((name) => `${field.name}.${name}`),
  );
}

function fieldIdsInside(type: IcebergType): readonly number[] {
  return membersOf(type).flatMap((member) => [member.id, ...fieldIdsInside(member.type)]);
}

function membersOf(type: IcebergType): readonly IcebergField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  if (type.type === 'list') {
    return [{ id: type['element-id'], name: 'element', required: false, type: type.element }];
  }
  return [
    { id: type['key-id'], name: 'key', required: true, type: type.key },
    { id: type['value-id'], name: 'value', required: false, type: type.value },
  ];
}

/** SQL of a value with its masks; null where nothing in it is masked. `depth` keeps the names of lambdas apart. */
function masked(
  fieldId: number,
  type: IcebergType,
  sql: string,
  context: MaskContext,
  depth: number,
): string | null {
  const mask = context.masks.get(fieldId);
  if (mask !== undefined) return maskSql(mask, type, sql, context);
  if (typeof type === 'string') return null;
  if (type.type === 'struct') return maskedStruct(type.fields, sql, context, depth);
  const element = `m${depth}`;
  if (type.type === 'list') {
    const inner = masked(type['element-id'], type.element, element, context, depth + 1);
    return inner === null ? null : `list_transform(${sql}, lambda ${element}: ${inner})`;
  }
  // Masked keys may collide, and a map with equal keys fails: the whole map is hidden then.
  if (masked(type['key-id'], type.key, element, context, depth + 1) !== null) {
    return `CAST(NULL AS ${duckdbTypeOf(type)})`;
  }
  const value = masked(type['value-id'], type.value, `${element}.value`, context, depth + 1);
  if (value === null) return null;
  const entries = `list_transform(map_entries(${sql}), lambda ${element}: struct_pack(k := ${element}.key, v := ${value}))`;
  return `CASE WHEN ${sql} IS NULL THEN NULL ELSE map_from_entries(${entries}) END`;
}

function maskedStruct(
  fields: readonly IcebergField[],
  sql: string,
  context: MaskContext,
  depth: number,
): string | null {
  let changed = false;
  const members = fields.map((field) => {
    const stored = `struct_extract(${sql}, '${field.name.replaceAll("'", "''")}')`;
    const inner = masked(field.id, field.type, stored, context, depth);
    if (inner !== null) changed = true;
    return `"${field.name.replaceAll('"', '""')}" := ${inner ?? stored}`;
  });
  return changed ? `CASE WHEN ${sql} IS NULL THEN NULL ELSE struct_pack(${members.join(', ')}) END` : null;
}

function maskSql(mask: MaskDecision, type: IcebergType, sql: string, context: MaskContext): string {
  if (mask.method === 'expression') {
    // An expression that is missing hides everything.
    return context.expressions.get(mask.fieldId) ?? `CAST(NULL AS ${duckdbTypeOf(type)})`;
  }
  return compileMaskSql({ method: mask.method, column: sql, type: duckdbTypeOf(type), hash: context.hash });
}
