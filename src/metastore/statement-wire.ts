import type { Statement } from '../base/index.ts';

/**
 * Batches as they cross to the writer's thread. Copying between threads is paid by the property and by the character, so
 * each SQL text crosses once and is a number from then on, and a batch is one flat list: for each statement the number of
 * its text, its guard's rows and refusal (null where it has none), the count of its parameters, and those.
 */
export interface WireBatches {
  /** The table of texts begins anew: it was full. */
  readonly isFirst: boolean;
  /** Texts not sent before; the first takes the next free number. */
  readonly texts: readonly string[];
  readonly batches: readonly (readonly unknown[])[];
}

type Batch = readonly Statement[];

/** Texts known by number at once; more than the program has of those that are not made up for one use. */
const TEXTS_MAX = 1_024;

/** Writes batches for one reader of them, which must be given all, in order. */
export function createBatchEncoder(): (batches: readonly Batch[]) => WireBatches {
  const numbers = new Map<string, number>();
  return (batches) => {
    // Between messages only: a message's numbers are all of one table.
    const isFirst = numbers.size === 0 || numbers.size >= TEXTS_MAX;
    if (isFirst) numbers.clear();
    const texts: string[] = [];
    const numberOf = (sql: string) => {
      const known = numbers.get(sql);
      if (known !== undefined) return known;
      texts.push(sql);
      numbers.set(sql, numbers.size);
      return numbers.size - 1;
    };
    return { isFirst, texts, batches: batches.map((batch) => flattened(batch, numberOf)) };
  };
}

/** Reads what one encoder wrote, in the order it wrote it. */
export function createBatchDecoder(): (wire: WireBatches) => readonly Batch[] {
  let texts: string[] = [];
  return (wire) => {
    if (wire.isFirst) texts = [];
    texts.push(...wire.texts);
    return wire.batches.map((flat) => statementsOf(flat, texts));
  };
}

const HEAD_LENGTH = 4;

function flattened(batch: Batch, numberOf: (sql: string) => number): readonly unknown[] {
  const flat: unknown[] = [];
  for (const { sql, parameters, guard } of batch) {
    flat.push(numberOf(sql), guard?.rows ?? null, guard?.refusal ?? null, parameters.length);
    for (const value of parameters) flat.push(value);
  }
  return flat;
}

function statementsOf(flat: readonly unknown[], texts: readonly string[]): Batch {
  const statements: Statement[] = [];
  for (let at = 0; at < flat.length; ) {
    const [text, rows, refusal, count] = flat.slice(at, at + HEAD_LENGTH);
    at += HEAD_LENGTH;
    const parameters = flat.slice(at, at + Number(count));
    at += parameters.length;
    const sql = texts[Number(text)] ?? '';
    const isGuarded = typeof rows === 'number' && typeof refusal === 'string';
    statements.push(isGuarded ? { sql, parameters, guard: { rows, refusal } } : { sql, parameters });
  }
  return statements;
}
