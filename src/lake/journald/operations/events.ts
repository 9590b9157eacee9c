import { z } from 'zod';
import type { JsonObject } from '../../../base/index.ts';
import { isUuid, LakeError } from '../../../base/index.ts';
import { nothingToJudge, type ReadOperation, readOperation } from '../../../govern/scope/index.ts';
import type { Database, MetastoreReader } from '../../../metastore/index.ts';
import { journalErrors } from '../errors.ts';
import { journalRead } from './access.ts';

const text = z.string().min(1).max(1024);

const input = z.strictObject({
  action: text.optional().describe('Only this action, for example dataset.ingested.'),
  subject: text.optional().describe('Only this subject, for example dataset:0198….'),
  identity: text
    .optional()
    .describe('Only what this identity did, by itself or through an agent acting for it.'),
  since: z.iso.datetime({ offset: true }).optional().describe('Recorded at this time or later.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Recorded before this time.'),
  order: z.enum(['asc', 'desc']).default('asc').describe('Oldest first, or newest first.'),
  after: z.string().optional().describe('Continue after this event: the `next` of the page before.'),
  limit: z.int().min(1).max(1000).default(100).describe('Events in a page.'),
});

const identity = z.object({ name: z.string(), role: z.string(), key_id: z.string().nullable() });

const output = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      writer: z.string(),
      seq: z.int(),
      time: z.string(),
      action: z.string(),
      subject: z.string(),
      data: z.record(z.string(), z.unknown()),
      identity,
      on_behalf_of: identity.nullable(),
      operation: z.string(),
      door: z.string(),
      request_id: z.string(),
      phase: z.enum(['done', 'intent', 'settled']),
      intent_id: z.string().nullable(),
      policy_version: z.int(),
      truth: z.array(z.object({ rule: z.string(), action: z.string() })).nullable(),
      prev_hash: z.string(),
      hash: z.string(),
    }),
  ),
  next: z.string().nullable().describe('Cursor of the next page; null at the end.'),
});

type EventRow = Database['journal_events'];
type EventsInput = z.infer<typeof input>;
type EventsOutput = z.infer<typeof output>;

/** Reads the journal, page by page. */
export function eventsOperation(store: MetastoreReader): ReadOperation<EventsInput, EventsOutput, null> {
  return readOperation({
    name: 'journal.events',
    summary: 'List journal events',
    description:
      'Every change made through the server, in the order of the journal: who, acting for whom, what, when, under ' +
      'which policy version and what truth said. Ids rise with the order, so the last id is the cursor.',
    input,
    output,
    access: journalRead(),
    truth: nothingToJudge('reads the record only'),
    async run(scope, filter) {
      scope.requirePermission('journal.read');
      const rows = await readPage(store, filter);
      const events = rows.slice(0, filter.limit).map(eventOf);
      const next = rows.length > filter.limit ? (events.at(-1)?.id ?? null) : null;
      return { kind: 'value', value: { events, next }, rowCount: events.length };
    },
  });
}

/**
 * One row more than the page, which tells whether another follows. What a person did and what was done for them are two
 * reads along two indexes: as one condition, every event of a busy identity would be sorted for each page.
 */
async function readPage(store: MetastoreReader, filter: EventsInput): Promise<EventRow[]> {
  const { identity: name, order, limit } = filter;
  const query = eventsQuery(store, filter);
  if (name === undefined) return store.read(query);
  const own = await store.read(query.where('identity', '=', name));
  const delegated = await store.read(query.where('on_behalf_of', '=', name));
  const rows = [...own, ...delegated.filter((row) => row.identity !== name)];
  const sign = order === 'asc' ? 1 : -1;
  return rows.sort((a, b) => (a.id < b.id ? -sign : sign)).slice(0, limit + 1);
}

function eventsQuery(store: MetastoreReader, filter: EventsInput) {
  const { action, subject, since, until, order, after, limit } = filter;
  let query = store.queries.selectFrom('journal_events').selectAll();
  if (action !== undefined) query = query.where('action', '=', action);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  if (since !== undefined) query = query.where('id', '>=', firstIdOf(Date.parse(since)));
  if (until !== undefined) query = query.where('id', '<', firstIdOf(Date.parse(until)));
  if (after !== undefined) {
    if (!isUuid(after)) {
      throw new LakeError(journalErrors.unknown_cursor, { detail: '`after` must be the id of an event.' });
    }
    query = query.where('id', order === 'asc' ? '>' : '<', after);
  }
  return query.orderBy('id', order).limit(limit + 1);
}

/**
 * The least UUIDv7 of a time. Times are looked up by id, which needs no index of its own: an id's time is the event's,
 * or later where the clock had gone backward.
 */
function firstIdOf(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

function eventOf(row: EventRow): EventsOutput['events'][number] {
  const record = JSON.parse(row.record) as JsonObject;
  return {
    id: row.id,
    writer: row.writer,
    seq: row.seq,
    time: new Date(row.time_ms).toISOString(),
    action: row.action,
    subject: row.subject,
    data: record.data as JsonObject,
    identity: record.identity as EventsOutput['events'][number]['identity'],
    on_behalf_of: record.on_behalf_of as EventsOutput['events'][number]['on_behalf_of'],
    operation: row.operation,
    door: row.door,
    request_id: row.request_id,
    phase: row.phase as 'done' | 'intent' | 'settled',
    intent_id: row.intent_id,
    policy_version: row.policy_version,
    truth: record.truth as EventsOutput['events'][number]['truth'],
    prev_hash: row.prev_hash,
    hash: row.hash,
  };
}
