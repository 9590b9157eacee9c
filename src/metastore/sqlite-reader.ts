/**
 * Worker entry: a read-only connection, so that a scan or a commit waiting for the disk never holds up the other.
 * Entered by sqlite-metastore.ts and read-only-metastore.ts as a thread; imports no room, so that it starts fast.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type ListedMigration, planMigrations } from './plan-migrations.ts';
import { openSqliteConnection, type Row, type SqliteConnection } from './sqlite-connection.ts';
import { type Opening, type WorkerError, workerError } from './worker-channel.ts';

export interface ReaderOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  /** Compared with what the store holds before anything is read. */
  readonly migrations: readonly ListedMigration[];
}

export type ReaderQuestion =
  | { readonly kind: 'read'; readonly queries: readonly ReadQuery[] }
  | { readonly kind: 'backup'; readonly file: string }
  | { readonly kind: 'close' };

export interface ReadQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** One for each query of a question; one for a question without. */
export type ReaderAnswer = readonly ReadAnswer[];

export type ReadAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }
  | { readonly kind: 'failed'; readonly error: WorkerError };

if (parentPort !== null) serve(parentPort, workerData as ReaderOptions);

function serve(port: NonNullable<typeof parentPort>, options: ReaderOptions): void {
  let connection: SqliteConnection;
  let opening: Opening = { opened: true };
  try {
    connection = openSqliteConnection({
      file: options.file,
      readOnly: true,
      busyTimeoutMs: options.busyTimeoutMs,
    });
    opening = checkMigrations(connection, options.migrations);
  } catch (error) {
    opening = { opened: false, error: workerError(error) };
  }
  port.postMessage(opening);
  port.on('message', (question: ReaderQuestion) => {
    const answers =
      question.kind === 'read'
        ? question.queries.map(({ sql, parameters }) => attempt(() => connection.run(sql, parameters).rows))
        : [attempt(() => serveWhole(connection, question))];
    port.postMessage(answers satisfies ReaderAnswer);
    if (question.kind === 'close') port.close();
  });
}

function checkMigrations(connection: SqliteConnection, shipped: readonly ListedMigration[]): Opening {
  const applied = connection.run('SELECT name, checksum FROM schema_migrations', []).rows;
  const plan = planMigrations(shipped, applied as { name: string; checksum: string }[]);
  if (plan.kind !== 'apply') {
    return { opened: false, error: { message: plan.kind, errcode: null, refusal: plan } };
  }
  const [missing] = plan.pending;
  if (missing === undefined) return { opened: true };
  const refusal = { kind: 'older', name: missing.name } as const;
  return { opened: false, error: { message: 'older', errcode: null, refusal } };
}

function serveWhole(
  connection: SqliteConnection,
  question: Exclude<ReaderQuestion, { kind: 'read' }>,
): readonly Row[] {
  // One read transaction: a consistent copy whatever is committed meanwhile, and without free pages.
  if (question.kind === 'backup') connection.run('VACUUM INTO ?', [question.file]);
  else connection.close();
  return [];
}

function attempt(work: () => readonly Row[]): ReadAnswer {
  try {
    return { kind: 'rows', rows: work() };
  } catch (error) {
    return { kind: 'failed', error: workerError(error) };
  }
}
