import {
  DuckDBArrayType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
} from '@duckdb/node-api';
import { quoteLiteral } from './duckdb-statement.ts';

/** A column type as far as its JSON form needs it. */
export type JsonShape =
  /** The engine's own `to_json` is already right. */
  | { readonly kind: 'plain' }
  /** 64 bits or more: a number up to 2^53, a string beyond. */
  | { readonly kind: 'integer' }
  | { readonly kind: 'decimal' }
  | { readonly kind: 'float' }
  | { readonly kind: 'json' }
  | { readonly kind: 'list'; readonly element: JsonShape }
  | { readonly kind: 'map'; readonly value: JsonShape }
  | {
      readonly kind: 'struct';
      readonly fields: readonly { readonly name: string; readonly shape: JsonShape }[];
    }
  | {
      readonly kind: 'union';
      readonly members: readonly { readonly name: string; readonly shape: JsonShape }[];
    };

const PLAIN: JsonShape = { kind: 'plain' };

/** The shape of an engine type; `plain` where nothing inside needs a rule of ours. */
export function describeType(type: DuckDBType): JsonShape {
  if (type.alias === 'JSON') return { kind: 'json' };
  switch (type.typeId) {
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
    case DuckDBTypeId.UHUGEINT:
      return { kind: 'integer' };
    case DuckDBTypeId.DECIMAL:
    case DuckDBTypeId.BIGNUM:
      return { kind: 'decimal' };
    case DuckDBTypeId.FLOAT:
    case DuckDBTypeId.DOUBLE:
      return { kind: 'float' };
    default:
      return describeNested(type);
  }
}

function describeNested(type: DuckDBType): JsonShape {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const element = describeType(type.valueType);
    return element.kind === 'plain' ? PLAIN : { kind: 'list', element };
  }
  if (type instanceof DuckDBMapType) {
    const value = describeType(type.valueType);
    return value.kind === 'plain' ? PLAIN : { kind: 'map', value };
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, at) => ({
      name,
      shape: describeType(type.entryTypes[at] as DuckDBType),
    }));
    return fields.every(({ shape }) => shape.kind === 'plain') ? PLAIN : { kind: 'struct', fields };
  }
  if (type instanceof DuckDBUnionType) {
    const members = type.memberTags.map((name, at) => ({
      name,
      shape: describeType(type.memberTypes[at] as DuckDBType),
    }));
    return members.every(({ shape }) => shape.kind === 'plain') ? PLAIN : { kind: 'union', members };
  }
  return PLAIN;
}

/** SQL for one row as one JSON object text. */
export function rowAsJson(
  columns: readonly { readonly name: string; readonly sql: string; readonly type: JsonShape }[],
): string {
  const members = columns.map(({ name, sql, type }) => `${quoteLiteral(name)}, ${valueAsJson(sql, type, 0)}`);
  return `json_object(${members.join(', ')})`;
}

/** SQL for one value as JSON text, by the rules of a row's; NULL where the value is. */
export function valueAsJsonText(sql: string, type: DuckDBType): string {
  return `CAST(to_json(${valueAsJson(sql, describeType(type), 0)}) AS VARCHAR)`;
}

/** SQL for a value in a form whose `to_json` is the JSON we answer with. Depth keeps lambda names apart. */
function valueAsJson(sql: string, shape: JsonShape, depth: number): string {
  switch (shape.kind) {
    case 'plain':
      return sql;
    case 'integer':
      return `CASE WHEN ${sql} BETWEEN -9007199254740991 AND 9007199254740991 THEN to_json(${sql}) ELSE to_json(CAST(${sql} AS VARCHAR)) END`;
    case 'decimal':
      return `CAST(${sql} AS VARCHAR)`;
    case 'float':
      return `CASE WHEN isfinite(${sql}) THEN ${sql} END`;
    case 'json':
      return `CASE WHEN ${isStandardJson(`CAST(${sql} AS VARCHAR)`)} THEN ${sql} ELSE to_json(CAST(${sql} AS VARCHAR)) END`;
    case 'list':
      return `list_transform(${sql}, lambda e${depth}: ${valueAsJson(`e${depth}`, shape.element, depth + 1)})`;
    case 'map': {
      const entry = `e${depth}`;
      const value = valueAsJson(`${entry}.value`, shape.value, depth + 1);
      return (
        `CASE WHEN ${sql} IS NOT NULL THEN map_from_entries(list_transform(map_entries(${sql}), ` +
        `lambda ${entry}: struct_pack(k := ${entry}.key, v := to_json(${value})))) END`
      );
    }
    case 'struct': {
      const members = shape.fields.map(
        (field, at) =>
          `${quoteLiteral(field.name)}, ${valueAsJson(`struct_extract_at(${sql}, ${at + 1})`, field.shape, depth)}`,
      );
      return `CASE WHEN ${sql} IS NOT NULL THEN json_object(${members.join(', ')}) END`;
    }
    case 'union': {
      const cases = shape.members.map(({ name, shape: member }) => {
        const value = valueAsJson(`union_extract(${sql}, ${quoteLiteral(name)})`, member, depth);
        return `WHEN ${quoteLiteral(name)} THEN json_object(${quoteLiteral(name)}, ${value})`;
      });
      return `CASE CAST(union_tag(${sql}) AS VARCHAR) ${cases.join(' ')} END`;
    }
  }
}

/**
 * The engine's JSON type may hold NaN and Infinity, which no JSON parser takes; such a text goes out as a string. Checked
 * on the text without its strings.
 */
function isStandardJson(text: string): string {
  const withoutStrings = `regexp_replace(${text}, '"(\\\\.|[^"\\\\])*"', '', 'g')`;
  return `regexp_full_match(${withoutStrings}, '([][{}:,0-9eE+. \\t\\r\\n-]|true|false|null)*')`;
}
