import type { Compilable, Kysely } from 'kysely';
import type { LakeError, Statement } from '../base/index.ts';
import type { Dialect } from './dialect.ts';
import type { Database } from './schema.ts';

/**
 * The SQL store behind catalog pointers, journal, policies, keys and audit rows. Rooms get a reader and describe
 * changes as statements; the writer is handed to the door alone (and to what the door calls), so that no room can
 * commit a change without its journal event.
 */
export interface MetastoreReader {
  /** The SQL that differs between stores. */
  readonly dialect: Dialect;
  /** Builds and compiles queries for this store's dialect; executes nothing. */
  readonly queries: Kysely<Database>;
  /** Rows of one query, read from the last committed state. Throws `metastore.unavailable`. */
  read<R>(query: Compilable<R>): Promise<R[]>;
}

export interface Metastore extends MetastoreReader {
  /**
   * Runs the statements in one transaction and answers once it is durable. **This is the commit point of every
   * mutation.** Batches of concurrent callers share one durable commit, one savepoint each: a refused batch leaves
   * nothing behind and does not touch its neighbours. Batches are applied in the order of the calls. A guard counts
   * the rows a statement changed, or returned where it returns rows (a SELECT may be a guard). A unique or foreign key
   * violated by a statement refuses the batch too, under its guard's name or as `constraint`.
   *
   * Throws `metastore.unavailable` or `metastore.storage_full` (nothing was kept), `metastore.outcome_unknown` (it may
   * have been kept), `metastore.statement_failed` (our bug; nothing was kept).
   */
  commit(statements: readonly Statement[]): Promise<CommitOutcome>;
  /**
   * Resolves when the store has ended by itself, as by a dead thread, and refuses everything with `metastore.ended`.
   * Whoever serves it ends: only a new start reads again where the journal stands. Never resolves after `close`.
   */
  readonly ended: Promise<LakeError>;
  /** A consistent copy of the store as a file, while it is in use. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

export type CommitOutcome =
  /** `rows[i]` are the rows statement i returned (RETURNING), empty otherwise. */
  | { readonly committed: true; readonly rows: readonly (readonly Readonly<Record<string, unknown>>[])[] }
  /** The guard that refused, by name. */
  | { readonly committed: false; readonly refusal: string };

/** A compiled query as a statement, with the number of rows it must affect where that matters. */
export function statement(query: Compilable, guard?: { rows: number; refusal: string }): Statement {
  const { sql, parameters } = query.compile();
  return guard === undefined ? { sql, parameters } : { sql, parameters, guard };
}
