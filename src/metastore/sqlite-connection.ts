import { hash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** Statements a connection keeps prepared; more than the program has. */
const PREPARED_STATEMENTS_MAX = 512;
/** A longer text is a list of values, hardly ever of the same length again; kept, each would hold megabytes. */
const PREPARED_TEXT_MAX = 8_192;

export type Row = Record<string, unknown>;

/** One SQLite connection of ours, with the settings and functions every query may rely on. Runs inside a worker. */
export interface SqliteConnection {
  readonly database: DatabaseSync;
  /** Runs one prepared statement; `affected` counts changed rows, or returned rows where it returns any. */
  run(
    sql: string,
    parameters: readonly unknown[],
  ): { readonly rows: readonly Row[]; readonly affected: number };
  close(): void;
}

/** Opens a connection: WAL with synchronous FULL, foreign keys on, a busy timeout, `sha256(text)`. */
export function openSqliteConnection(options: {
  readonly file: string;
  readonly readOnly: boolean;
  readonly busyTimeoutMs: number;
}): SqliteConnection {
  const database = new DatabaseSync(options.file, {
    readOnly: options.readOnly,
    timeout: options.busyTimeoutMs,
    enableForeignKeyConstraints: true,
  });
  database.function('sha256', { deterministic: true, directOnly: false }, (text) =>
    text === null ? null : hash('sha256', String(text), 'hex'),
  );
  // A savepoint's undo pages would else spill into a file in the system's temporary folder, outside the home.
  database.exec('PRAGMA temp_store = MEMORY');
  if (!options.readOnly) {
    // FULL makes each commit wait for the log's fsync: with NORMAL, a power cut could take back an acknowledged one.
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864',
    );
  }
  const prepared = new Map<string, Prepared>();
  return {
    database,
    run(sql, parameters) {
      const { statement, returnsRows } = prepare(database, prepared, sql);
      const values = parameters.map(bindable);
      if (!returnsRows) return { rows: [], affected: Number(statement.run(...values).changes) };
      const rows = statement.all(...values) as Row[];
      return { rows, affected: rows.length };
    },
    close: () => database.close(),
  };
}

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

function prepare(database: DatabaseSync, prepared: Map<string, Prepared>, sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const statement = database.prepare(sql);
  const made = { statement, returnsRows: statement.columns().length > 0 };
  if (sql.length > PREPARED_TEXT_MAX) return made;
  if (prepared.size >= PREPARED_STATEMENTS_MAX) prepared.clear();
  prepared.set(sql, made);
  return made;
}

/** Integers are bound as integers: `node:sqlite` binds every number as a double, which reads `5.0` once made text. */
function bindable(value: unknown): SQLInputValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return value as SQLInputValue;
}
