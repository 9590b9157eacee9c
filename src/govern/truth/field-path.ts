import type { JsonObject, JsonValue } from '../../base/index.ts';

const MAX_SEGMENTS = 32;
const ARRAY_INDEX = /^(?:0|[1-9]\d{0,8})$/;

/** Whether the text is a path: segments without white space around them, joined by dots. */
export function isFieldPath(text: string): boolean {
  const segments = text.split('.');
  return (
    segments.length <= MAX_SEGMENTS &&
    segments.every((segment) => segment !== '' && segment === segment.trim())
  );
}

/**
 * The value at a dot path (`customer.address.0.city`), or undefined where there is none. Only own properties of objects
 * and indexes of arrays are followed: `constructor`, `__proto__` and `length` name nothing unless the JSON itself has a
 * member of that name (K-16).
 */
export function fieldAt(context: JsonObject, path: string): JsonValue | undefined {
  let value: JsonValue | undefined = context;
  for (const segment of path.split('.')) value = memberOf(value, segment);
  return value;
}

function memberOf(value: JsonValue | undefined, segment: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && !ARRAY_INDEX.test(segment)) return undefined;
  // The descriptor's value and not `value[segment]`: a getter or the prototype's accessor never runs.
  return Object.getOwnPropertyDescriptor(value, segment)?.value;
}
