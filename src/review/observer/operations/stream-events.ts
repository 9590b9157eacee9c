import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import {
  identityLabel,
  nothingToJudge,
  permissionRule,
  type ReadScope,
  readOperation,
} from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import type { ObserverEventRow } from '../../../metastore/tables/observer.ts';
import { cursorSeq, cursorText } from '../cursor.ts';
import { observerErrors } from '../errors.ts';
import { shownEvent } from '../event.ts';
import type { EventFeed } from '../event-feed.ts';
import { filteredEvents, filterMembers, lastSeq } from '../event-filter.ts';
import type { StreamPlaces } from '../stream-places.ts';

const inputSchema = z.strictObject({
  ...filterMembers,
  after: cursorText.optional().describe('Begin after this place; 0 for the oldest event. Now where absent.'),
  last_event_id: cursorText.optional().describe('The last id that was seen; wins over `after`.'),
  limit: z.int().min(1).optional().describe('End after so many events.'),
});
type Input = z.output<typeof inputSchema>;

/** Rows read at once; no more of them wait for a slow reader, whom the gateway disconnects in the end. */
const PAGE = 100;
const HEARTBEAT_MS = 15_000;
/** A stream ends then and its client comes back with the last id, past every step of the door: so policy changes reach it. */
const LONGEST_MS = 300_000;

const encoder = new TextEncoder();
/** Adapters hold the last chunk back; an empty one after it lets it go. */
const LET_GO = new Uint8Array(0);

export interface StreamParts {
  readonly reader: MetastoreReader;
  readonly feed: EventFeed;
  readonly clock: Clock;
  readonly places: StreamPlaces;
}

/** `observer.stream`: events as they come in, as server-sent events. */
export function streamEvents(parts: StreamParts) {
  return readOperation<Input, never, null>({
    name: 'observer.stream',
    summary: 'Follow events',
    description:
      'Events as server-sent events: `id` is the `seq`, `data` the event as GET /events shows it. A stream ends after ' +
      'five minutes at most; come back with `Last-Event-ID` and nothing is missed. It ends at once when the key is revoked.',
    input: inputSchema,
    output: z.never(),
    access: permissionRule('events.read'),
    truth: nothingToJudge('Events are what their senders say.'),
    async run(scope, input) {
      scope.requirePermission('events.read');
      const from = input.last_event_id ?? input.after;
      const after = from === undefined ? await lastSeq(parts.reader) : cursorSeq(from);
      const sent = { events: 0 };
      return {
        kind: 'stream',
        contentType: 'text/event-stream',
        headers: { 'cache-control': 'no-store' },
        chunks: follow(parts, scope, input, after, sent),
        rowCount: () => sent.events,
      };
    },
  });
}

async function* follow(
  parts: StreamParts,
  scope: ReadScope,
  input: Input,
  begin: number,
  sent: { events: number },
): AsyncGenerator<Uint8Array> {
  const { feed, clock, reader } = parts;
  // Taken here and not before: a stream that is given up before its first chunk never comes to the `finally`.
  const leave = parts.places.take(identityLabel(scope.identity));
  if (leave === null) throw tooMany();
  try {
    const endMs = clock.monotonicMs() + LONGEST_MS;
    const limit = input.limit ?? Number.POSITIVE_INFINITY;
    let after = begin;
    // An id without data moves only the place to come back to.
    yield encoder.encode(`retry: 1000\nid: ${after}\n\n`);
    yield LET_GO;
    while (!feed.stopped && clock.monotonicMs() < endMs) {
      const version = feed.version;
      const head = await lastSeq(reader);
      const rows = await pageOf(reader, input, after, head);
      for (const row of rows) {
        yield encoder.encode(eventText(row));
        sent.events += 1;
        if (sent.events >= limit) return;
      }
      yield LET_GO;
      const isOver = rows.length < PAGE;
      after = isOver ? Math.max(after, head) : Number(rows.at(-1)?.seq ?? head);
      if (!isOver || (await feed.beyond(version, { timeoutMs: HEARTBEAT_MS, signal: scope.signal })))
        continue;
      yield encoder.encode(`: alive\nid: ${after}\n\n`);
      yield LET_GO;
    }
  } finally {
    leave();
  }
}

function pageOf(
  reader: MetastoreReader,
  { after: _after, last_event_id: _last, limit: _limit, ...filter }: Input,
  after: number,
  head: number,
): Promise<ObserverEventRow[]> {
  const query = filteredEvents(reader, filter).where('seq', '>', after).where('seq', '<=', head);
  return reader.read(query.orderBy('seq').limit(PAGE));
}

/** JSON has no line break, so no event can end early or forge another. */
function eventText(row: ObserverEventRow): string {
  return `id: ${row.seq}\ndata: ${JSON.stringify(shownEvent(row))}\n\n`;
}

function tooMany(): LakeError {
  return new LakeError(observerErrors.too_many_streams, {
    detail: 'You, or all callers together, follow events by as many streams as are let. Close one first.',
  });
}
