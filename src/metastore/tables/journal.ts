import type { Migration } from '../migration.ts';

/** Tables of the room `journal`. */
// biome-ignore lint/complexity/noBannedTypes: no table yet.
export type JournalTables = {};

export const journalMigrations: readonly Migration[] = [];
