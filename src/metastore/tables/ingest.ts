import type { Migration } from '../migration.ts';

/** Tables of the room `ingest`. */
// biome-ignore lint/complexity/noBannedTypes: no table yet.
export type IngestTables = {};

export const ingestMigrations: readonly Migration[] = [];
