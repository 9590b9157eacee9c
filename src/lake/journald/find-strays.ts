import { sql } from 'kysely';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { HeadsFile } from './heads-file.ts';
import type { JournalHead } from './journal-head.ts';
import type { ProblemList } from './problems.ts';
import { readUndamaged } from './read-undamaged.ts';

const DAMAGED = 'the store’s file is damaged where it keeps the order of events';
/** Events that may have been added while verification ran, looked at in one read. */
const STRAYS_ROWS = 500;

/** Reports events of a writer that stand outside the range its head gives. */
export async function findStrays(
  reader: MetastoreReader,
  head: JournalHead,
  problems: ProblemList,
): Promise<void> {
  const { writer } = head;
  const add = (id: string | null, problem: string) =>
    problems.add({ writer, seq: head.seq + 1, id, place: 'event', problem });
  const events = reader.queries
    .selectFrom('journal_events')
    .select('id')
    .where('writer', '=', writer)
    .limit(STRAYS_ROWS);
  const before = await readUndamaged(reader, events.where('seq', '<=', head.base_seq));
  const after = await readUndamaged(reader, events.where('seq', '>', head.seq));
  if (before === null || after === null) {
    add(null, DAMAGED);
    return;
  }
  const [now] = await reader.read(
    reader.queries.selectFrom('journal_heads').select('seq').where('writer', '=', writer),
  );
  // The journal may have grown since the head was read: by as many events, with ids above that head's.
  const isGrowth = after.length <= (now?.seq ?? 0) - head.seq && after.every(({ id }) => id > head.last_id);
  const stray = before[0] ?? (isGrowth ? undefined : after[0]);
  if (stray !== undefined) add(stray.id, 'an event stands outside the chain that the head ends');
}

/** Reports writers without a head. Goes from writer to writer along the index: the cost is not that of the events. */
export async function findUnknownWriters(
  reader: MetastoreReader,
  heads: readonly JournalHead[],
  problems: ProblemList,
): Promise<void> {
  const known = new Set(heads.map((head) => head.writer));
  const events = reader.queries
    .selectFrom('journal_events')
    .select(['id', 'writer', sql<string>`CAST(seq AS TEXT)`.as('place')])
    .orderBy('writer')
    .limit(1);
  let rows = await readUndamaged(reader, events);
  for (let event = rows?.[0]; event !== undefined && !problems.isFull(); event = rows?.[0]) {
    const { id, writer } = event;
    if (!known.has(writer)) {
      const seq = Number.isSafeInteger(Number(event.place)) ? Number(event.place) : 1;
      problems.add({ writer, seq, id, place: 'event', problem: 'an event of a writer that has no head' });
    }
    rows = await readUndamaged(reader, events.where('writer', '>', writer));
  }
}

/**
 * Reports lines of the heads file of a writer without a head. No chain looks at these: the last line, whose loss alone is no
 * sign of anything, could pass for one of another writer.
 */
export async function findUnknownHeads(
  headsFile: HeadsFile,
  heads: readonly JournalHead[],
  problems: ProblemList,
): Promise<void> {
  const known = new Set(heads.map((head) => head.writer));
  for await (const { line, checkpoint } of headsFile.lines()) {
    if (checkpoint === null || known.has(checkpoint.writer)) continue;
    const { writer, seq } = checkpoint;
    const problem = `line ${line}: the store has no events of its writer`;
    problems.add({ writer, seq, id: null, place: 'heads_file', problem });
  }
}
