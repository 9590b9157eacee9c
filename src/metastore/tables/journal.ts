import type { Migration } from '../migration.ts';

/** The end of one writer's chain, and where what is kept of it begins. */
export interface JournalHeadRow {
  writer: string;
  /** Events ever created by this writer: the last one's sequence number. */
  seq: number;
  /** The last event's id; empty before the first. */
  last_id: string;
  prev_hash: string;
  hash: string;
  /** Events up to this one were pruned under a signed checkpoint; 0 where none were. */
  base_seq: number;
  base_hash: string;
  /** The key that signs checkpoints from here on; null before the first. */
  checkpoint_key_id: string | null;
}

/** One event. `record` is the canonical text the hash covers; the other columns repeat members of it for queries. */
export interface JournalEventRow {
  id: string;
  writer: string;
  seq: number;
  time_ms: number;
  action: string;
  subject: string;
  identity: string;
  on_behalf_of: string | null;
  key_id: string | null;
  operation: string;
  door: string;
  request_id: string;
  phase: string;
  intent_id: string | null;
  policy_version: number;
  record: string;
  prev_hash: string;
  hash: string;
}

/** Intents that nothing has settled yet: an index over the events, so that start-up does not scan them. */
export interface JournalOpenIntentRow {
  intent_id: string;
}

export interface JournalCheckpointRow {
  writer: string;
  /** Counts from 1 without a gap. */
  number: number;
  seq: number;
  hash: string;
  time_ms: number;
  /** SHA-256 of the signed text of the checkpoint before it. */
  previous: string;
  key_id: string;
  signature: string;
}

export interface JournalTables {
  journal_heads: JournalHeadRow;
  journal_events: JournalEventRow;
  journal_open_intents: JournalOpenIntentRow;
  journal_checkpoints: JournalCheckpointRow;
}

export const journalMigrations: readonly Migration[] = [
  {
    name: '0001-journal',
    statements: [
      `CREATE TABLE journal_heads (
        writer TEXT NOT NULL PRIMARY KEY,
        seq BIGINT NOT NULL,
        last_id TEXT NOT NULL,
        prev_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        base_seq BIGINT NOT NULL,
        base_hash TEXT NOT NULL,
        checkpoint_key_id TEXT
      )`,
      `CREATE TABLE journal_events (
        id TEXT NOT NULL PRIMARY KEY,
        writer TEXT NOT NULL,
        seq BIGINT NOT NULL,
        time_ms BIGINT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        identity TEXT NOT NULL,
        on_behalf_of TEXT,
        key_id TEXT,
        operation TEXT NOT NULL,
        door TEXT NOT NULL,
        request_id TEXT NOT NULL,
        phase TEXT NOT NULL,
        intent_id TEXT,
        policy_version BIGINT NOT NULL,
        record TEXT NOT NULL,
        prev_hash TEXT NOT NULL,
        hash TEXT NOT NULL,
        UNIQUE (writer, seq)
      )`,
      'CREATE INDEX journal_events_action ON journal_events (action, id)',
      'CREATE INDEX journal_events_subject ON journal_events (subject, id)',
      'CREATE INDEX journal_events_identity ON journal_events (identity, id)',
      `CREATE INDEX journal_events_on_behalf_of ON journal_events (on_behalf_of, id)
        WHERE on_behalf_of IS NOT NULL`,
      'CREATE TABLE journal_open_intents (intent_id TEXT NOT NULL PRIMARY KEY)',
      `CREATE TABLE journal_checkpoints (
        writer TEXT NOT NULL,
        number BIGINT NOT NULL,
        seq BIGINT NOT NULL,
        hash TEXT NOT NULL,
        time_ms BIGINT NOT NULL,
        previous TEXT NOT NULL,
        key_id TEXT NOT NULL,
        signature TEXT NOT NULL,
        PRIMARY KEY (writer, number)
      )`,
    ],
  },
];
