import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  StatementType,
} from '@duckdb/node-api';
import type { EngineColumn, EngineFormat, EngineParameters, EngineResult } from './engine.ts';
import { describeType, rowAsJson } from './json-row.ts';
import { jsonOfValue } from './json-value.ts';
import type { ChildSettings, InstanceLock } from './protocol.ts';
import { resultPipePath, spillPath } from './protocol.ts';

/**
 * One in-memory DuckDB instance inside an engine process: the only file that talks to the engine's library. It is
 * locked before its first statement, and serves one lease, or those of one holder under one lock (`instance-shelf.ts`).
 */
export interface DuckdbInstance {
  /** After this the instance reaches exactly `allowedPaths`, and no statement can change a setting. */
  lock(lock: InstanceLock): Promise<void>;
  query(sql: string, parameters: EngineParameters): Promise<EngineResult>;
  /** Announces the columns, then writes the rows into the process's pipe. Answers the number of rows. */
  stream(request: StreamedStatement, announce: (columns: readonly EngineColumn[]) => void): Promise<number>;
  interrupt(): void;
  close(): void;
}

export interface StreamedStatement {
  readonly sql: string;
  readonly parameters: EngineParameters;
  readonly format: EngineFormat;
  /** Statements of one shape have the same columns; null where nothing is known of them. */
  readonly shape: string | null;
}

/** Columns of statements by shape; a process keeps one for all of its instances. */
export type KnownColumns = Map<string, readonly TypedColumn[]>;

interface TypedColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

const KNOWN_COLUMNS_MAX = 500;
const SHAPE_CHARACTERS_MAX = 16_384;

/** Largest answer of `query`, which is held in memory and sent as one message. */
const MAX_QUERY_ROWS = 200_000;

/**
 * The optimizers that choose a plan by statistics of the stored values: they fold conditions to true or false, and pick
 * the order and sides of joins. Measured on DuckDB 1.5.6: `WHERE id > 100 AND note::INTEGER = 1` fails or answers empty
 * depending on the largest id of rows that a filter below a LIMIT hides.
 */
const STATISTICS_OPTIMIZERS = 'build_side_probe_side,join_order,statistics_propagation';

/** Makes and warms an instance; about 15 ms, so it is done before a lease asks. */
export async function createDuckdbInstance(
  settings: ChildSettings,
  known: KnownColumns,
): Promise<DuckdbInstance> {
  const spills = settings.spillLimitMb > 0;
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: spills ? spillPath(settings.folder) : '',
    max_temp_directory_size: `${settings.spillLimitMb}MB`,
  });
  const connection = await instance.connect();
  // No cache of file contents: what an instance read for one statement is not there for the next.
  await connection.run(
    "SET parquet_metadata_cache = true; SET enable_external_file_cache = false; SET TimeZone = 'UTC'; SELECT 1",
  );
  return {
    async lock({ allowedPaths, memoryLimitMb, preserveOrder, blindPlan, threads }) {
      const paths = [...allowedPaths, resultPipePath(settings.folder)].map(quoteLiteral).join(', ');
      await connection.run(
        `SET memory_limit = '${memoryLimitMb}MB'; SET allowed_paths = [${paths}]; ` +
          (threads === 1 ? '' : `SET threads = ${threads}; `) +
          (preserveOrder ? '' : 'SET preserve_insertion_order = false; ') +
          (blindPlan ? `SET disabled_optimizers = '${STATISTICS_OPTIMIZERS}'; ` : '') +
          'SET enable_external_access = false; SET lock_configuration = true',
      );
    },
    query: (sql, parameters) => query(connection, sql, parameters),
    stream: (request, announce) =>
      stream({ connection, known, pipe: resultPipePath(settings.folder) }, request, announce),
    interrupt: () => connection.interrupt(),
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/** What the parser process needs: the engine's own parser, both ways. */
export interface DuckdbParser {
  /** The answer of `json_serialize_sql`, errors inside it. */
  parse(sql: string): Promise<string>;
  /** The text of a tree, and the tree of that text. */
  deparse(ast: string): Promise<{ readonly sql: string; readonly ast: string }>;
}

/** A parser on an instance that reaches no file at all. */
export async function createDuckdbParser(): Promise<DuckdbParser> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: '',
  });
  const connection = await instance.connect();
  await connection.run(
    'SET allowed_paths = []; SET enable_external_access = false; SET lock_configuration = true',
  );
  // Prepared once: planning them anew costs as much as parsing a short statement.
  const parsing = await connection.prepare('SELECT json_serialize_sql($1::VARCHAR)');
  const deparsing = await connection.prepare(
    'SELECT s, json_serialize_sql(s) FROM (SELECT json_deserialize_sql($1::JSON) AS s)',
  );
  // One call at a time: a prepared statement runs with what was bound last, which must never be another caller's text.
  let turn: Promise<unknown> = Promise.resolve();
  const row = (statement: DuckDBPreparedStatement, text: string): Promise<readonly string[]> => {
    const answer = turn.then(async () => {
      statement.bindVarchar(1, text);
      const reader = await statement.runAndReadAll();
      return (reader.getRows()[0] ?? []).map(String);
    });
    turn = answer.catch(() => {});
    return answer;
  };
  return {
    async parse(sql) {
      const [ast = ''] = await row(parsing, sql);
      return ast;
    },
    async deparse(tree) {
      const [sql = '', ast = ''] = await row(deparsing, tree);
      return { sql, ast };
    },
  };
}

