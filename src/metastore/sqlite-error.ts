import { LakeError } from '../base/index.ts';
import { metastoreErrors } from './errors.ts';
import type { WorkerError } from './worker-channel.ts';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html) that decide something here. */
const SQLITE_ERROR = 1;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** A failure of the store as a refused operation of which nothing was kept. */
export function notKept(error: WorkerError): LakeError {
  if (error.errcode !== null && (error.errcode & 0xff) === SQLITE_FULL) {
    return new LakeError(metastoreErrors.storage_full, {
      detail:
        'The disk of the metadata store is full. Nothing was kept; free space and send the request again.',
      cause: error,
    });
  }
  return unavailable('The metadata store could not be written or read. Nothing was kept.', error);
}

/** A failed read: the store's state, or a query of ours that it does not take. */
export function notRead(error: WorkerError): LakeError {
  const code = error.errcode === null ? SQLITE_ERROR : error.errcode & 0xff;
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return new LakeError(metastoreErrors.damaged, {
      detail: 'The metadata store’s file is damaged where it was read. Restore it from a backup.',
      cause: error,
    });
  }
  if (code !== SQLITE_ERROR) return unavailable('The metadata store could not be read.', error);
  return new LakeError(metastoreErrors.statement_failed, {
    detail: 'The metadata store refused a query.',
    cause: error,
  });
}

export function unavailable(detail: string, cause?: unknown): LakeError {
  return new LakeError(metastoreErrors.unavailable, { detail, cause });
}

/** What follows the death of one of the store's threads: refused until the server is started again. */
export function threadEnded(thread: 'reader' | 'writer', cause: unknown): LakeError {
  return new LakeError(metastoreErrors.ended, {
    detail:
      `The metadata store’s ${thread} ended, so the server ends too; start it again. ` +
      'No change is kept until then.',
    cause,
  });
}

export function outcomeUnknown(cause?: unknown): LakeError {
  return new LakeError(metastoreErrors.outcome_unknown, {
    detail:
      'The metadata store did not answer in time, so the change may or may not have been kept. ' +
      'Send it again with the same Idempotency-Key.',
    cause,
  });
}

/** Why a store was not opened. */
export function openingRefused(error: WorkerError): LakeError {
  const { refusal } = error;
  if (refusal?.kind === 'newer') {
    return new LakeError(metastoreErrors.newer_store, {
      detail: `The store holds the migration ${refusal.name}, which this version does not know: it was made by a newer one.`,
    });
  }
  if (refusal?.kind === 'older') {
    return new LakeError(metastoreErrors.older_store, {
      detail: `The store lacks the migration ${refusal.name}: it was made by an older version. Start the server on it once.`,
    });
  }
  if (refusal?.kind === 'edited') {
    return new LakeError(metastoreErrors.migration_edited, {
      detail: `The migration ${refusal.name} in the store is not the one this program ships.`,
    });
  }
  const code = error.errcode === null ? SQLITE_ERROR : error.errcode & 0xff;
  if (code === SQLITE_FULL) return notKept(error);
  if (code === SQLITE_READONLY || code === SQLITE_IOERR || code === SQLITE_CANTOPEN) {
    return new LakeError(metastoreErrors.damaged, {
      detail:
        'The metadata store cannot be opened for writing: its disk is full, read-only or failing, or this user may not write ' +
        'there. To read it makes files beside it too: mount it writable, or copy the home to a disk that is.',
      cause: error,
    });
  }
  return new LakeError(metastoreErrors.damaged, {
    detail: 'The metadata store cannot be opened: it is unreadable, damaged, or not a store of lakehouse.',
    cause: error,
  });
}
