import type { Clock, IdGenerator, Statement } from '../../base/index.ts';
import type { EventDraft } from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { EventInput } from './event.ts';
import type { EventStatements } from './event-statements.ts';
import { safeText } from './safe-text.ts';

export interface RecordParts {
  readonly reader: MetastoreReader;
  readonly writes: EventStatements;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** Events ready to be committed, planned against what the store holds now. */
export interface PlannedRecord {
  readonly statements: readonly Statement[];
  /** By count only: events are many and hold what their senders please. Null where all of them are there already. */
  readonly event: EventDraft | null;
  readonly accepted: number;
  readonly duplicate: number;
  /** One for each event given, in its order; of a duplicate, the id of the one that was there first. */
  readonly eventIds: readonly string[];
}

/**
 * Plans to record events as one identity. An event whose source and external id are known from it is left out: what
 * another sent under the same id keeps nothing out. One that comes in meanwhile by another request refuses the commit
 * (`event_taken`), and the next attempt sees it.
 */
export async function planRecord(
  parts: RecordParts,
  identity: string,
  events: readonly EventInput[],
): Promise<PlannedRecord> {
  const known = await knownIds(parts.reader, identity, events);
  const receivedMs = Math.floor(parts.clock.nowMs());
  const fresh: { readonly eventId: string; readonly event: EventInput }[] = [];
  const eventIds = events.map((event) => {
    const name = nameOf(event);
    const earlier = name === null ? undefined : known.get(name);
    if (earlier !== undefined) return earlier;
    const eventId = parts.ids.next();
    fresh.push({ eventId, event });
    if (name !== null) known.set(name, eventId);
    return eventId;
  });
  const accepted = fresh.length;
  if (accepted === 0) {
    return { statements: [], event: null, accepted, duplicate: events.length, eventIds };
  }
  const { moveHead, insert } = parts.writes;
  const inserts = fresh.map(({ eventId, event }, index) =>
    insert(
      {
        after: accepted - 1 - index,
        event_id: eventId,
        source: event.source,
        external_id: event.external_id ?? null,
        kind: event.kind,
        severity: event.severity,
        time_ms: event.time === undefined ? receivedMs : Date.parse(event.time),
        received_ms: receivedMs,
        identity,
        correlation_id: event.correlation_id ?? null,
        signature: event.signature ?? null,
        message: safeText(event.message),
        data_json: JSON.stringify(event.data ?? null),
      },
      { rows: 1, refusal: 'event_taken' },
    ),
  );
  return {
    statements: [moveHead({ accepted }, { rows: 1, refusal: 'event_head' }), ...inserts],
    event: { action: 'event.recorded', subject: 'observer:events', data: { events: accepted } },
    accepted,
    duplicate: events.length - accepted,
    eventIds,
  };
}

/** Ids of events of this identity that are there, by source and external id. */
async function knownIds(
  reader: MetastoreReader,
  identity: string,
  events: readonly EventInput[],
): Promise<Map<string, string>> {
  const named = events.filter((event) => event.external_id !== undefined);
  if (named.length === 0) return new Map();
  const rows = await reader.read(
    reader.queries
      .selectFrom('observer_events')
      .select(['event_id', 'source', 'external_id'])
      .where('identity', '=', identity)
      .where('external_id', 'in', [...new Set(named.map((event) => event.external_id ?? ''))])
      .where('source', 'in', [...new Set(named.map((event) => event.source))]),
  );
  return new Map(rows.map((row): [string, string] => [`${row.source} ${row.external_id}`, row.event_id]));
}

/** A source has no space, so no two pairs share a name. */
function nameOf(event: EventInput): string | null {
  return event.external_id === undefined ? null : `${event.source} ${event.external_id}`;
}
