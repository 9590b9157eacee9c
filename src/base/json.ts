/** A value JSON can carry. Integers beyond 2^53 travel as strings. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A JSON value of the same meaning: bigint as a decimal string, Date as ISO 8601, undefined members left out. What is JSON
 * already is given back as it is, without a copy.
 */
export function jsonSafe(value: unknown): JsonValue {
  return isJson(value) ? value : converted(value);
}

function isJson(value: unknown): value is JsonValue {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) {
    return value === null || typeof value === 'string' || typeof value === 'boolean';
  }
  if (Array.isArray(value)) return value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name of Object.keys(value)) if (!isJson(Reflect.get(value, name))) return false;
  return true;
}

function converted(value: unknown): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(jsonSafe);
  if (value instanceof Map) return jsonSafe(Object.fromEntries(value));
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, jsonSafe(member)]));
}

/**
 * The members of all objects in a parsed value. Of a name that its text gives twice there is one, so that fewer than the text
 * has colons outside strings is a member given twice.
 */
export function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const isList = Array.isArray(value);
  const children: readonly unknown[] = isList ? value : Object.values(value);
  let members = isList ? 0 : children.length;
  for (const child of children) if (typeof child === 'object') members += countMembers(child);
  return members;
}
