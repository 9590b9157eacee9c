import { type DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement } from '@duckdb/node-api';
import { bind, quoteLiteral, uniqueNames } from './duckdb-statement.ts';
import type { EngineColumn, EngineParameters, EngineResult } from './engine.ts';
import { jsonOfValue } from './json-value.ts';
import type { ChildSettings, InstanceLock, StreamedAnswer } from './protocol.ts';
import { resultPipePath, spillPath } from './protocol.ts';
import { type KnownColumns, type StreamedStatement, streamStatement } from './streamed-statement.ts';

/**
 * One in-memory DuckDB instance inside an engine process: made, locked and closed. It is
 * locked before its first statement, and serves one lease, or those of one holder under one lock (`instance-shelf.ts`).
 */
export interface DuckdbInstance {
  /** After this the instance reaches exactly `allowedPaths`, and no statement can change a setting. */
  lock(lock: InstanceLock): Promise<void>;
  query(sql: string, parameters: EngineParameters): Promise<EngineResult>;
  /** Announces the columns, then writes the rows into the process's pipe; or answers all of it, where it is short. */
  stream(
    request: StreamedStatement,
    announce: (columns: readonly EngineColumn[]) => void,
  ): Promise<StreamedAnswer>;
  interrupt(): void;
  close(): void;
}

/** Largest answer of `query`, which is held in memory and sent as one message. */
const MAX_QUERY_ROWS = 200_000;

/**
 * The optimizers that choose a plan by statistics of the stored values: they fold conditions to true or false, and pick
 * the order and sides of joins. Measured on DuckDB 1.5.6: `WHERE id > 100 AND note::INTEGER = 1` fails or answers empty
 * depending on the largest id of rows that a filter below a LIMIT hides. The last of them, which turns a bound on
 * `row_number()` into an aggregate, needs what the others leave and fails by a defect of the engine without it.
 */
const STATISTICS_OPTIMIZERS =
  'build_side_probe_side,join_order,statistics_propagation,top_n_window_elimination';

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
  const shortShapes = new Set<string>();
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
      streamStatement(
        { connection, known, shortShapes, pipe: resultPipePath(settings.folder) },
        request,
        announce,
      ),
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
