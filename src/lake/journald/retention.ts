import type { Clock, Logger } from '../../base/index.ts';
import { SYSTEM_IDENTITY } from '../../govern/scope/index.ts';
import type { Metastore } from '../../metastore/index.ts';
import { statement } from '../../metastore/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import type { Checkpointer } from './checkpointer.ts';
import type { Journal } from './journal.ts';
import { readHead } from './journal-head.ts';
import { PRUNED, prunedData } from './pruned-base.ts';

const DAY_MS = 86_400_000;
/** Events removed in one transaction, so that no commit of others waits long; never less than one checkpoint's. */
const PRUNE_EVENTS_MAX = 5_000;

interface RetentionParts {
  readonly store: Metastore;
  readonly writer: string;
  readonly journal: Journal;
  readonly checkpointer: Checkpointer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly retentionDays: number;
  readonly newRequestId: () => string;
}

/**
 * Removes events older than the retention, only up to a signed checkpoint and never past an open intent. Each removal is
 * one transaction with its own event, which is signed: verification then starts from there. Returns the events removed.
 */
export async function pruneJournal(parts: RetentionParts): Promise<number> {
  if (parts.retentionDays === 0) return 0;
  const beforeMs = parts.clock.nowMs() - parts.retentionDays * DAY_MS;
  let removed = 0;
  for (;;) {
    const events = await pruneOnce(parts, beforeMs);
    if (events === 0) return removed;
    removed += events;
  }
}

async function pruneOnce(parts: RetentionParts, beforeMs: number): Promise<number> {
  const { store, writer, journal, log } = parts;
  const head = await readHead(store, writer);
  const checkpoint = await checkpointToPruneTo(parts, { beforeMs, baseSeq: head.base_seq });
  if (checkpoint === null) return 0;
  const { seq, hash, number } = checkpoint;
  const events = seq - head.base_seq;
  const data = prunedData({ throughSeq: seq, throughHash: hash, events }, parts.checkpointer.key());
  const event = journal.append(
    { action: PRUNED, subject: `journal:${writer}`, data },
    {
      requestId: parts.newRequestId(),
      operation: 'journal.prune',
      door: 'internal',
      identity: SYSTEM_IDENTITY,
      policyVersion: 0,
      phase: 'done',
      intentId: null,
      truth: null,
    },
  );
  const { queries } = store;
  const outcome = await store.commit([
    statement(
      queries
        .updateTable('journal_heads')
        .set({ base_seq: seq, base_hash: hash })
        .where('writer', '=', writer)
        .where('base_seq', '=', head.base_seq),
      { rows: 1, refusal: 'journal_base_moved' },
    ),
    statement(queries.deleteFrom('journal_events').where('writer', '=', writer).where('seq', '<=', seq), {
      rows: events,
      refusal: 'journal_base_moved',
    }),
    statement(
      queries.deleteFrom('journal_checkpoints').where('writer', '=', writer).where('number', '<', number),
    ),
    ...event.statements,
  ]);
  if (!outcome.committed) {
    log.warn({ refusal: outcome.refusal }, 'old journal events were not pruned');
    return 0;
  }
  journal.committed(1);
  log.info({ events, throughSeq: seq }, 'old journal events were pruned');
  return events;
}

/** The latest checkpoint made before the limit that is not too far; the next one where each is too far. */
async function checkpointToPruneTo(
  { store, writer }: RetentionParts,
  limit: { readonly beforeMs: number; readonly baseSeq: number },
): Promise<SignedCheckpoint | null> {
  const oldestIntent = await oldestOpenIntentSeq(store);
  const candidates = store.queries
    .selectFrom('journal_checkpoints')
    .selectAll()
    .where('writer', '=', writer)
    .where('seq', '>', limit.baseSeq)
    .where('seq', '<', oldestIntent)
    .where('time_ms', '<', limit.beforeMs)
    .limit(1);
  const near = candidates.where('seq', '<=', limit.baseSeq + PRUNE_EVENTS_MAX).orderBy('number', 'desc');
  const [checkpoint] = await store.read(near);
  if (checkpoint !== undefined) return checkpoint;
  const [next] = await store.read(candidates.orderBy('number'));
  return next ?? null;
}

async function oldestOpenIntentSeq(store: Metastore): Promise<number> {
  const [row] = await store.read(
    store.queries
      .selectFrom('journal_open_intents')
      .innerJoin('journal_events', 'journal_events.id', 'journal_open_intents.intent_id')
      .select('seq')
      .orderBy('seq')
      .limit(1),
  );
  return row?.seq ?? Number.MAX_SAFE_INTEGER;
}
