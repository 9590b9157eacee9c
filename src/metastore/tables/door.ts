import type { Generated } from 'kysely';
import type { Migration } from '../migration.ts';

/** Idempotency records: identity × operation × key → what happened. Kept 24 h by default. */
export interface IdempotencyRow {
  identity: string;
  operation: string;
  idempotency_key: string;
  /** SHA-256 over the parsed fields and the content's SHA-256. */
  fingerprint: string;
  status: number;
  /** The answer, without secrets, in the order it was told. */
  response_json: string;
  /** The headers that the operation gave its answer. */
  headers_json: Generated<string>;
  created_ms: number;
}

/** One row, written to find out whether the store takes changes. */
export interface StoreProbeRow {
  probe: number;
  probed_ms: number;
}

export interface DoorTables {
  idempotency_records: IdempotencyRow;
  store_probes: StoreProbeRow;
}

export const doorMigrations: readonly Migration[] = [
  {
    name: '0001-door',
    statements: [
      `CREATE TABLE idempotency_records (
        identity TEXT NOT NULL,
        operation TEXT NOT NULL,
        idempotency_key TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL,
        response_json TEXT NOT NULL,
        created_ms BIGINT NOT NULL,
        PRIMARY KEY (identity, operation, idempotency_key)
      )`,
      'CREATE INDEX idempotency_records_created ON idempotency_records (created_ms)',
    ],
  },
  {
    name: '0002-store-probes',
    statements: ['CREATE TABLE store_probes (probe INTEGER NOT NULL PRIMARY KEY, probed_ms BIGINT NOT NULL)'],
  },
  {
    name: '0008-idempotency-headers',
    statements: ["ALTER TABLE idempotency_records ADD COLUMN headers_json TEXT NOT NULL DEFAULT '{}'"],
  },
];
