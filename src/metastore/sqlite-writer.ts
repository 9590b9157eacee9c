/**
 * Worker entry: the store's one writer. It migrates the store, then takes all messages that wait — batches of many
 * callers — as one transaction and answers each. Entered by sqlite-metastore.ts as a thread; imports no room, so that it starts fast.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Statement } from '../base/index.ts';
import { type ListedMigration, planMigrations } from './plan-migrations.ts';
import { openSqliteConnection, type Row, type SqliteConnection } from './sqlite-connection.ts';
import { createBatchDecoder, type WireBatches } from './statement-wire.ts';
import { type Opening, type StoreRefusal, type WorkerError, workerError } from './worker-channel.ts';

export interface WriterOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly migrations: readonly ListedMigration[];
  readonly nowMs: number;
}

export type WriterQuestion =
  /** To apply in order, each all or nothing. */
  { readonly kind: 'commit'; readonly wire: WireBatches } | { readonly kind: 'close' };

export type Batch = readonly Statement[];

export type BatchAnswer =
  | { readonly kind: 'committed'; readonly rows: readonly (readonly Row[])[] }
  | { readonly kind: 'refused'; readonly refusal: string }
  | { readonly kind: 'failed'; readonly error: WorkerError };

export type WriterAnswer =
  | { readonly kind: 'done'; readonly batches: readonly BatchAnswer[] }
  /** The whole group: `kept` says whether any of it may have become durable. */
  | { readonly kind: 'failed'; readonly kept: 'no' | 'unknown'; readonly error: WorkerError };

/** Bounds the time one transaction takes, and with it the wait of a batch that comes next. */
const GROUP_BATCHES_MAX = 512;

const SQLITE_ERROR = 1;
const SQLITE_FULL = 13;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_RANGE = 25;
const SQLITE_IOERR_WRITE = 778;
/** Errors of one statement that leave the transaction as it was. */
const STATEMENT_ERRORS: ReadonlySet<number> = new Set([
  SQLITE_ERROR,
  SQLITE_TOOBIG,
  SQLITE_CONSTRAINT,
  SQLITE_MISMATCH,
  SQLITE_RANGE,
]);
/** PRIMARYKEY, UNIQUE, ROWID, FOREIGNKEY: what a concurrent change can cause; NOT NULL and CHECK are our bugs. */
const RACE_CONSTRAINTS: ReadonlySet<number> = new Set([1555, 2067, 2579, 787]);

if (parentPort !== null) serve(parentPort, workerData as WriterOptions);

function serve(port: NonNullable<typeof parentPort>, options: WriterOptions): void {
  let connection: SqliteConnection;
  try {
    const { file, busyTimeoutMs } = options;
    connection = openSqliteConnection({ file, readOnly: false, busyTimeoutMs });
    const refusal = migrate(connection, options);
    if (refusal !== null) {
      port.postMessage({ opened: false, error: { message: refusal.kind, errcode: null, refusal } });
      return;
    }
    requireWritable(connection);
  } catch (error) {
    port.postMessage({ opened: false, error: workerError(error) } satisfies Opening);
    return;
  }
  port.postMessage({ opened: true } satisfies Opening);
  const decode = createBatchDecoder();
  port.on('message', (first: WriterQuestion) => {
    const waiting = takeWaiting(port, first);
    const messages = waiting.flatMap((one) => (one.kind === 'commit' ? [decode(one.wire)] : []));
    for (const answer of answerTogether(connection, messages)) port.postMessage(answer);
    if (messages.length === waiting.length) return;
    connection.close();
    port.postMessage({ kind: 'done', batches: [] } satisfies WriterAnswer);
    port.close();
  });
}

/** The message that woke the thread and those that arrived while it was busy: they share one durable commit. */
function takeWaiting(port: NonNullable<typeof parentPort>, first: WriterQuestion): WriterQuestion[] {
  const taken = [first];
  let batches = first.kind === 'commit' ? first.wire.batches.length : 0;
  while (batches < GROUP_BATCHES_MAX && taken.at(-1)?.kind === 'commit') {
    const next = receiveMessageOnPort(port) as { message: WriterQuestion } | undefined;
    if (next === undefined) break;
    taken.push(next.message);
    if (next.message.kind === 'commit') batches += next.message.wire.batches.length;
  }
  return taken;
}

/** One answer for each message. */
function answerTogether(
  connection: SqliteConnection,
  messages: readonly (readonly Batch[])[],
): WriterAnswer[] {
  if (messages.length === 0) return [];
  const whole = applyGroup(connection, messages.flat());
  if (whole.kind === 'failed') return messages.map(() => whole);
  let taken = 0;
  return messages.map(({ length }) => {
    taken += length;
    return { kind: 'done', batches: whole.batches.slice(taken - length, taken) };
  });
}

