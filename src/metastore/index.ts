export type { Dialect } from './dialect.ts';
export { metastoreErrors } from './errors.ts';
export type { CommitOutcome, Metastore, MetastoreReader } from './metastore.ts';
export { statement } from './metastore.ts';
export type { Migration } from './migration.ts';
export type { Database } from './schema.ts';
export type { ReadOnlyMetastore } from './sqlite-metastore.ts';
export { openMetastore, openMetastoreReadOnly } from './sqlite-metastore.ts';
