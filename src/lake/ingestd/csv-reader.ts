import { isUtf8 } from 'node:buffer';
import { LakeError } from '../../base/index.ts';
import { type CsvDialect, type SplitRecord, splitRecord } from './csv-record.ts';
import { ingestErrors } from './errors.ts';

const BACKSLASH = 0x5c;
const LF = 0x0a;
const CR = 0x0d;
/** A quote that is never closed makes everything behind it one record; after so many the file is given up. */
const MAX_OPEN_QUOTES = 50;

export interface CsvRecord {
  /** The line its first byte stands on, from 1. */
  readonly line: number;
  readonly bytes: Buffer;
  readonly fields: readonly (string | null)[];
  readonly problem: SplitRecord['problem'] | 'not_utf8';
}

/**
 * The records of a delimited file in order, line ends LF, CRLF or CR; empty lines are left out where the file has
 * several columns. Memory holds one record. This is the slow and exact reader: for samples, and to say which line of a
 * file is wrong when the engine refused it. Throws `ingest.row_too_long`.
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  dialect: CsvDialect,
  limits: { maxRowBytes: number },
): AsyncGenerator<CsvRecord> {
  const cutter = new RecordCutter(dialect, limits.maxRowBytes);
  for await (const chunk of chunks)
    yield* cutter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  yield* cutter.end();
}

class RecordCutter {
  readonly #dialect: CsvDialect;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #maxRowBytes: number;
  #held: Buffer = Buffer.alloc(0);
  /** How far `#held` was scanned. */
  #scanned = 0;
  #line = 1;
  #linesInRecord = 0;
  #inQuotes = false;
  #fieldStart = true;
  #openQuotes = 0;

  constructor(dialect: CsvDialect, maxRowBytes: number) {
    this.#dialect = dialect;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote.charCodeAt(0);
    this.#maxRowBytes = maxRowBytes;
  }

  *push(chunk: Buffer): Generator<CsvRecord> {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    yield* this.#cut(false);
    if (this.#held.length > this.#maxRowBytes) yield* this.#giveUpQuote();
  }

  *end(): Generator<CsvRecord> {
    yield* this.#cut(true);
    while (this.#held.length > 0) {
      if (this.#inQuotes) {
        yield* this.#giveUpQuote();
        yield* this.#cut(true);
      } else {
        yield* this.#take(this.#held.length, 0);
      }
    }
  }

  /** Cuts whole records off the front of what is held. */
  *#cut(final: boolean): Generator<CsvRecord> {
    let start = 0;
    let at = this.#scanned;
    const bytes = this.#held;
    const backslash = this.#dialect.escape === '\\';
    const quote = this.#quote;
    while (at < bytes.length) {
      const byte = bytes[at];
      if (this.#inQuotes) {
        if (byte === quote) {
          if (!backslash && bytes[at + 1] === quote) at++;
          else if (!backslash && at + 1 === bytes.length && !final) break;
          else this.#inQuotes = false;
        } else if (backslash && byte === BACKSLASH) {
          if (at + 1 === bytes.length && !final) break;
          at++;
        } else if (byte === LF) this.#linesInRecord++;
      } else if (byte === LF || byte === CR) {
        if (byte === CR && at + 1 === bytes.length && !final) break;
        const width = byte === CR && bytes[at + 1] === LF ? 2 : 1;
        yield this.#record(bytes.subarray(start, at));
        this.#line += this.#linesInRecord + 1;
        this.#linesInRecord = 0;
        this.#fieldStart = true;
        at += width;
        start = at;
        continue;
      } else if (byte === quote && this.#fieldStart) {
        this.#inQuotes = true;
        this.#fieldStart = false;
      } else this.#fieldStart = byte === this.#delimiter;
      at++;
    }
    this.#held = bytes.subarray(start);
    this.#scanned = at - start;
  }

  *#take(length: number, lineEnd: number): Generator<CsvRecord> {
    yield this.#record(this.#held.subarray(0, length));
    this.#held = this.#held.subarray(length + lineEnd);
    this.#line += 1;
    this.#linesInRecord = 0;
    this.#scanned = 0;
    this.#inQuotes = false;
    this.#fieldStart = true;
  }

  /** The first line of a record that never ends becomes a record of its own, and reading goes on behind it. */
  *#giveUpQuote(): Generator<CsvRecord> {
    const end = this.#held.indexOf(LF);
    this.#openQuotes++;
    if (
      !this.#inQuotes ||
      this.#openQuotes > MAX_OPEN_QUOTES ||
      (end === -1 && this.#held.length > this.#maxRowBytes)
    ) {
      throw this.#tooLong();
    }
    if (end === -1) yield* this.#take(this.#held.length, 0);
    else yield* this.#take(end, 1);
  }

  #record(bytes: Buffer): CsvRecord {
    if (bytes.length > this.#maxRowBytes) throw this.#tooLong();
    if (!isUtf8(bytes)) return { line: this.#line, bytes, fields: [], problem: 'not_utf8' };
    const text = bytes.toString('utf8');
    return { line: this.#line, bytes, ...splitRecord(text, this.#dialect) };
  }

  #tooLong(): LakeError {
    return new LakeError(ingestErrors.row_too_long, {
      detail: `The row that begins on line ${this.#line} is longer than ingest.max_row_bytes = ${this.#maxRowBytes}.`,
      data: {
        errors: [{ line: this.#line, column: null, reason: 'The row is too long; is a quote not closed?' }],
      },
    });
  }
}
