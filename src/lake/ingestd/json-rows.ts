import { LakeError } from '../../base/index.ts';
import { ingestErrors } from './errors.ts';

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One value of a JSON file at the level of rows. */
export interface JsonRow {
  /** The line its first byte stands on, from 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

export interface JsonLimits {
  readonly maxRowBytes: number;
  readonly maxDepth: number;
}

/**
 * Cuts a JSON file into its rows by brackets and strings alone: the members of one array, or values that follow one
 * another (one per line or not). Memory holds one row, whatever the nesting. Throws `ingest.row_too_long`,
 * `ingest.too_deep` and, where an array is broken, `ingest.malformed_json`.
 */
export async function* readJsonRows(
  chunks: AsyncIterable<Uint8Array>,
  shape: 'array' | 'objects' | 'lines',
  limits: JsonLimits,
): AsyncGenerator<JsonRow> {
  const cutter = shape === 'lines' ? new LineCutter(limits) : new BracketCutter(shape, limits);
  for await (const chunk of chunks)
    yield* cutter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  yield* cutter.end();
}

/** One value per line, as NDJSON is. */
class LineCutter {
  readonly #limits: JsonLimits;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #line = 1;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  *push(chunk: Buffer): Generator<JsonRow> {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      yield* this.#row(chunk.subarray(start, end));
      this.#line++;
      start = end + 1;
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start));
  }

  *end(): Generator<JsonRow> {
    yield* this.#row(Buffer.alloc(0));
  }

  *#row(last: Buffer): Generator<JsonRow> {
    if (last.length > 0) this.#hold(last);
    const bytes = trimmed(this.#held.length === 1 ? (this.#held[0] ?? last) : Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
    if (bytes.length > 0) yield { line: this.#line, bytes };
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#limits.maxRowBytes) throw tooLong(this.#line, this.#limits);
  }
}

/** Values by their brackets, over any number of lines: the members of one array, or objects that follow one another. */
class BracketCutter {
  readonly #limits: JsonLimits;
  readonly #shape: 'array' | 'objects';
  /** The depth at which rows stand: 1 inside the array, 0 for objects without one. */
  readonly #rowDepth: 0 | 1;
  #held: Buffer = Buffer.alloc(0);
  /** Where the row in progress begins in what is held; -1 between rows. */
  #start = -1;
  #scanned = 0;
  #line = 1;
  #rowLine = 1;
  #depth = 0;
  #inString = false;
  #state: 'before' | 'first' | 'separated' | 'member' | 'after' = 'before';

  constructor(shape: 'array' | 'objects', limits: JsonLimits) {
    this.#shape = shape;
    this.#limits = limits;
    this.#rowDepth = shape === 'array' ? 1 : 0;
  }

  *push(chunk: Buffer): Generator<JsonRow> {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const bytes = this.#held;
    let at = this.#scanned;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (this.#inString) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) this.#inString = false;
        else if (byte === LF) this.#line++;
        continue;
      }
      if (byte === LF) this.#line++;
      if (byte <= 0x20) continue;
      const row = this.#step(byte, at);
      if (row !== null) yield row;
    }
    const kept = this.#start === -1 ? bytes.length : this.#start;
    if (bytes.length - kept > this.#limits.maxRowBytes) throw tooLong(this.#rowLine, this.#limits);
    this.#held = bytes.subarray(kept);
    // A backslash at the end of a chunk has moved one byte beyond it.
    this.#scanned = at - kept;
    if (this.#start !== -1) this.#start = 0;
  }

  end(): readonly JsonRow[] {
    const isWhole =
      this.#shape === 'array' ? this.#state === 'after' : this.#depth === 0 && this.#start === -1;
    if (!isWhole) throw malformed(this.#line, 'the JSON is not closed; is the file cut off?');
    return [];
  }

  /** One character outside strings and white space; answers the row that it ends. */
  #step(byte: number, at: number): JsonRow | null {
    if (this.#depth < this.#rowDepth) {
      if (this.#state !== 'before' || byte !== 0x5b)
        throw malformed(this.#line, 'text stands outside the array');
      this.#state = 'first';
      this.#depth = 1;
      return null;
    }
    if (this.#depth === this.#rowDepth && (byte === 0x2c || byte === 0x5d)) return this.#between(byte, at);
    if (this.#start === -1) this.#begin(byte, at);
    if (byte === QUOTE) this.#inString = true;
    else if (byte === 0x5b || byte === 0x7b) this.#open();
    else if (byte === 0x5d || byte === 0x7d) {
      if (this.#depth === this.#rowDepth)
        throw malformed(this.#line, 'a bracket is closed that was not opened');
      this.#depth--;
      if (this.#shape === 'objects' && this.#depth === 0) return this.#row(at + 1);
    }
    return null;
  }

  /** A comma between rows, or the end of the array. */
  #between(byte: number, at: number): JsonRow | null {
    if (this.#shape === 'objects') throw malformed(this.#line, 'a comma or bracket stands between objects');
    const row = this.#start === -1 ? null : this.#row(at);
    if (row === null && (byte === 0x2c || this.#state === 'separated')) {
      throw malformed(this.#line, 'a member of the array is missing');
    }
    this.#state = byte === 0x2c ? 'separated' : 'after';
    if (byte === 0x5d) this.#depth = 0;
    return row;
  }

  #begin(byte: number, at: number): void {
    if (this.#shape === 'objects' && byte !== 0x7b)
      throw malformed(this.#line, 'text stands between objects');
    this.#start = at;
    this.#rowLine = this.#line;
    this.#state = 'member';
  }

  #open(): void {
    this.#depth++;
    if (this.#depth - this.#rowDepth <= this.#limits.maxDepth) return;
    throw new LakeError(ingestErrors.too_deep, {
      detail: `The JSON on line ${this.#line} is nested deeper than ingest.max_depth = ${this.#limits.maxDepth}.`,
    });
  }

  #row(end: number): JsonRow {
    const bytes = trimmed(this.#held.subarray(this.#start, end));
    this.#start = -1;
    return { line: this.#rowLine, bytes };
  }
}

function trimmed(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && (bytes[start] ?? 0) <= 0x20) start++;
  while (end > start && (bytes[end - 1] ?? 0) <= 0x20) end--;
  return bytes.subarray(start, end);
}

function tooLong(line: number, limits: JsonLimits): LakeError {
  return new LakeError(ingestErrors.row_too_long, {
    detail: `The row that begins on line ${line} is longer than ingest.max_row_bytes = ${limits.maxRowBytes}.`,
    data: { errors: [{ line, column: null, reason: 'The row is too long.' }] },
  });
}

function malformed(line: number, reason: string): LakeError {
  return new LakeError(ingestErrors.malformed_json, {
    detail: `Line ${line}: ${reason}.`,
    data: { errors: [{ line, column: null, reason }] },
  });
}
