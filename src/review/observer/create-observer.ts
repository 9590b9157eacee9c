import { resolve } from 'node:path';
import type { Clock, IdGenerator, Logger, Statement } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import {
  type AnyOperation,
  type EventDraft,
  type HttpRoute,
  identityLabel,
  SYSTEM_IDENTITY,
} from '../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import { readEscalations } from './escalation-rules.ts';
import { watchForEscalations } from './escalations.ts';
import type { EventInput, NewEvent } from './event.ts';
import { createEventFeed } from './event-feed.ts';
import { createEventSpool } from './event-spool.ts';
import { createEventStatements } from './event-statements.ts';
import { eventStats } from './operations/event-stats.ts';
import { listEvents } from './operations/list-events.ts';
import { recordEvent } from './operations/record-event.ts';
import { streamEvents } from './operations/stream-events.ts';
import { planRecord } from './plan-record.ts';
import { observerRoutes } from './routes.ts';
import { createStreamPlaces } from './stream-places.ts';

/** Events that wait in memory at most. */
const SPOOL_LENGTH = 10_000;
const STREAMS = { all: 100, ofOneIdentity: 10 };
const DAY_MS = 86_400_000;

export interface ObserverParts {
  readonly home: string;
  readonly config: Config['observer'];
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Logger;
  /** Commits events of this process with their journal event, as the system itself. */
  commit(change: { readonly statements: readonly Statement[]; readonly event: EventDraft }): Promise<unknown>;
}

/** The room as main sees it. */
export interface Observer {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** For rooms that tell of what they did; never throws and never waits. */
  tell(event: NewEvent): void;
  /** Looks for what adds up, from now on. Call once the store takes changes. */
  start(): void;
  /** Ends the live streams, in order: a server that goes does not wait for them. */
  stopping(): void;
  /** Records what still waits. The store must still be open. */
  close(): Promise<void>;
  /** What forgets events past their retention, and its journal event; null where there are none. */
  retention(): Promise<{ readonly statements: readonly Statement[]; readonly event: EventDraft } | null>;
}

/** Throws `observer.escalations_invalid` and `observer.escalations_unreadable`. */
export function createObserver(parts: ObserverParts): Observer {
  const { home, config, reader, clock, ids, log } = parts;
  const { rules } = readEscalations(config.escalations_file, (path) => resolve(home, path));
  const feed = createEventFeed();
  const recordParts = { reader, clock, ids, writes: createEventStatements(reader) };
  const record = async (events: readonly EventInput[]) => {
    const { statements, event } = await planRecord(recordParts, identityLabel(SYSTEM_IDENTITY), events);
    if (event === null) return;
    await parts.commit({ statements, event });
    feed.changed();
  };
  const spool = createEventSpool({ record, ids, log, capacity: SPOOL_LENGTH });
  const places = createStreamPlaces(STREAMS);
  let watching: Promise<void> | null = null;
  return {
    operations: [
      recordEvent({ ...recordParts, feed }),
      listEvents(reader),
      streamEvents({ reader, feed, clock, places }),
      eventStats({ reader, clock, dropped: spool.dropped }),
    ],
    routes: observerRoutes,
    tell: spool.send,
    start() {
      watching ??= watchForEscalations({ rules, reader, feed, clock, log, send: spool.send });
    },
    stopping: feed.stop,
    async close() {
      feed.stop();
      await watching;
      await spool.close();
    },
    async retention() {
      const days = config.retention_days;
      if (days === 0) return null;
      const oldestMs = Math.floor(clock.nowMs() - days * DAY_MS);
      const old = reader.queries
        .selectFrom('observer_events')
        .select('seq')
        .where('received_ms', '<', oldestMs);
      if ((await reader.read(old.limit(1))).length === 0) return null;
      const deletion = reader.queries.deleteFrom('observer_events').where('received_ms', '<', oldestMs);
      return {
        statements: [statement(deletion)],
        event: { action: 'events.pruned', subject: 'observer:events', data: { retention_days: days } },
      };
    },
  };
}
