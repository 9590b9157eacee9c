import type { MetastoreReader } from '../../metastore/index.ts';
import { type AnchorCursor, anchorCursor, headsFileAnchors, keptAnchor, storedAnchors } from './anchors.ts';
import { checkOpenIntents, intentLedger } from './check-open-intents.ts';
import { headsLine, type SignedCheckpoint } from './checkpoint.ts';
import { findStrays, findUnknownHeads, findUnknownWriters } from './find-strays.ts';
import { type HeadsFile, readHeads } from './heads-file.ts';
import type { JournalHead } from './journal-head.ts';
import { type KeyTrust, readKeyTrust } from './key-trust.ts';
import { type JournalProblem, type ProblemList, problemList } from './problems.ts';
import { checkBase } from './pruned-base.ts';
import { readUndamaged } from './read-undamaged.ts';
import { walkEvents } from './walk-events.ts';

/** What verification found out. */
export interface VerifyReport {
  /** True where no problem was found; `notes` say what could not be looked at. */
  readonly valid: boolean;
  readonly events_checked: number;
  /** Signed checkpoints of the store that are right. */
  readonly checkpoints_checked: number;
  /** Signed checkpoints of the heads file that are right. */
  readonly heads_checked: number;
  /** 1 where a checkpoint was given that is signed by a key of the journal. */
  readonly kept_checked: number;
  /** The problem earliest in the chain. */
  readonly first_bad: JournalProblem | null;
  /** In the order of the chain, at most 100. */
  readonly problems: readonly JournalProblem[];
  /** Events after the last checkpoint: whoever can write the store could rewrite these unseen. */
  readonly unsigned_events: number;
  /** Events that were pruned, vouched for by a signature alone. */
  readonly pruned_events: number;
  readonly notes: readonly string[];
}

