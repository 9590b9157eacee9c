import { hash } from 'node:crypto';
import type { JsonValue } from './json.ts';

export function sha256Hex(bytes: string | Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/**
 * The canonical text of a JSON value: members sorted by code unit, no white space, numbers as ECMAScript prints
 * them (RFC 8785 for the values we store). Equal values give equal bytes.
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Record<string, JsonValue>;
  let text = '';
  for (const name of Object.keys(members).sort()) {
    // `sort` without a comparison is by code unit.
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(members[name] ?? null)}`;
  }
  return `{${text}}`;
}
