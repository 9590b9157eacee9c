import { LakeError } from '../../base/index.ts';
import type { Database, Metastore, MetastoreReader } from '../../metastore/index.ts';
import { statement } from '../../metastore/index.ts';
import { journalErrors } from './errors.ts';
import { GENESIS_HASH } from './event-record.ts';

export type JournalHead = Database['journal_heads'];

/** The writer of a home with one gateway. */
export const WRITER = 'main';

/** The head of a writer's chain. */
export async function readHead(store: MetastoreReader, writer: string): Promise<JournalHead> {
  const [head] = await store.read(
    store.queries.selectFrom('journal_heads').selectAll().where('writer', '=', writer),
  );
  if (head !== undefined) return head;
  throw damaged('The journal has no head.');
}

/** Makes the head of a new chain; one that is there stays. Throws `journal.damaged` where its last event is not. */
export async function ensureHead(store: Metastore, writer: string): Promise<JournalHead> {
  const empty: JournalHead = {
    writer,
    seq: 0,
    last_id: '',
    prev_hash: GENESIS_HASH,
    hash: GENESIS_HASH,
    base_seq: 0,
    base_hash: GENESIS_HASH,
    checkpoint_key_id: null,
  };
  await store.commit([
    statement(
      store.queries
        .insertInto('journal_heads')
        .values(empty)
        .onConflict((conflict) => conflict.column('writer').doNothing()),
    ),
  ]);
  const head = await readHead(store, writer);
  const [last] = await store.read(
    store.queries
      .selectFrom('journal_events')
      .select(['seq', 'id', 'hash'])
      .where('writer', '=', writer)
      .orderBy('seq', 'desc')
      .limit(1),
  );
  const ends = last ?? { seq: head.base_seq, id: head.last_id, hash: head.base_hash };
  if (ends.seq === head.seq && ends.hash === head.hash && ends.id === head.last_id) return head;
  throw damaged(`The journal's head says event ${head.seq}, but the last one stored is ${ends.seq}.`);
}

function damaged(detail: string): LakeError {
  return new LakeError(journalErrors.damaged, { detail });
}
