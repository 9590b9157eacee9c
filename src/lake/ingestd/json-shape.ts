import { isUtf8 } from 'node:buffer';
import { countMembers } from '../../base/index.ts';
import { requireColumnCount, requireNames } from './column-names.ts';
import { ColumnTally } from './column-tally.ts';
import type { JsonLimits, JsonRow } from './json-rows.ts';
import type { CellType } from './value-type.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MAX_EXACT = 2 ** 53;

/** What all values of one top-level member have in common. */
export interface JsonColumn {
  readonly name: string;
  /** Dates and time stamps that strings hold throughout; null for anything else. */
  readonly temporal: CellType | null;
  /** Every value is a whole number that a double holds. */
  readonly isExactInteger: boolean;
  /** No row has a value. */
  readonly isEmpty: boolean;
}

interface Member {
  readonly name: string;
  readonly members: Map<string, Member>;
  readonly tally: ColumnTally;
  strings: number;
  exactIntegers: number;
  values: number;
}

/** Looks at every row of a JSON file once: whether it can be taken, and what its members hold over all rows. */
export class JsonShape {
  readonly #limits: JsonLimits & { readonly maxColumns: number };
  readonly #members = new Map<string, Member>();
  #memberCount = 0;
  #hasUnsigned = false;

  constructor(limits: JsonLimits & { readonly maxColumns: number }) {
    this.#limits = limits;
  }

  /**
   * Why a row cannot be taken; null for a JSON object, which is then part of the shape. Throws `ingest.too_many_columns`
   * and `ingest.invalid_columns` for members that differ by case alone.
   */
  add(row: JsonRow): string | null {
    if (!isUtf8(row.bytes)) return 'not valid UTF-8';
    const scan = scanned(row.bytes);
    if (scan.depth > this.#limits.maxDepth)
      return `nested deeper than ingest.max_depth = ${this.#limits.maxDepth}`;
    const text = row.bytes.toString('utf8');
    if (hasLoneSurrogate(text)) return 'half of a character, escaped without its other half';
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'not well-formed JSON';
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
    if (countMembers(value) !== scan.members) return 'a member is given twice';
    this.#hasUnsigned ||= scan.hasUnsigned;
    if (scan.hasLongNumber)
      return 'a number beyond 64 bits, or the range of a double, would be lost; send it as a string';
    return this.#gather(value as Record<string, unknown>, this.#members, true)
      ? null
      : 'a member has no name';
  }

  /** Whether some whole number needs all of 64 bits without a sign. */
  hasUnsigned(): boolean {
    return this.#hasUnsigned;
  }

  columns(): readonly JsonColumn[] {
    const members = [...this.#members.values()];
    return members.map((member) => ({
      name: member.name,
      temporal: member.strings > 0 && member.strings === member.values ? temporalOf(member.tally) : null,
      isExactInteger: member.values > 0 && member.exactIntegers === member.values,
      isEmpty: member.values === 0,
    }));
  }

  #gather(value: Record<string, unknown>, members: Map<string, Member>, isTop: boolean): boolean {
    for (const [name, child] of Object.entries(value)) {
      if (name === '') return false;
      const member = this.#member(members, name);
      if (isTop) note(member, child);
      for (const object of objectsIn(child)) {
        if (!this.#gather(object, member.members, false)) return false;
      }
    }
    return true;
  }

  #member(members: Map<string, Member>, name: string): Member {
    const known = members.get(name.toLowerCase());
    if (known !== undefined) {
      if (known.name !== name) requireNames([known.name, name]);
      return known;
    }
    requireColumnCount(++this.#memberCount, this.#limits.maxColumns);
    requireNames([name]);
    const made: Member = {
      name,
      members: new Map(),
      tally: new ColumnTally(),
      strings: 0,
      exactIntegers: 0,
      values: 0,
    };
    members.set(name.toLowerCase(), made);
    return made;
  }
}

function note(member: Member, value: unknown): void {
  if (value === null) return;
  member.values++;
  if (typeof value === 'string') {
    member.strings++;
    member.tally.add(value === '' ? 'text' : value);
  } else if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= MAX_EXACT) {
    member.exactIntegers++;
  }
}

function temporalOf(tally: ColumnTally): CellType | null {
  const type = tally.type('strict');
  return type === 'date' || type === 'timestamp' || type === 'timestamptz' ? type : null;
}

function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  else for (const element of value) yield* objectsIn(element);
}

/** Whether one half of a pair is escaped alone, which the engine refuses for the whole file and UTF-8 cannot hold. */
function hasLoneSurrogate(text: string): boolean {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return false;
  const withoutPairs = text.replace(
    /\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/g,
    ' ',
  );
  return /\\u[dD][89a-fA-F]/.test(withoutPairs);
}

/** What the bytes of a row say before they are parsed: depth, members, whole numbers beyond 64 bits. */
function scanned(bytes: Buffer): {
  depth: number;
  members: number;
  hasLongNumber: boolean;
  hasUnsigned: boolean;
} {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let hasLongNumber = false;
  let hasUnsigned = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
    else if (byte === COLON) members++;
    else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
      let end = at + 1;
      let hasExponent = false;
      for (let next = bytes[end] ?? 0; isNumberByte(next); next = bytes[end] ?? 0) {
        hasExponent ||= next === 0x65 || next === 0x45;
        end++;
      }
      if (hasExponent || end - at > 18) {
        const bits = bitsOf(bytes.toString('latin1', at, end));
        if (bits === 'unsigned') hasUnsigned = true;
        else if (bits === 'beyond') hasLongNumber = true;
      }
      at = end - 1;
    }
  }
  return { depth: deepest, members, hasLongNumber, hasUnsigned };
}

function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    byte === 0x65 ||
    byte === 0x45 ||
    byte === 0x2b ||
    byte === 0x2d
  );
}

/** Fractions and exponents are doubles for everyone; a whole number must fit 64 bits, with or without a sign. */
function bitsOf(text: string): 'signed' | 'unsigned' | 'beyond' {
  if (!/^-?\d+$/.test(text)) return Number.isFinite(Number(text)) ? 'signed' : 'beyond';
  if (text.length > 20) return 'beyond';
  const value = BigInt(text);
  if (value >= -(2n ** 63n) && value < 2n ** 63n) return 'signed';
  return value > 0n && value < 2n ** 64n ? 'unsigned' : 'beyond';
}

function endOfString(bytes: Buffer, from: number): number {
  for (let at = from + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}
