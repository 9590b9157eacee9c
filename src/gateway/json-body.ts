import { countMembers, LakeError } from '../base/index.ts';
import { gatewayErrors } from './errors.ts';

/** Deeper values are refused before they are parsed: what walks them later recurses (K-15). */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COLON = 0x3a;

/**
 * One JSON object from the bytes of a body: strict UTF-8, bounded depth, no member `__proto__` (K-16), no member twice (a
 * proxy or a model's provider may take the other one) and no integer that a double would change silently. No bytes are
 * an empty object. Throws `gateway.malformed_json`.
 */
export function parseJsonBody(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.length === 0) return {};
  const given = writtenMembers(bytes);
  const text = decode(bytes);
  const value = parse(text);
  if (countMembers(value) !== given)
    throw malformed(`The body gives ${repeatedMember(text)} twice in one object.`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body is JSON, but not an object.');
  }
  return value as Record<string, unknown>;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    // The reviver is many times slower than plain parsing, so it runs only where its checks could find something.
    const suspicious = /\d{16}|__proto__|\\u/.test(text);
    return suspicious ? JSON.parse(text, checkedMember as Reviver) : JSON.parse(text);
  } catch (error) {
    if (error instanceof LakeError) throw error;
    throw malformed(`The body is not JSON${positionOf(error)}.`);
  }
}

/** The third argument is of ECMAScript's source text access; the compiler's library does not know it yet. */
type Reviver = (this: unknown, key: string, value: unknown) => unknown;

function checkedMember(key: string, value: unknown, context: { source?: string }): unknown {
  if (key === '__proto__') throw malformed('A member named `__proto__` is not taken.');
  if (typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')) {
    throw malformed(`The member \`${key}\` is an integer beyond 2^53: send it as a string.`);
  }
  return value;
}

/** V8 names the place as `at position 12`, beside a piece of the text that we do not repeat. */
function positionOf(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? '' : ` (at character ${position})`;
}

/** The members of all objects, as they are written. Throws for what is nested too deeply to be parsed. */
function writtenMembers(bytes: Uint8Array): number {
  let depth = 0;
  let members = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      if (depth > MAX_DEPTH) throw malformed(`The body nests deeper than ${MAX_DEPTH} levels.`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
    else if (byte === COLON) members++;
  }
  return members;
}

/** The first name that one object has twice, of a text that is JSON. Slow, and only for a refusal. */
function repeatedMember(text: string): string {
  const open: Set<string>[] = [];
  for (const [token, name] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (name !== undefined) {
      const key: string = JSON.parse(name);
      if (open.at(-1)?.has(key)) return `the member ${JSON.stringify(key)}`;
      open.at(-1)?.add(key);
    } else if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
  }
  return 'a member';
}

function malformed(detail: string): LakeError {
  return new LakeError(gatewayErrors.malformed_json, { detail });
}
