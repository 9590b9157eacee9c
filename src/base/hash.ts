import { createHash } from 'node:crypto';
import type { JsonValue } from './json.ts';

export function sha256Hex(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * The canonical text of a JSON value: members sorted by code unit, no white space, numbers as ECMAScript prints
 * them (RFC 8785 for the values we store). Equal values give equal bytes.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as Record<string, JsonValue>;
  let members = '';
  // Without a comparison of its own, sort compares by code unit.
  for (const key of Object.keys(object).sort()) {
    const member = object[key] ?? null;
    members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