export interface VerifyParts {
  readonly reader: MetastoreReader;
  /** Path of the heads file. */
  readonly headsFile: string;
  /** Public keys to trust, SPKI PEM; keys of rotations are found from these. */
  readonly publicKeys: readonly string[];
  /** A checkpoint kept outside the home, which the chain must still agree with. */
  readonly kept?: SignedCheckpoint | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Verification is repeated when the journal was pruned meanwhile. */
const RUNS_MAX = 3;
/** Events read and hashed at a time: some milliseconds of the event loop. */
const PAGE_ROWS = 500;

/**
 * Recomputes every chain of the store, page by page, and compares: each record with its hash, its columns and its
 * place; the head; every signed checkpoint, in the store and in the heads file.
 *
 * Finds and names any changed, removed, inserted, reordered or cut-off event up to the last checkpoint that is signed
 * and kept, and accidental damage anywhere. Does not find: a rewrite of events after the last checkpoint that also
 * recomputes the hashes; a cut after the last head kept elsewhere where the head was set back too; anything done by one
 * who holds the private key and every copy of the heads file and of checkpoints.
 */
export async function verifyJournal(parts: VerifyParts): Promise<VerifyReport> {
  for (let run = 1; ; run++) {
    const basesBefore = await readBases(parts.reader);
    const report = await verifyOnce(parts);
    if (report.valid || run === RUNS_MAX || basesBefore === (await readBases(parts.reader))) return report;
  }
}

interface Tally {
  events: number;
  checkpoints: number;
  heads: number;
  kept: number;
  unsigned: number;
  pruned: number;
}

async function verifyOnce(parts: VerifyParts): Promise<VerifyReport> {
  const { reader } = parts;
  // In this order: what is signed is older than the head read after it, so that a journal in use is not taken for cut.
  const headsFile = await readHeads(parts.headsFile);
  const numbers = await readNumbers(reader);
  const heads = await reader.read(reader.queries.selectFrom('journal_heads').selectAll().orderBy('writer'));
  const problems = problemList();
  const tally: Tally = { events: 0, checkpoints: 0, heads: 0, kept: 0, unsigned: 0, pruned: 0 };
  for (const head of heads) {
    await verifyChain({
      ...parts,
      head,
      headsFile,
      numbers: numbers.get(head.writer) ?? { first: 1, last: 0 },
      problems,
      tally,
    });
    await findStrays(reader, head, problems);
  }
  await findUnknownWriters(reader, heads, problems);
  await findUnknownHeads(headsFile, heads, problems);
  const { kept } = parts;
  const keptHead = heads.find((head) => head.writer === kept?.writer);
  if (kept !== undefined && keptHead === undefined) {
    const problem = `the store has no events of the writer of checkpoint ${kept.number}, which was kept`;
    problems.add({ writer: kept.writer, seq: kept.seq, id: null, place: 'checkpoint', problem });
  }
  const found = problems.inOrder();
  return {
    valid: found.length === 0,
    events_checked: tally.events,
    checkpoints_checked: tally.checkpoints,
    heads_checked: tally.heads,
    kept_checked: tally.kept,
    first_bad: found[0] ?? null,
    problems: found,
    unsigned_events: tally.unsigned,
    pruned_events: tally.pruned,
    notes: [
      ...notes(tally, headsFile.exists),
      ...((kept?.seq ?? 0) < (keptHead?.base_seq ?? 0)
        ? ['The checkpoint that was given covers pruned events: nothing is left to compare it with.']
        : []),
    ],
  };
}

interface ChainParts extends Omit<VerifyParts, 'headsFile'> {
  readonly head: JournalHead;
  readonly headsFile: HeadsFile;
  readonly numbers: NumberRange;
  readonly problems: ProblemList;
  readonly tally: Tally;
}

async function verifyChain(parts: ChainParts): Promise<void> {
  const { reader, head, problems, tally, headsFile, numbers, signal } = parts;
  const { writer } = head;
  const trust = await readKeyTrust(reader, writer, parts.publicKeys);
  await checkBase({ reader, head, trust, problems });
  const stored = anchorCursor(
    storedAnchors({ reader, writer, numberMax: numbers.last, baseSeq: head.base_seq, trust, problems }),
  );
  const kept = anchorCursor(
    headsFileAnchors({ lines: headsFile.lines(), writer, numberMin: numbers.first, trust, problems }),
  );
  const given = anchorCursor(keptAnchor({ kept: parts.kept, writer, trust, problems }));
  const cursors = [stored, kept, given];
  const ledger = intentLedger();
  try {
    const walk = { reader, head, cursors, ledger, problems, signal, pageRows: PAGE_ROWS };
    tally.events += await walkEvents(walk);
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
  if (!problems.isFull()) await checkOpenIntents({ reader, head, ledger, problems });
  tally.checkpoints += stored.seen().count;
  tally.heads += kept.seen().count;
  tally.kept += given.seen().count;
  const signedSeq = Math.max(stored.seen().last?.seq ?? 0, kept.seen().last?.seq ?? 0);
  tally.unsigned += Math.max(0, head.seq - signedSeq);
  tally.pruned += head.base_seq;
  checkEnds({ head, stored, kept, trust, problems });
  await checkTail(parts, kept.seen().last);
}

/** A crash leaves the beginning of the line that was to follow, and nothing else. */
async function checkTail(parts: ChainParts, last: SignedCheckpoint | null): Promise<void> {
  const { reader, head, headsFile, problems } = parts;
  const { writer } = head;
  const tail = await headsFile.tail();
  if (tail === '') return;
  const [next] = await reader.read(
    reader.queries
      .selectFrom('journal_checkpoints')
      .selectAll()
      .where('writer', '=', writer)
      .where('number', '=', (last?.number ?? 0) + 1),
  );
  if (next !== undefined && headsLine(next).startsWith(tail)) return;
  const problem = 'the end is not the beginning of the next line';
  problems.add({ writer, seq: (last?.seq ?? 0) + 1, id: null, place: 'heads_file', problem });
}

/** What only shows at the end: checkpoints taken from the store's end, and another key put in force. */
function checkEnds(parts: {
  readonly head: JournalHead;
  readonly stored: AnchorCursor;
  readonly kept: AnchorCursor;
  readonly trust: KeyTrust;
  readonly problems: ProblemList;
}): void {
  const { head, problems } = parts;
  const { writer } = head;
  const stored = parts.stored.seen().last;
  const kept = parts.kept.seen().last;
  const add = (seq: number, problem: string) =>
    problems.add({ writer, seq, id: null, place: 'checkpoint', problem });
  if (stored === null && head.seq > 0)
    add(1, 'the store holds no valid checkpoint, though one is made at the start');
  if ((kept?.number ?? 0) > (stored?.number ?? 0)) {
    add((stored?.seq ?? 0) + 1, `the store lacks checkpoint ${kept?.number}, which the heads file holds`);
  }
  const keyInForce = parts.trust.keyInForce(head.seq) ?? stored?.key_id;
  if (stored !== null && head.checkpoint_key_id !== keyInForce) {
    add(head.seq, 'the head names another checkpoint key than the chain');
  }
}

interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** The first and last number of each writer's checkpoints. */
async function readNumbers(reader: MetastoreReader): Promise<ReadonlyMap<string, NumberRange>> {
  const { queries } = reader;
  const rows = await readUndamaged(
    reader,
    queries
      .selectFrom('journal_checkpoints')
      .select(({ fn }) => ['writer', fn.min('number').as('first'), fn.max('number').as('last')])
      .groupBy('writer'),
  );
  return new Map((rows ?? []).map(({ writer, first, last }) => [writer, { first, last }]));
}

async function readBases(reader: MetastoreReader): Promise<string> {
  const { queries } = reader;
  const rows = await reader.read(
    queries.selectFrom('journal_heads').select(['writer', 'base_seq']).orderBy('writer'),
  );
  return JSON.stringify(rows);
}

function notes({ unsigned, pruned }: Tally, headsExist: boolean): string[] {
  const said: string[] = [];
  if (!headsExist) {
    said.push(
      'The heads file is not there: a cut that also took checkpoints out of the store would not be found.',
    );
  }
  if (unsigned > 0) {
    said.push(
      `The last ${unsigned} events are not signed yet: a rewrite of these with new hashes is not found.`,
    );
  }
  if (pruned > 0) {
    said.push(
      `${pruned} events were pruned: a signature vouches for their number and last hash, not their content.`,
    );
  }
  return said;
}
