import { sql } from 'kysely';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { checkpointDigest, signedText } from './checkpoint.ts';
import type { HeadsLine } from './heads-file.ts';
import type { KeyTrust } from './key-trust.ts';
import type { ProblemList } from './problems.ts';
import { readUndamaged } from './read-undamaged.ts';

/** Places of a chain that are known from a signature, in ascending order, handed out as the walk comes by. */
export interface AnchorCursor {
  /** The signed hashes at `seq`; those before it are passed over. */
  take(seq: number): Promise<readonly SignedCheckpoint[]>;
  /** Those the walk never reached. */
  rest(): Promise<readonly SignedCheckpoint[]>;
  /** Gives back what reading them holds. */
  close(): Promise<void>;
  /** Of all those handed out or passed over. */
  seen(): { readonly count: number; readonly last: SignedCheckpoint | null };
}

export function anchorCursor(anchors: AsyncGenerator<SignedCheckpoint>): AnchorCursor {
  let next: SignedCheckpoint | null | undefined;
  let last: SignedCheckpoint | null = null;
  let count = 0;
  async function peek(): Promise<SignedCheckpoint | null> {
    if (next === undefined) {
      const step = await anchors.next();
      next = step.done === true ? null : step.value;
    }
    return next;
  }
  function pass(checkpoint: SignedCheckpoint): void {
    last = checkpoint;
    count += 1;
    next = undefined;
  }
  async function passWhile(
    condition: (checkpoint: SignedCheckpoint) => boolean,
  ): Promise<SignedCheckpoint[]> {
    const passed: SignedCheckpoint[] = [];
    for (let anchor = await peek(); anchor !== null && condition(anchor); anchor = await peek()) {
      pass(anchor);
      passed.push(anchor);
    }
    return passed;
  }
  return {
    take: async (seq) =>
      (await passWhile((anchor) => anchor.seq <= seq)).filter((anchor) => anchor.seq === seq),
    rest: () => passWhile(() => true),
    close: async () => {
      await anchors.return(undefined);
    },
    seen: () => ({ count, last }),
  };
}

/** The store's checkpoints of one writer up to `numberMax`, each checked by itself and against the one before. */
export async function* storedAnchors(parts: {
  readonly reader: MetastoreReader;
  readonly writer: string;
  readonly numberMax: number;
  /** Where what is kept of the chain begins: the first checkpoint kept is the very first, or covers exactly this. */
  readonly baseSeq: number;
  readonly trust: KeyTrust;
  readonly problems: ProblemList;
}): AsyncGenerator<SignedCheckpoint> {
  const { writer, trust, problems } = parts;
  let before: SignedCheckpoint | null = null;
  const isFirst = ({ number, seq }: SignedCheckpoint) =>
    number === 1 || (parts.baseSeq > 0 && seq === parts.baseSeq);
  for await (const checkpoint of storedCheckpoints(parts)) {
    const problem = problemOf(checkpoint, { before, isFirst, trust });
    if (problem !== null) {
      const seq = Number.isSafeInteger(checkpoint.seq) ? checkpoint.seq : (before?.seq ?? 0);
      problems.add({ writer, seq, id: null, place: 'checkpoint', problem });
    } else {
      yield checkpoint;
    }
    before = checkpoint;
  }
}

/** The heads file's checkpoints of one writer, each checked by itself and against the one before. */
export async function* headsFileAnchors(parts: {
  readonly lines: AsyncIterable<HeadsLine>;
  readonly writer: string;
  /** The first checkpoint the store keeps: the file begins no later. */
  readonly numberMin: number;
  readonly trust: KeyTrust;
  readonly problems: ProblemList;
}): AsyncGenerator<SignedCheckpoint> {
  const { writer, trust, problems } = parts;
  let before: SignedCheckpoint | null = null;
  const isFirst = ({ number }: SignedCheckpoint) => number <= parts.numberMin;
  for await (const { line, checkpoint } of parts.lines) {
    if (checkpoint !== null && checkpoint.writer !== writer) continue;
    const problem =
      checkpoint === null
        ? 'the line is not a checkpoint'
        : problemOf(checkpoint, { before, isFirst, trust });
    if (checkpoint !== null && problem === null) yield checkpoint;
    if (problem !== null) {
      const seq = checkpoint?.seq ?? (before?.seq ?? 0) + 1;
      problems.add({ writer, seq, id: null, place: 'heads_file', problem: `line ${line}: ${problem}` });
    }
    before = checkpoint ?? before;
  }
}

