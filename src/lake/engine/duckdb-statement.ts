import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBValue,
  INTEGER,
} from '@duckdb/node-api';
import type { EngineParameters } from './engine.ts';

/** The first value of what a statement answers. */
export async function runForValue(
  connection: DuckDBConnection,
  sql: string,
  parameters: EngineParameters,
): Promise<DuckDBValue | undefined> {
  if (Object.keys(parameters).length === 0) {
    const chunk = await (await runWritten(connection, sql)).fetchChunk();
    return chunk?.getRows()[0]?.[0];
  }
  const statement = await connection.prepare(sql);
  try {
    bind(statement, parameters);
    const reader = await statement.runAndReadAll();
    return reader.getRows()[0]?.[0];
  } finally {
    statement.destroySync();
  }
}

/**
 * Without parameters there is nothing to prepare, and a prepared statement is planned again when it runs: 1.3 ms of a
 * point query. Unlike `prepare`, the engine would run every statement of a text, so that they are counted first.
 */
export async function runWritten(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  if ((await connection.extractStatements(sql)).count !== 1) throw notStreamable();
  return connection.run(sql);
}

/** Binds the values to a statement's parameters, by position or by name. */
export function bind(statement: DuckDBPreparedStatement, parameters: EngineParameters): void {
  const entries: readonly [string | number, unknown][] = Array.isArray(parameters)
    ? parameters.map((value, at) => [at + 1, value])
    : Object.entries(parameters);
  for (const [key, value] of entries) {
    const index = typeof key === 'number' ? key : statement.parameterIndex(key);
    if (value === null) statement.bindNull(index);
    else if (typeof value === 'boolean') statement.bindBoolean(index, value);
    else if (typeof value === 'string') statement.bindVarchar(index, value);
    else if (typeof value === 'bigint') bindBigint(statement, index, value);
    else if (typeof value === 'number') bindNumber(statement, index, value);
  }
}

function bindNumber(statement: DuckDBPreparedStatement, index: number, value: number): void {
  if (!Number.isSafeInteger(value)) statement.bindDouble(index, value);
  else if (Math.abs(value) <= 0x7fff_ffff) statement.bindValue(index, value, INTEGER);
  else statement.bindBigInt(index, BigInt(value));
}

function bindBigint(statement: DuckDBPreparedStatement, index: number, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) statement.bindBigInt(index, value);
  else statement.bindHugeInt(index, value);
}

/** Names as the engine itself makes them unique in a derived table: `a`, `a_1`; compared without case. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 1; taken.has(unique.toLowerCase()); n += 1) unique = `${name}_${n}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

/** A text as the engine's literal of it. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The refusal of a text that is not one query. */
export function notStreamable(): Error {
  return new Error('Invalid Input Error: only a query can be streamed');
}
