import type { ManifestFile } from './manifest.ts';
import type { Snapshot } from './table-metadata.ts';

/** What a snapshot holds in all. Kept in each summary (spec, appendix F), so that no manifest is read to know it. */
export interface SnapshotTotals {
  readonly records: number;
  readonly sizeBytes: number;
  readonly dataFiles: number;
  readonly deleteFiles: number;
  readonly positionDeletes: number;
}

export const NO_TOTALS: SnapshotTotals = {
  records: 0,
  sizeBytes: 0,
  dataFiles: 0,
  deleteFiles: 0,
  positionDeletes: 0,
};

export function totalsOf(snapshot: Snapshot | null): SnapshotTotals {
  if (snapshot === null) return NO_TOTALS;
  const read = (name: string) => Number(snapshot.summary[name] ?? 0);
  return {
    records: read('total-records'),
    sizeBytes: read('total-files-size'),
    dataFiles: read('total-data-files'),
    deleteFiles: read('total-delete-files'),
    positionDeletes: read('total-position-deletes'),
  };
}

/** The summary of a snapshot that adds these data files to (`append`) or puts them in the place of (`overwrite`) `before`. */
export function summaryOf(
  operation: 'append' | 'overwrite',
  before: SnapshotTotals,
  files: readonly ManifestFile[],
): Snapshot['summary'] {
  const addedRecords = files.reduce((sum, file) => sum + file.recordCount, 0);
  const addedBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const kept = operation === 'append' ? before : NO_TOTALS;
  const removed: Record<string, string> =
    operation === 'append'
      ? {}
      : {
          'deleted-data-files': String(before.dataFiles),
          'deleted-records': String(before.records),
          'removed-files-size': String(before.sizeBytes),
        };
  return {
    operation,
    'added-data-files': String(files.length),
    'added-records': String(addedRecords),
    'added-files-size': String(addedBytes),
    ...removed,
    'total-data-files': String(kept.dataFiles + files.length),
    'total-delete-files': String(kept.deleteFiles),
    'total-records': String(kept.records + addedRecords),
    'total-files-size': String(kept.sizeBytes + addedBytes),
    'total-position-deletes': String(kept.positionDeletes),
    'total-equality-deletes': '0',
  };
}