/** The one checkpoint that someone kept elsewhere, where it is of this writer and a trusted key in force there signed it. */
export async function* keptAnchor(parts: {
  readonly kept: SignedCheckpoint | undefined;
  readonly writer: string;
  readonly trust: KeyTrust;
  readonly problems: ProblemList;
}): AsyncGenerator<SignedCheckpoint> {
  const { kept, writer, trust, problems } = parts;
  if (kept === undefined || kept.writer !== writer) return;
  const { key_id: keyId, seq, number } = kept;
  if (trust.isSigned(signedText(kept), kept.signature, { keyId, seq })) {
    yield kept;
    return;
  }
  const problem = `checkpoint ${number}, which was kept, is not signed by a key of this journal, or was changed`;
  problems.add({ writer, seq, id: null, place: 'checkpoint', problem });
}

function problemOf(
  checkpoint: SignedCheckpoint,
  context: {
    readonly before: SignedCheckpoint | null;
    readonly isFirst: (checkpoint: SignedCheckpoint) => boolean;
    readonly trust: KeyTrust;
  },
): string | null {
  const { number, key_id: keyId, seq, previous } = checkpoint;
  const { before, isFirst, trust } = context;
  if (!trust.isSigned(signedText(checkpoint), checkpoint.signature, { keyId, seq })) {
    return `checkpoint ${number} is not signed by the key in force, or was changed`;
  }
  if (before === null) return isFirst(checkpoint) ? null : `the checkpoints before ${number} are missing`;
  if (number !== before.number + 1) return `checkpoints ${before.number + 1} to ${number - 1} are missing`;
  return previous === checkpointDigest(before)
    ? null
    : `checkpoint ${number} does not follow the one before it`;
}

const PAGE_ROWS = 500;

async function* storedCheckpoints(parts: {
  readonly reader: MetastoreReader;
  readonly writer: string;
  readonly numberMax: number;
  readonly baseSeq: number;
  readonly problems: ProblemList;
}): AsyncGenerator<SignedCheckpoint> {
  const { reader, writer, numberMax, problems } = parts;
  for (let after = -1; ; ) {
    const rows = await readUndamaged(
      reader,
      reader.queries
        .selectFrom('journal_checkpoints')
        .select(['writer', 'hash', 'previous', 'key_id', 'signature'])
        // As text: a damaged number may not be one that JavaScript can hold.
        .select([
          sql<string>`CAST(number AS TEXT)`.as('number'),
          sql<string>`CAST(seq AS TEXT)`.as('seq'),
          sql<string>`CAST(time_ms AS TEXT)`.as('time_ms'),
        ])
        .where('writer', '=', writer)
        .where('number', '>', after)
        .where('number', '<=', numberMax)
        .orderBy('journal_checkpoints.number')
        .limit(PAGE_ROWS),
    );
    if (rows === null) {
      const problem = 'the store’s file is damaged where it keeps checkpoints';
      problems.add({ writer, seq: parts.baseSeq, id: null, place: 'checkpoint', problem });
      return;
    }
    for (const row of rows) {
      yield { ...row, number: Number(row.number), seq: Number(row.seq), time_ms: Number(row.time_ms) };
    }
    const end = Number(rows.at(-1)?.number);
    if (rows.length < PAGE_ROWS || !Number.isSafeInteger(end)) return;
    after = end;
  }
}
