import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Compilable } from 'kysely';
import type { Clock, Logger } from '../base/index.ts';
import { LakeError } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import { createCommitQueue } from './commit-queue.ts';
import { sqliteDialect } from './dialect.ts';
import { takeHomeLock } from './home-lock.ts';
import type { Metastore, MetastoreReader } from './metastore.ts';
import { allMigrations } from './migrations.ts';
import { watchProcessLoad } from './process-load.ts';
import { createReadQueue, type ReadQueue, within } from './read-queue.ts';
import { notKept, notRead, openingRefused, threadEnded } from './sqlite-error.ts';
import type { ReaderAnswer, ReaderOptions, ReaderQuestion } from './sqlite-reader.ts';
import type { WriterAnswer, WriterOptions, WriterQuestion } from './sqlite-writer.ts';
import { createBatchEncoder } from './statement-wire.ts';
import { openWorkerChannel, type WorkerChannel, workerError } from './worker-channel.ts';

/** A store that only reads, for work on a home that no server uses. */
export interface ReadOnlyMetastore extends MetastoreReader {
  /** A consistent copy of the store as a file, also while a server uses it. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}

interface OpenOptions {
  /** The store's file; made when it is not there. */
  readonly file: string;
  readonly config: Config['metastore'];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Opens the embedded store for this process alone, and migrates it. Throws `metastore.home_in_use`,
 * `metastore.newer_store`, `metastore.migration_edited`, `metastore.damaged`.
 */
export async function openMetastore(options: OpenOptions): Promise<Metastore> {
  const { file, config, clock, log } = options;
  const lock = lockHome(file);
  const opened: { terminate(): Promise<void> }[] = [];
  let closing: Promise<void> | null = null;
  try {
    const migrations = allMigrations();
    // Longer than a commit may take: a store that is locked is then told apart from a commit that failed.
    const busyTimeoutMs = config.commit_timeout_ms * 2;
    const writer = await openChannel<WriterQuestion, WriterAnswer>('sqlite-writer', {
      file,
      busyTimeoutMs,
      migrations,
      nowMs: clock.nowMs(),
    } satisfies WriterOptions);
    opened.push(writer);
    const reader = await openReaderChannel({ file, busyTimeoutMs, migrations });
    opened.push(reader);
    const encode = createBatchEncoder();
    const reads = readQueueOf(reader, config.commit_timeout_ms);
    const queue = createCommitQueue({
      send: (batches) => writer.request({ kind: 'commit', wire: encode(batches) }),
      isBusy: watchProcessLoad(),
      timeoutMs: config.commit_timeout_ms,
      log,
    });
    const ended = Promise.withResolvers<LakeError>();
    const watch = async (thread: 'reader' | 'writer', channel: { readonly ended: Promise<Error> }) => {
      const cause = await channel.ended;
      if (closing !== null) return;
      // Of a store that reads no more nothing may be changed either, and the other way round: it ends as a whole.
      const failure = threadEnded(thread, cause);
      queue.close(failure);
      log.fatal({ err: cause, thread }, 'a thread of the metadata store ended');
      ended.resolve(failure);
    };
    void watch('writer', writer);
    void watch('reader', reader);
    return {
      dialect: sqliteDialect,
      queries: sqliteDialect.queries,
      read: (query) => read(reads, query),
      commit: queue.commit,
      ended: ended.promise,
      backup: (target) => backup({ file, busyTimeoutMs, migrations }, target),
      close: () => {
        closing ??= (async () => {
          await queue.drain();
          await closeWithin(reader.request({ kind: 'close' }), config.commit_timeout_ms);
          await closeWithin(writer.request({ kind: 'close' }), config.commit_timeout_ms);
          await Promise.all(opened.map((channel) => channel.terminate()));
          lock.release();
        })();
        return closing;
      },
    };
  } catch (error) {
    await Promise.all(opened.map((channel) => channel.terminate()));
    lock.release();
    throw error;
  }
}

/**
 * Opens a store for reading, without the home's lock: for offline verification and restore. Throws also
 * `metastore.older_store`, since nothing is migrated.
 */
export async function openMetastoreReadOnly(options: {
  readonly file: string;
  readonly config: Config['metastore'];
}): Promise<ReadOnlyMetastore> {
  const { commit_timeout_ms: timeoutMs } = options.config;
  const source = { file: options.file, busyTimeoutMs: timeoutMs, migrations: allMigrations() };
  const reader = await openReaderChannel(source);
  const reads = readQueueOf(reader, timeoutMs);
  return {
    dialect: sqliteDialect,
    queries: sqliteDialect.queries,
    read: (query) => read(reads, query),
    backup: (target) => backup(source, target),
    async close() {
      await closeWithin(reader.request({ kind: 'close' }), timeoutMs);
      await reader.terminate();
    },
  };
}

function lockHome(file: string): { release(): void } {
  try {
    return takeHomeLock(`${file}.lock`);
  } catch (error) {
    if (error instanceof LakeError) throw error;
    throw openingRefused(workerError(error));
  }
}

async function openChannel<Q, A>(entry: string, workerData: object): Promise<WorkerChannel<Q, A>> {
  // The sources run as TypeScript, the published package as JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const opened = await openWorkerChannel<Q, A>(
    new URL(`./${entry}.${extension}`, import.meta.url),
    workerData,
  );
  if ('opening' in opened) throw openingRefused(opened.opening.error);
  return opened.channel;
}

function openReaderChannel(options: ReaderOptions): Promise<WorkerChannel<ReaderQuestion, ReaderAnswer>> {
  return openChannel('sqlite-reader', options);
}

function readQueueOf(reader: WorkerChannel<ReaderQuestion, ReaderAnswer>, timeoutMs: number): ReadQueue {
  return createReadQueue({ send: (queries) => reader.request({ kind: 'read', queries }), timeoutMs });
}

async function read<R>(reads: ReadQueue, query: Compilable<R>): Promise<R[]> {
  const { sql, parameters } = query.compile();
  const answer = await reads({ sql, parameters });
  if (answer.kind === 'rows') return answer.rows as R[];
  throw notRead(answer.error);
}

async function closeWithin(answer: Promise<unknown>, timeoutMs: number): Promise<void> {
  // A store that does not answer is ended with its thread; what it acknowledged is durable already.
  await within(answer, timeoutMs).catch(() => undefined);
}

/** The copy appears under its name only when it is whole and durable. */
async function backup(source: ReaderOptions, file: string): Promise<void> {
  const partial = `${file}.partial`;
  // Its own thread and connection, so that neither reads nor commits wait for it.
  const copier = await openReaderChannel(source);
  try {
    rmSync(partial, { force: true });
    const [answer] = await copier.request({ kind: 'backup', file: partial });
    if (answer?.kind === 'failed') throw notKept(answer.error);
    fsyncPath(partial);
    renameSync(partial, file);
    fsyncPath(dirname(file));
  } finally {
    await copier.terminate();
    rmSync(partial, { force: true });
  }
}

function fsyncPath(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
