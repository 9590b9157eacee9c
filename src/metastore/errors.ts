import { declareErrors } from '../base/index.ts';

export const metastoreErrors = declareErrors('metastore', {
  unavailable: {
    kind: 'unavailable',
    title: 'Metadata store not available',
    remedy:
      'Nothing was kept. Send the same request again; if it persists, look at the server’s disk and log.',
    retryable: true,
  },
  outcome_unknown: {
    kind: 'unavailable',
    title: 'Outcome of the change not known',
    remedy:
      'The change may or may not have been kept. Send it again with the same Idempotency-Key, which has the effect once.',
    retryable: true,
  },
  ended: {
    kind: 'unavailable',
    title: 'The metadata store ended',
    remedy:
      'A thread of the store died; the server ends and is to be started again. What was acknowledged is kept. Send the ' +
      'request again then.',
    retryable: true,
  },
  storage_full: {
    kind: 'storage_full',
    title: 'No space left for the metadata store',
    remedy: 'Nothing was kept. Free disk space in the home; the server recovers by itself.',
    retryable: true,
  },
  statement_failed: {
    kind: 'internal',
    title: 'Statement refused by the metadata store',
    remedy: 'A defect of lakehouse: report it with the request id. Nothing was kept.',
  },
  home_in_use: {
    kind: 'conflict',
    title: 'The home is in use by another process',
    remedy: 'Stop the other lakehouse process that serves this home, or use another home.',
  },
  newer_store: {
    kind: 'unsupported',
    title: 'The home was made by a newer version',
    remedy: 'Run the version of lakehouse that made it, or a later one.',
  },
  older_store: {
    kind: 'unsupported',
    title: 'The home was made by an older version',
    remedy: 'Start the server on this home once; it migrates the store. Then run the command again.',
  },
  migration_edited: {
    kind: 'unsupported',
    title: 'The store’s schema history differs from this program’s',
    remedy: 'Run the released version of lakehouse that made the home; a shipped migration is never edited.',
  },
  damaged: {
    kind: 'internal',
    title: 'The metadata store cannot be opened',
    remedy: 'Check that the home is readable and writable by this user; otherwise restore it from a backup.',
  },
});
