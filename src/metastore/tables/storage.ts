import type { Migration } from '../migration.ts';

/** Tables of the room `storage`. */
// biome-ignore lint/complexity/noBannedTypes: no table yet.
export type StorageTables = {};

export const storageMigrations: readonly Migration[] = [];
