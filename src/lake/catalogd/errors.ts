import { declareErrors, LakeError } from '../../base/index.ts';

export const catalogErrors = declareErrors('catalog', {
  name_invalid: {
    kind: 'invalid',
    title: 'Invalid dataset name',
    remedy:
      'Use letters, digits and underscores, starting with a letter or underscore, with at most one dot after a namespace, up to 128 characters.',
  },
  column_invalid: {
    kind: 'invalid',
    title: 'Invalid column',
    remedy:
      'Give each column a name of up to 255 printable characters that differs from its siblings by more than case.',
  },
  type_unsupported: {
    kind: 'unprocessable',
    title: 'Type cannot be stored',
    remedy: 'Cast the column to a type that Iceberg version 2 has; HUGEINT and INTERVAL are refused.',
  },
  too_many_columns: {
    kind: 'too_large',
    title: 'Too many columns',
    remedy: 'Split the dataset, or raise ingest.max_columns.',
  },
  dataset_not_found: {
    kind: 'not_found',
    title: 'Dataset not found',
    remedy: 'Check the name with GET /catalog/datasets; names are case-sensitive.',
  },
  dataset_exists: {
    kind: 'conflict',
    title: 'Dataset exists',
    remedy: 'Choose another name, or append to or replace the dataset. Names differ by more than case.',
  },
  schema_mismatch: {
    kind: 'conflict',
    title: 'Columns do not fit the dataset',
    remedy: 'Read diff and migration_rules of this answer; apply a rule, or load into another dataset.',
  },
  schema_conflict: {
    kind: 'conflict',
    title: 'Dataset is registered with another schema',
    remedy: 'Read diff and migration_rules of this answer; update the dataset, or register another name.',
  },
  snapshot_not_found: {
    kind: 'not_found',
    title: 'Snapshot not found',
    remedy: 'List the snapshots with GET /catalog/datasets/by-name/{name}/snapshots.',
  },
  change_invalid: {
    kind: 'unprocessable',
    title: 'Change cannot be applied',
    remedy: 'Describe the dataset and correct the change.',
  },
  conflict: {
    kind: 'conflict',
    title: 'Dataset changed meanwhile',
    remedy: 'Try again; another writer was faster each time.',
    retryable: true,
  },
  source_empty: {
    kind: 'unprocessable',
    title: 'Nothing to register',
    remedy: 'Name an existing Parquet object, or a prefix ending in / with Parquet objects under it.',
  },
  source_invalid: {
    kind: 'unprocessable',
    title: 'Source cannot be registered',
    remedy: 'Register Parquet objects of one schema; ingest other formats with POST /ingest/file.',
  },
  source_changed: {
    kind: 'conflict',
    title: 'Registered objects changed',
    remedy: 'Register the dataset again with the same source: it then reads the objects as they are now.',
  },
  metadata_damaged: {
    kind: 'internal',
    title: 'Dataset metadata damaged',
    remedy:
      'Restore the warehouse from a backup, or roll the dataset back; POST /catalog/resync-missing names it.',
  },
  files_missing: {
    kind: 'internal',
    title: 'Dataset files missing',
    remedy:
      'Restore the warehouse from a backup, or ingest the same files again, which puts their rows back; ' +
      'POST /catalog/resync-missing names every dataset concerned.',
  },
  disk_full: {
    kind: 'storage_full',
    title: 'No space for dataset metadata',
    remedy:
      'Free space on the disk of the home, for example with POST /catalog/resync-missing, and try again.',
    retryable: true,
  },
  write_failed: {
    kind: 'unavailable',
    title: 'Dataset metadata cannot be written',
    remedy: 'Check the disk of the home; nothing was changed, so the request may be sent again.',
    retryable: true,
  },
  page_invalid: {
    kind: 'invalid',
    title: 'Invalid page token',
    remedy: 'Use the next_page of an earlier answer, or none.',
  },
});

/** `what` ends the sentence; it names no path. */
export function damagedMetadata(what: string, cause?: unknown): LakeError {
  return new LakeError(catalogErrors.metadata_damaged, {
    detail: `The metadata of this dataset is damaged: ${what}.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
