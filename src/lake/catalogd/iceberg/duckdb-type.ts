import { LakeError } from '../../../base/index.ts';
import type { IcebergField, IcebergSchema, IcebergType } from '../catalog.ts';
import { catalogErrors } from '../errors.ts';
import { type DuckdbType, parseDuckdbType } from './duckdb-type-parser.ts';
import { parsePrimitive } from './primitive-type.ts';

/** DuckDB's own names → the Iceberg type that holds every value of it. */
const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['BOOLEAN', 'boolean'],
  ['TINYINT', 'int'],
  ['SMALLINT', 'int'],
  ['INTEGER', 'int'],
  ['UTINYINT', 'int'],
  ['USMALLINT', 'int'],
  ['BIGINT', 'long'],
  ['UINTEGER', 'long'],
  ['UBIGINT', 'decimal(20, 0)'],
  ['FLOAT', 'float'],
  ['DOUBLE', 'double'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMP_S', 'timestamp'],
  ['TIMESTAMP_MS', 'timestamp'],
  ['TIMESTAMP_NS', 'timestamp'],
  ['TIMESTAMP WITH TIME ZONE', 'timestamptz'],
  ['VARCHAR', 'string'],
  ['JSON', 'string'],
  ['ENUM', 'string'],
  ['UUID', 'uuid'],
  ['BLOB', 'binary'],
  // An all-null column has no type of its own; format version 2 has no `unknown`.
  ['"NULL"', 'string'],
  ['NULL', 'string'],
]);

/**
 * The Iceberg type for an engine type in text. Ids inside are 0: assign them before use. A writer casts to
 * `duckdbTypeOf` of the result, since several engine types share one Iceberg type.
 *
 * Throws `catalog.type_unsupported`: HUGEINT (the engine stores it in Parquet as DOUBLE and loses digits), INTERVAL,
 * BIT, TIME WITH TIME ZONE, UNION and whatever else version 2 cannot hold. The refusal names `column` where it is given.
 */
export function icebergTypeOf(duckdbType: string, column?: string): IcebergType {
  const parsed = parseDuckdbType(duckdbType);
  const of = column === undefined ? '' : ` of the column ${JSON.stringify(column)}`;
  const whole = `${duckdbType.slice(0, 200)}${of}`;
  if (parsed === null) throw unsupported(whole);
  return convert(parsed, whole);
}

function convert(type: DuckdbType, whole: string): IcebergType {
  switch (type.kind) {
    case 'simple': {
      const found = SIMPLE.get(type.name);
      if (found === undefined) throw unsupported(whole);
      return found;
    }
    case 'decimal':
      return `decimal(${type.precision}, ${type.scale})`;
    case 'list':
      return {
        type: 'list',
        'element-id': 0,
        element: convert(type.element, whole),
        'element-required': false,
      };
    case 'map':
      return {
        type: 'map',
        'key-id': 0,
        key: convert(type.key, whole),
        'value-id': 0,
        value: convert(type.value, whole),
        'value-required': false,
      };
    case 'struct':
      return {
        type: 'struct',
        fields: type.fields.map((field) => ({
          id: 0,
          name: field.name,
          required: false,
          type: convert(field.type, whole),
        })),
      };
  }
}

function unsupported(whole: string): LakeError {
  return new LakeError(catalogErrors.type_unsupported, {
    detail: `The type ${whole} cannot be stored; cast it, for example to VARCHAR or DECIMAL(38, 0).`,
  });
}

const ENGINE_NAMES: ReadonlyMap<string, string> = new Map([
  ['boolean', 'BOOLEAN'],
  ['int', 'INTEGER'],
  ['long', 'BIGINT'],
  ['float', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['date', 'DATE'],
  ['time', 'TIME'],
  ['timestamp', 'TIMESTAMP'],
  ['timestamptz', 'TIMESTAMP WITH TIME ZONE'],
  ['string', 'VARCHAR'],
  ['uuid', 'UUID'],
  ['binary', 'BLOB'],
]);

/** The engine type, as SQL text, in which values of an Iceberg type are written and read. */
export function duckdbTypeOf(type: IcebergType): string {
  if (typeof type === 'string') {
    const primitive = parsePrimitive(type);
    if (primitive === null) throw unsupported(type);
    if (primitive.kind === 'decimal') return `DECIMAL(${primitive.precision},${primitive.scale})`;
    if (primitive.kind === 'fixed') return 'BLOB';
    return ENGINE_NAMES.get(primitive.kind) ?? 'VARCHAR';
  }
  if (type.type === 'list') return `${duckdbTypeOf(type.element)}[]`;
  if (type.type === 'map') return `MAP(${duckdbTypeOf(type.key)}, ${duckdbTypeOf(type.value)})`;
  const members = type.fields.map((field) => `${quoted(field.name)} ${duckdbTypeOf(field.type)}`);
  return `STRUCT(${members.join(', ')})`;
}

/** The value of COPY's `FIELD_IDS` option: the field id of every column, struct member, element, key and value. */
export function duckdbFieldIds(schema: Pick<IcebergSchema, 'fields'>): string {
  return `{${schema.fields.map(fieldIdEntry).join(', ')}}`;
}

function fieldIdEntry(field: IcebergField): string {
  return `${quoted(field.name)}: ${fieldIdValue(field.id, field.type)}`;
}

function fieldIdValue(id: number, type: IcebergType): string {
  if (typeof type === 'string') return String(id);
  const own = `__duckdb_field_id: ${id}`;
  if (type.type === 'struct') return `{${[own, ...type.fields.map(fieldIdEntry)].join(', ')}}`;
  if (type.type === 'list') return `{${own}, element: ${fieldIdValue(type['element-id'], type.element)}}`;
  const key = fieldIdValue(type['key-id'], type.key);
  return `{${own}, key: ${key}, value: ${fieldIdValue(type['value-id'], type.value)}}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
