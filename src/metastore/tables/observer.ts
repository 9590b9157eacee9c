import type { Migration } from '../migration.ts';

/** One thing that happened, as its source told it. */
export interface ObserverEventRow {
  /** Rises in the order of the commits, also across restarts; the cursor of lists and streams. */
  seq: number;
  event_id: string;
  source: string;
  /** The source's own id of it; the same one twice from one sender is one event. */
  external_id: string | null;
  kind: string;
  severity: string;
  /** When it happened, as its source says. */
  time_ms: number;
  /** When it came in; retention goes by it. */
  received_ms: number;
  /** Who sent it: `agent` or `agent for person`. */
  identity: string;
  correlation_id: string | null;
  signature: string | null;
  message: string;
  data_json: string;
}

/** One row: the last `seq` that was given. Pruned events do not take it back. */
export interface ObserverHeadRow {
  one: number;
  last_seq: number;
}

/** Tables of the room `observer`. */
export interface ObserverTables {
  observer_events: ObserverEventRow;
  observer_head: ObserverHeadRow;
}

export const observerMigrations: readonly Migration[] = [
  {
    name: '0005-observer',
    statements: [
      `CREATE TABLE observer_events (
        seq BIGINT NOT NULL PRIMARY KEY,
        event_id TEXT NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        time_ms BIGINT NOT NULL,
        received_ms BIGINT NOT NULL,
        identity TEXT NOT NULL,
        correlation_id TEXT,
        signature TEXT,
        message TEXT NOT NULL,
        data_json TEXT NOT NULL,
        UNIQUE (external_id, source)
      )`,
      'CREATE INDEX observer_events_source ON observer_events (source, seq)',
      'CREATE INDEX observer_events_kind ON observer_events (kind, seq)',
      'CREATE INDEX observer_events_severity ON observer_events (severity, seq)',
      'CREATE INDEX observer_events_received ON observer_events (received_ms)',
      'CREATE INDEX observer_events_correlation ON observer_events (correlation_id, seq)',
      'CREATE INDEX observer_events_signature ON observer_events (signature, seq)',
      'CREATE TABLE observer_head (one BIGINT NOT NULL PRIMARY KEY, last_seq BIGINT NOT NULL)',
      'INSERT INTO observer_head (one, last_seq) VALUES (1, 0)',
    ],
  },
  {
    // An external id was unique within its source, so that whoever sent it first kept another's event out.
    name: '0008-observer-senders',
    statements: [
      `CREATE TABLE observer_events_by_sender (
        seq BIGINT NOT NULL PRIMARY KEY,
        event_id TEXT NOT NULL,
        source TEXT NOT NULL,
        external_id TEXT,
        kind TEXT NOT NULL,
        severity TEXT NOT NULL,
        time_ms BIGINT NOT NULL,
        received_ms BIGINT NOT NULL,
        identity TEXT NOT NULL,
        correlation_id TEXT,
        signature TEXT,
        message TEXT NOT NULL,
        data_json TEXT NOT NULL,
        UNIQUE (external_id, source, identity)
      )`,
      `INSERT INTO observer_events_by_sender (seq, event_id, source, external_id, kind, severity, time_ms, received_ms,
        identity, correlation_id, signature, message, data_json)
        SELECT seq, event_id, source, external_id, kind, severity, time_ms, received_ms,
        identity, correlation_id, signature, message, data_json FROM observer_events`,
      'DROP TABLE observer_events',
      'ALTER TABLE observer_events_by_sender RENAME TO observer_events',
      'CREATE INDEX observer_events_source ON observer_events (source, seq)',
      'CREATE INDEX observer_events_kind ON observer_events (kind, seq)',
      'CREATE INDEX observer_events_severity ON observer_events (severity, seq)',
      'CREATE INDEX observer_events_received ON observer_events (received_ms)',
      'CREATE INDEX observer_events_correlation ON observer_events (correlation_id, seq)',
      'CREATE INDEX observer_events_signature ON observer_events (signature, seq)',
    ],
  },
];
