export type { CommitOutcome, Metastore, MetastoreReader } from './metastore.ts';
export { statement } from './metastore.ts';
export type { Migration } from './migration.ts';
export type { Database } from './schema.ts';
