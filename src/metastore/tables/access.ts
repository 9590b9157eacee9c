import type { Migration } from '../migration.ts';

/** Tables of the room `access`. */
// biome-ignore lint/complexity/noBannedTypes: no table yet.
export type AccessTables = {};

export const accessMigrations: readonly Migration[] = [];