/** All pending migrations become visible together, or none. Returns why the store is not ours to migrate, or null. */
function migrate(connection: SqliteConnection, options: WriterOptions): StoreRefusal | null {
  connection.database.exec(
    'CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL, applied_ms BIGINT NOT NULL)',
  );
  const applied = connection.run('SELECT name, checksum FROM schema_migrations', []).rows;
  const plan = planMigrations(options.migrations, applied as { name: string; checksum: string }[]);
  if (plan.kind !== 'apply') return plan;
  if (plan.pending.length === 0) return null;
  connection.database.exec('BEGIN IMMEDIATE');
  for (const { name, checksum, statements } of plan.pending) {
    for (const statement of statements) connection.database.exec(statement);
    connection.run('INSERT INTO schema_migrations (name, checksum, applied_ms) VALUES (?, ?, ?)', [
      name,
      checksum,
      options.nowMs,
    ]);
  }
  connection.database.exec('COMMIT');
  return null;
}

/**
 * Throws where the file may only be read. The engine then opens it, takes the home's lock and begins a transaction without a word, and
 * refuses the first change: where the log of a store that was not closed is there too, nothing of a read-only disk has shown by then.
 */
function requireWritable({ database }: SqliteConnection): void {
  database.exec('BEGIN; UPDATE schema_migrations SET applied_ms = applied_ms; ROLLBACK');
}

/** One transaction for the group, one savepoint for each batch that has neighbours. */
function applyGroup(connection: SqliteConnection, batches: readonly Batch[]): WriterAnswer {
  const answers: BatchAnswer[] = [];
  try {
    // A rollback that failed with the disk is made up for before anything else.
    rollback(connection);
    connection.run('BEGIN IMMEDIATE', []);
    const isAlone = batches.length === 1;
    for (const batch of batches) answers.push(applyBatch(connection, batch, isAlone));
  } catch (error) {
    // Disk full, I/O error, lock: the group is rolled back whole, since a part of it may already be gone.
    rollback(connection);
    return { kind: 'failed', kept: 'no', error: workerError(error) };
  }
  if (!answers.some((answer) => answer.kind === 'committed')) {
    rollback(connection);
    return { kind: 'done', batches: answers };
  }
  try {
    // The commit point of every change in the store: it returns once the write-ahead log is on the disk.
    connection.run('COMMIT', []);
  } catch (error) {
    rollback(connection);
    return { kind: 'failed', kept: keptAfterFailedCommit(connection, error), error: workerError(error) };
  }
  return { kind: 'done', batches: answers };
}

/**
 * Throws what ends the whole group. A refused batch leaves nothing of itself: it goes back to its savepoint, or, alone, with
 * the whole transaction, which is rolled back where nothing of it is committed.
 */
function applyBatch(connection: SqliteConnection, batch: Batch, isAlone: boolean): BatchAnswer {
  const undo = () => {
    if (isAlone) return;
    connection.run('ROLLBACK TO batch', []);
    connection.run('RELEASE batch', []);
  };
  const refused = (refusal: string): BatchAnswer => {
    undo();
    return { kind: 'refused', refusal };
  };
  if (!isAlone) connection.run('SAVEPOINT batch', []);
  const rows: (readonly Row[])[] = [];
  for (const { sql, parameters, guard } of batch) {
    try {
      const result = connection.run(sql, parameters);
      if (guard !== undefined && result.affected !== guard.rows) return refused(guard.refusal);
      rows.push(result.rows);
    } catch (error) {
      const { errcode } = workerError(error);
      const ownFault = errcode === null || STATEMENT_ERRORS.has(errcode & 0xff);
      if (!ownFault || !connection.database.isTransaction) throw error;
      if (errcode !== null && RACE_CONSTRAINTS.has(errcode)) {
        return refused(guard?.refusal ?? 'constraint');
      }
      undo();
      return { kind: 'failed', error: workerError(error) };
    }
  }
  if (!isAlone) connection.run('RELEASE batch', []);
  return { kind: 'committed', rows };
}

function rollback(connection: SqliteConnection): void {
  try {
    if (connection.database.isTransaction) connection.run('ROLLBACK', []);
  } catch {
    // The group has failed already and says why; the next one tries again.
  }
}

/**
 * Whether a commit that failed may be found again after a crash. A full disk and a failed write stop before the log's
 * commit record, which is written last. A failed fsync comes after it: the record is in the log and recovery would
 * believe it — until another durable commit has overwritten that place, which breaks the log's running checksum for all
 * that followed it. So write one.
 */
function keptAfterFailedCommit(connection: SqliteConnection, error: unknown): 'no' | 'unknown' {
  const { errcode } = workerError(error);
  if (errcode === SQLITE_FULL || errcode === SQLITE_IOERR_WRITE) return 'no';
  try {
    connection.run('BEGIN IMMEDIATE', []);
    // A write that always changes a page: an update to the same value would write nothing.
    const [version] = connection.run('PRAGMA user_version', []).rows;
    connection.database.exec(`PRAGMA user_version = ${(Number(version?.user_version) + 1) % 2 ** 30}`);
    connection.run('COMMIT', []);
    return 'no';
  } catch {
    rollback(connection);
    return 'unknown';
  }
}
