import { z } from 'zod';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import { journalRead } from './access.ts';

const output = z.object({
  total_events_created: z.int().describe('Events ever created; unaffected by restarts and retention.'),
  events_kept: z.int().describe('Events not pruned.'),
  by_action: z.array(z.object({ action: z.string(), events: z.int() })).describe('Of the events kept.'),
  first_event_time: z.string().nullable(),
  last_event_time: z.string().nullable(),
  last_event_id: z.string().nullable(),
  last_checkpoint: z.object({ number: z.int(), seq: z.int(), time: z.string() }).nullable(),
  unsigned_events: z.int().describe('Events after the last checkpoint.'),
  open_intents: z.int().describe('Effects announced and not settled.'),
});

type StatsOutput = z.infer<typeof output>;

/** Counts of the journal. */
export function statsOperation(store: MetastoreReader) {
  return readOperation<Record<string, never>, StatsOutput, null>({
    name: 'journal.stats',
    summary: 'Count journal events',
    description: 'How many events the journal holds, by action, and how far they are signed.',
    input: z.strictObject({}),
    output,
    access: journalRead(),
    truth: nothingToJudge('counts only'),
    async run(scope) {
      scope.requirePermission('journal.read');
      return { kind: 'value', value: await readStats(store) };
    },
  });
}

async function readStats(store: MetastoreReader): Promise<StatsOutput> {
  const { queries } = store;
  const heads = await store.read(
    queries.selectFrom('journal_heads').select(['writer', 'seq', 'base_seq', 'last_id']),
  );
  const byAction = await store.read(
    queries
      .selectFrom('journal_events')
      .select((select) => ['action', select.fn.countAll<number>().as('events')])
      .groupBy('action')
      .orderBy('action'),
  );
  const ends = queries.selectFrom('journal_events').select('time_ms').limit(1);
  const [first] = await store.read(ends.orderBy('id'));
  const [last] = await store.read(ends.orderBy('id', 'desc'));
  const [checkpoint] = await store.read(
    queries
      .selectFrom('journal_checkpoints')
      .select(['number', 'seq', 'time_ms'])
      .orderBy('number', 'desc')
      .limit(1),
  );
  const [open] = await store.read(
    queries.selectFrom('journal_open_intents').select((select) => select.fn.countAll<number>().as('count')),
  );
  const total = heads.reduce((sum, head) => sum + head.seq, 0);
  const lastId =
    heads
      .map((head) => head.last_id)
      .sort()
      .at(-1) ?? '';
  return {
    total_events_created: total,
    events_kept: heads.reduce((sum, head) => sum + head.seq - head.base_seq, 0),
    by_action: byAction,
    first_event_time: timeText(first?.time_ms),
    last_event_time: timeText(last?.time_ms),
    last_event_id: lastId === '' ? null : lastId,
    last_checkpoint: checkpoint
      ? { number: checkpoint.number, seq: checkpoint.seq, time: new Date(checkpoint.time_ms).toISOString() }
      : null,
    unsigned_events: total - (checkpoint?.seq ?? 0),
    open_intents: open?.count ?? 0,
  };
}

function timeText(timeMs: number | undefined): string | null {
  return timeMs === undefined ? null : new Date(timeMs).toISOString();
}
