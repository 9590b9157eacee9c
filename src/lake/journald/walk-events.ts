import { sql } from 'kysely';
import type { JsonObject } from '../../base/index.ts';
import { isJsonObject } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { AnchorCursor } from './anchors.ts';
import type { IntentLedger } from './check-open-intents.ts';
import { chainHash, columnsOf } from './event-record.ts';
import type { JournalHead } from './journal-head.ts';
import type { ProblemList } from './problems.ts';
import { readUndamaged } from './read-undamaged.ts';

/** An event as stored; integers as text, since a damaged one may not be a number that JavaScript can hold. */
interface StoredEvent {
  readonly seq: string;
  readonly record: string;
  readonly prev_hash: string;
  readonly hash: string;
  /** The columns that repeat members of the record. */
  readonly columns: Readonly<Record<string, unknown>>;
}

interface WalkParts {
  readonly reader: MetastoreReader;
  readonly head: JournalHead;
  readonly cursors: readonly AnchorCursor[];
  readonly ledger: IntentLedger;
  readonly problems: ProblemList;
  readonly pageRows: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where the walk stands. */
interface Position {
  seq: number;
  /** Hashes the next event may name as the one before it; two where this event's own hash is in doubt. */
  hashes: readonly string[];
  id: string;
  /** The last place where a signature agreed. */
  agreedSeq: number;
  /** The previous hash that the last event names; null before the first. */
  previousHash: string | null;
  /** Something after that place was reported already: a signature that differs says nothing new. */
  doubtful: boolean;
}

/**
 * Walks one writer's chain from its base to the head it had when verification began, recomputing each hash, and holds
 * each signed place against it. Returns the number of events looked at.
 */
export async function walkEvents(parts: WalkParts): Promise<number> {
  const { head, problems, cursors } = parts;
  const position: Position = {
    seq: head.base_seq,
    hashes: [head.base_hash],
    id: '',
    agreedSeq: head.base_seq,
    previousHash: null,
    doubtful: false,
  };
  let events = 0;
  await compareAnchors(parts, position);
  for await (const event of storedEvents(parts)) {
    parts.signal?.throwIfAborted();
    events += 1;
    step(parts, position, event);
    await compareAnchors(parts, position);
    if (problems.isFull()) return events;
  }
  closeWalk(parts, position);
  for (const cursor of cursors) {
    const [beyond] = await cursor.rest();
    if (beyond === undefined) continue;
    report(parts, position.seq + 1, null, `cut off: events up to ${beyond.seq} were signed and are missing`);
  }
  return events;
}

function step(parts: WalkParts, position: Position, event: StoredEvent): void {
  const seq = Number(event.seq);
  const id = typeof event.columns.id === 'string' ? event.columns.id : null;
  if (!Number.isSafeInteger(seq) || seq <= position.seq) {
    report(parts, position.seq + 1, id, `the sequence number is ${event.seq}, which is out of order`);
    position.doubtful = true;
    return;
  }
  let before = position.hashes;
  if (seq > position.seq + 1) {
    report(parts, position.seq + 1, null, `missing: events ${position.seq + 1} to ${seq - 1}`);
    before = [event.prev_hash];
    position.doubtful = true;
  }
  const computed = chainHash(event.prev_hash, seq, event.record);
  const problem = before.includes(event.prev_hash)
    ? eventProblem(event, { computed, afterId: position.id })
    : 'the previous hash is not that of the event before it: one of the two was changed or moved';
  if (problem !== null) {
    report(parts, seq, id, problem);
    position.doubtful = true;
  }
  const { phase, intent_id: intentId } = event.columns;
  if (id !== null) parts.ledger.add({ id, seq, phase, intentId });
  position.seq = seq;
  position.previousHash = event.prev_hash;
  position.hashes = problem === null ? [event.hash] : [event.hash, computed];
  if (id !== null && id > position.id) position.id = id;
}

function eventProblem(
  event: StoredEvent,
  expected: { readonly computed: string; readonly afterId: string },
): string | null {
  if (event.hash !== expected.computed) return 'the record or its hash was changed';
  let record: unknown;
  try {
    record = JSON.parse(event.record);
  } catch {
    return 'the record is not JSON';
  }
  if (!isJsonObject(record)) return 'the record is not an object';
  const { id } = event.columns;
  for (const [name, value] of Object.entries(columnsOf(record as JsonObject))) {
    const stored = event.columns[name];
    if (stored !== (typeof value === 'number' ? String(value) : value))
      return `the column ${name} was changed`;
  }
  if (typeof id !== 'string' || id <= expected.afterId) return 'the id does not follow the one before it';
  return null;
}

async function compareAnchors(parts: WalkParts, position: Position): Promise<void> {
  for (const cursor of parts.cursors) {
    for (const { hash, number, seq } of await cursor.take(position.seq)) {
      if (position.hashes.includes(hash)) {
        position.agreedSeq = seq;
        position.doubtful = false;
        continue;
      }
      if (position.doubtful) continue;
      const since = position.agreedSeq + 1;
      report(
        parts,
        since,
        null,
        `rewritten: events ${since} to ${seq} are not what checkpoint ${number} signed`,
      );
    }
  }
}

/** The head against the last event. */
function closeWalk(parts: WalkParts, position: Position): void {
  const { head } = parts;
  if (position.seq < head.seq) {
    report(parts, position.seq + 1, null, `cut off: events ${position.seq + 1} to ${head.seq} are missing`);
    return;
  }
  const endsRight =
    position.hashes.includes(head.hash) &&
    (position.id === head.last_id || position.id === '') &&
    (position.previousHash === null || position.previousHash === head.prev_hash || position.doubtful);
  if (endsRight) return;
  const { writer, seq } = head;
  parts.problems.add({
    writer,
    seq,
    id: head.last_id,
    place: 'head',
    problem: 'the head is not that of the last event',
  });
}

function report({ head, problems }: WalkParts, seq: number, id: string | null, problem: string): void {
  problems.add({ writer: head.writer, seq, id, place: 'event', problem });
}

async function* storedEvents(parts: WalkParts): AsyncGenerator<StoredEvent> {
  const { head, pageRows } = parts;
  let after = head.base_seq;
  while (after < head.seq) {
    const through = Math.min(head.seq, after + pageRows);
    yield* await readPage(parts, after, through);
    after = through;
  }
}

/** The events in a range of sequence numbers; where the store is too damaged to read it, those that can be read. */
async function readPage(parts: WalkParts, after: number, through: number): Promise<StoredEvent[]> {
  const events = await readRange(parts, after, through);
  if (events !== null) return events;
  if (through - after === 1) {
    report(parts, through, null, 'the store’s file is damaged here: the event cannot be read');
    return [];
  }
  const middle = Math.floor((after + through) / 2);
  return [...(await readPage(parts, after, middle)), ...(await readPage(parts, middle, through))];
}

async function readRange(
  { reader, head }: WalkParts,
  after: number,
  through: number,
): Promise<StoredEvent[] | null> {
  const rows = await readUndamaged(
    reader,
    reader.queries
      .selectFrom('journal_events')
      .select([
        'id',
        'writer',
        'action',
        'subject',
        'identity',
        'on_behalf_of',
        'key_id',
        'operation',
        'door',
      ])
      .select(['request_id', 'phase', 'intent_id', 'record', 'prev_hash', 'hash'])
      .select([
        sql<string>`CAST(seq AS TEXT)`.as('seq'),
        sql<string>`CAST(time_ms AS TEXT)`.as('time_ms'),
        sql<string>`CAST(policy_version AS TEXT)`.as('policy_version'),
      ])
      .where('writer', '=', head.writer)
      .where('seq', '>', after)
      .where('seq', '<=', through)
      .orderBy('journal_events.seq'),
  );
  if (rows === null) return null;
  return rows.map(({ seq, record, prev_hash, hash, ...columns }) => ({
    seq,
    record,
    prev_hash,
    hash,
    columns,
  }));
}
