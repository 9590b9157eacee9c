import type { Migration } from '../migration.ts';

/** One file that became part of a dataset. */
export interface IngestRow {
  ingest_id: string;
  dataset_id: string;
  dataset_name: string;
  mode: string;
  format: string;
  identity: string;
  /** As the caller named it; null where it had no name. */
  file_name: string | null;
  source_bytes: number;
  source_sha256: string;
  content_sha256: string;
  /** As in `ingest_contents`; null for ingests of versions that did not keep it and that others came after. */
  content_key: string | null;
  row_count: number;
  rejected_count: number;
  /** Null where the file had no row. */
  snapshot_id: string | null;
  /** Name of the object with the rejected rows; null where none was rejected. */
  quarantine_name: string | null;
  created_ms: number;
}

/** The last ingest of a content: the guard against taking the same file twice. */
export interface IngestContentRow {
  dataset_id: string;
  /** SHA-256 over the content's SHA-256 and the options it was read with. */
  content_key: string;
  ingest_id: string;
}

/** Tables of the room `ingestd`. */
export interface IngestTables {
  ingests: IngestRow;
  ingest_contents: IngestContentRow;
}

export const ingestMigrations: readonly Migration[] = [
  {
    name: '0001-ingest',
    statements: [
      `CREATE TABLE ingests (
        ingest_id TEXT NOT NULL PRIMARY KEY,
        dataset_id TEXT NOT NULL,
        dataset_name TEXT NOT NULL,
        mode TEXT NOT NULL,
        format TEXT NOT NULL,
        identity TEXT NOT NULL,
        file_name TEXT,
        source_bytes BIGINT NOT NULL,
        source_sha256 TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,
        row_count BIGINT NOT NULL,
        rejected_count BIGINT NOT NULL,
        snapshot_id TEXT,
        quarantine_name TEXT,
        created_ms BIGINT NOT NULL
      )`,
      'CREATE INDEX ingests_dataset ON ingests (dataset_name, ingest_id)',
      `CREATE TABLE ingest_contents (
        dataset_id TEXT NOT NULL,
        content_key TEXT NOT NULL,
        ingest_id TEXT NOT NULL,
        PRIMARY KEY (dataset_id, content_key)
      )`,
    ],
  },
  {
    name: '0010-ingest-content-keys',
    statements: [
      'ALTER TABLE ingests ADD COLUMN content_key TEXT',
      `UPDATE ingests SET content_key = (
        SELECT content_key FROM ingest_contents WHERE ingest_contents.ingest_id = ingests.ingest_id
      )`,
      'CREATE INDEX ingests_content ON ingests (dataset_id, content_key, ingest_id)',
    ],
  },
];
