import type { Migration } from '../migration.ts';

/** Tables of the room `catalog`. */
// biome-ignore lint/complexity/noBannedTypes: no table yet.
export type CatalogTables = {};

export const catalogMigrations: readonly Migration[] = [];
