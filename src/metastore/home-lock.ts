import { DatabaseSync } from 'node:sqlite';
import { LakeError } from '../base/index.ts';
import { metastoreErrors } from './errors.ts';
import { workerError } from './worker-channel.ts';

const SQLITE_BUSY = 5;

/**
 * Takes the home for this process, or throws `metastore.home_in_use`. The lock is SQLite's own exclusive lock on an
 * empty database beside the store: the operating system gives it up when the process ends, however it ends, so that no
 * stale lock is left to judge. (A file with a process id would need that judgement; ids are re-used.)
 */
export function takeHomeLock(file: string): { release(): void } {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    // Anything but another holder, as a full disk, is not told as one: nobody would find the process to stop.
    if (((workerError(cause).errcode ?? 0) & 0xff) !== SQLITE_BUSY) throw cause;
    throw new LakeError(metastoreErrors.home_in_use, {
      detail: 'Another lakehouse process uses this home. Stop it first, or give another --home.',
      cause,
    });
  }
  return { release: () => lock.close() };
}