async function query(
  connection: DuckDBConnection,
  sql: string,
  parameters: EngineParameters,
): Promise<EngineResult> {
  const statement = await connection.prepare(sql);
  try {
    bind(statement, parameters);
    const result = await statement.stream();
    const names = uniqueNames(result.columnNames());
    const columns = result
      .columnTypes()
      .map((type, at) => ({ name: names[at] ?? '', type: type.toString() }));
    const rows: Record<string, unknown>[] = [];
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) return { columns, rows };
      for (const row of chunk.getRows()) {
        rows.push(Object.fromEntries(row.map((value, at) => [names[at] ?? '', jsonOfValue(value)])));
      }
      if (rows.length > MAX_QUERY_ROWS) {
        throw new Error('Invalid Input Error: more rows than one answer may hold');
      }
    }
  } finally {
    statement.destroySync();
  }
}

async function stream(
  parts: { readonly connection: DuckDBConnection; readonly known: KnownColumns; readonly pipe: string },
  request: StreamedStatement,
  announce: (columns: readonly EngineColumn[]) => void,
): Promise<number> {
  const { connection, pipe } = parts;
  const types = await columnsOf(connection, request, parts.known);
  const columns = types.map(({ name, type }) => ({ name, type: type.toString() }));
  announce(columns);
  const target = quoteLiteral(pipe);
  const source = `(${request.sql}\n)`;
  const reader = await run(
    connection,
    copyStatement(request.format, source, types, target),
    request.parameters,
  );
  return Number(reader ?? 0);
}

function copyStatement(
  format: EngineFormat,
  source: string,
  columns: readonly TypedColumn[],
  target: string,
): string {
  const internal = columns.map((_, at) => `c${at}`);
  switch (format) {
    case 'ndjson': {
      const row = rowAsJson(
        columns.map(({ name, type }, at) => ({ name, sql: `c${at}`, type: describeType(type) })),
      );
      // One JSON text per line: JSON escapes every control character, so no delimiter and no quote is ever needed.
      return (
        `COPY (SELECT ${row} FROM ${source} AS r(${internal.join(', ')})) TO ${target} ` +
        "(FORMAT csv, HEADER false, DELIMITER '\u0001', QUOTE '', ESCAPE '')"
      );
    }
    case 'csv':
    case 'parquet': {
      const names = columns.map(({ name }, at) => `c${at} AS ${quoteName(name)}`).join(', ');
      const options = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
      return `COPY (SELECT ${names} FROM ${source} AS r(${internal.join(', ')})) TO ${target} (${options})`;
    }
  }
}

/** The statement's columns, remembered by its shape: finding them out plans the statement a second time. */
async function columnsOf(
  connection: DuckDBConnection,
  request: StreamedStatement,
  known: KnownColumns,
): Promise<readonly TypedColumn[]> {
  const { shape } = request;
  if (shape === null || shape.length > SHAPE_CHARACTERS_MAX) return columnTypes(connection, request);
  const columns = known.get(shape) ?? (await columnTypes(connection, request));
  if (known.size >= KNOWN_COLUMNS_MAX) known.clear();
  known.set(shape, columns);
  return columns;
}

/** Names (made unique) and types of a statement's answer, without running it. */
async function columnTypes(
  connection: DuckDBConnection,
  request: { sql: string; parameters: EngineParameters },
): Promise<TypedColumn[]> {
  if (Object.keys(request.parameters).length > 0) return columnTypesOfEmptyRun(connection, request);
  const statement = await connection.prepare(request.sql);
  try {
    if (statement.statementType !== StatementType.SELECT) throw notStreamable();
    const count = statement.columnCount;
    const names = uniqueNames(Array.from({ length: count }, (_, at) => statement.columnName(at)));
    return names.map((name, at) => ({ name, type: statement.columnType(at) }));
  } finally {
    statement.destroySync();
  }
}

/** A parameter's type is known only with its value, so the columns of such a statement are those of an empty run. */
async function columnTypesOfEmptyRun(
  connection: DuckDBConnection,
  request: { sql: string; parameters: EngineParameters },
): Promise<TypedColumn[]> {
  // Parsed by itself first: only one whole statement may stand between the brackets that follow.
  if ((await connection.extractStatements(request.sql)).count !== 1) throw notStreamable();
  const empty = await connection.prepare(`SELECT * FROM (${request.sql}\n) LIMIT 0`);
  try {
    bind(empty, request.parameters);
    const result = await empty.run();
    const names = uniqueNames(result.columnNames());
    return result.columnTypes().map((type, at) => ({ name: names[at] ?? '', type }));
  } finally {
    empty.destroySync();
  }
}

function notStreamable(): Error {
  return new Error('Invalid Input Error: only a query can be streamed');
}

async function run(
  connection: DuckDBConnection,
  sql: string,
  parameters: EngineParameters,
): Promise<DuckDBValue | undefined> {
  if (Object.keys(parameters).length === 0) return runWritten(connection, sql);
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
async function runWritten(connection: DuckDBConnection, sql: string): Promise<DuckDBValue | undefined> {
  if ((await connection.extractStatements(sql)).count !== 1) throw notStreamable();
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows()[0]?.[0];
}

function bind(statement: DuckDBPreparedStatement, parameters: EngineParameters): void {
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
function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let n = 1; taken.has(unique.toLowerCase()); n += 1) unique = `${name}_${n}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
