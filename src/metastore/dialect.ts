import type { Expression, RawBuilder } from 'kysely';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import type { Database } from './schema.ts';

/** The few places where the stores' SQL differs; all other SQL is of the part they share. */
export interface Dialect {
  readonly name: 'sqlite';
  /** Builds and compiles queries; executes nothing. */
  readonly queries: Kysely<Database>;
  /** The SHA-256 of a text's UTF-8 bytes, as lower-case hexadecimal text. */
  sha256(text: Expression<string>): RawBuilder<string>;
}

/** SQL for `node:sqlite`; `sha256` is a function each connection of ours registers. */
export const sqliteDialect: Dialect = {
  name: 'sqlite',
  queries: new Kysely<Database>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (database) => new SqliteIntrospector(database),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  sha256: (text) => sql<string>`sha256(${text})`,
};
