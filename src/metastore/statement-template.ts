import { type Compilable, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Statement } from '../base/index.ts';
import type { Database } from './schema.ts';

/** A query that was compiled once, as statements with the values of each use; `guard` as in `statement`. */
export type StatementTemplate<V> = (values: V, guard?: Statement['guard']) => Statement;

/** Stands for a value in a query that is compiled once. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** The place of the value of this name in a query for `statementTemplate`. */
export function slot<T = string>(name: string): RawBuilder<T> {
  return sql<T>`${new Slot(name)}`;
}

/** Compiles a query with slots; building one costs more than all else that a small write does in this process. */
export function statementTemplate<V extends object>(query: Compilable): StatementTemplate<V> {
  const { sql: text, parameters } = query.compile();
  return (values, guard) => {
    const filled = fill(parameters, values);
    return guard === undefined ? { sql: text, parameters: filled } : { sql: text, parameters: filled, guard };
  };
}

/** A query with slots that was compiled once, to be read with the values of each use. */
export function queryTemplate<V extends object, R>(query: Compilable<R>): (values: V) => Compilable<R> {
  const compiled = query.compile();
  return (values) => ({
    compile: () => ({ ...compiled, parameters: fill(compiled.parameters, values) }),
  });
}

function fill(parameters: readonly unknown[], values: object): readonly unknown[] {
  const named = values as Readonly<Record<string, unknown>>;
  return parameters.map((value) => (value instanceof Slot ? named[value.name] : value));
}

/** Inserts whole rows into one table; compiled with the first row, whose members every other must have. */
export function insertTemplate<T extends keyof Database & string>(
  queries: Kysely<Database>,
  table: T,
): StatementTemplate<Database[T]> {
  let template: StatementTemplate<Database[T]> | null = null;
  return (row, guard) => {
    template ??= statementTemplate(insertQuery(queries, table, Object.keys(row)));
    return template(row, guard);
  };
}

function insertQuery(queries: Kysely<Database>, table: string, names: readonly string[]): Compilable {
  const columns = sql.join(names.map((name) => sql.ref(name)));
  const values = sql.join(names.map((name) => slot(name)));
  const insert = sql`INSERT INTO ${sql.table(table)} (${columns}) VALUES (${values})`;
  return { compile: () => insert.compile(queries) };
}
