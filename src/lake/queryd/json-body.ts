import type { EngineStream } from '../engine/index.ts';

const NEWLINE = 0x0a;
const COMMA = 0x2c;
/** A smaller answer leaves as one chunk, and so in one write. */
const CHUNK_BYTES = 16_384;

export interface JsonBodyParts {
  /** JSON lines, one row more than `limit` where there are more. */
  readonly stream: EngineStream;
  readonly limit: number;
  readonly queryId: string;
  readonly latencyMs: () => number;
  readonly maskedColumns: readonly string[];
  readonly snapshots: Readonly<Record<string, string | null>>;
}

/**
 * The JSON answer as it is streamed: its rows are the engine's bytes with newlines made commas, never parsed here. A
 * newline byte is always the end of a row, since JSON escapes it inside strings.
 */
export function jsonBody(parts: JsonBodyParts): { chunks: AsyncIterable<Uint8Array>; rowCount(): number } {
  const counted = { rows: 0 };
  return { chunks: chunksOf(parts, counted), rowCount: () => counted.rows };
}

async function* chunksOf(parts: JsonBodyParts, counted: { rows: number }): AsyncGenerator<Uint8Array> {
  let truncated = false;
  const head = JSON.stringify({ query_id: parts.queryId, columns: parts.stream.columns });
  const gathered = new Gathered();
  gathered.add(Buffer.from(`${head.slice(0, -1)},"rows":[`));
  let separator = '';
  for await (const chunk of parts.stream.chunks) {
    // Rows past the limit are still read to their end, which closes the query properly.
    if (counted.rows >= parts.limit) {
      truncated = true;
      continue;
    }
    const taken = takeRows(chunk, parts.limit - counted.rows);
    counted.rows += taken.rows;
    if (taken.bytes.length < chunk.length && counted.rows >= parts.limit) truncated = true;
    const ends = taken.bytes.at(-1) === NEWLINE;
    gathered.add(Buffer.from(separator));
    gathered.add(commas(ends ? taken.bytes.subarray(0, -1) : taken.bytes));
    separator = ends ? ',' : '';
    if (gathered.sizeBytes() >= CHUNK_BYTES) yield gathered.take();
  }
  const tail = JSON.stringify({
    row_count: counted.rows,
    ...(truncated ? { truncated } : {}),
    latency_ms: parts.latencyMs(),
    masked_columns: parts.maskedColumns,
    snapshots: parts.snapshots,
  });
  gathered.add(Buffer.from(`],${tail.slice(1)}`));
  yield gathered.take();
}

class Gathered {
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#sizeBytes += piece.length;
  }

  sizeBytes(): number {
    return this.#sizeBytes;
  }

  take(): Uint8Array {
    const whole = Buffer.concat(this.#pieces, this.#sizeBytes);
    this.#pieces = [];
    this.#sizeBytes = 0;
    return whole;
  }
}

/** The chunk up to the end of its `most`-th row. */
function takeRows(chunk: Uint8Array, most: number): { bytes: Uint8Array; rows: number } {
  let rows = 0;
  let at = chunk.indexOf(NEWLINE);
  while (at >= 0) {
    rows += 1;
    if (rows === most) return { bytes: chunk.subarray(0, at + 1), rows };
    at = chunk.indexOf(NEWLINE, at + 1);
  }
  return { bytes: chunk, rows };
}

function commas(rows: Uint8Array): Uint8Array {
  let at = rows.indexOf(NEWLINE);
  while (at >= 0) {
    rows[at] = COMMA;
    at = rows.indexOf(NEWLINE, at + 1);
  }
  return rows;
}
