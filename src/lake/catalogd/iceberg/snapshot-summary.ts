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

/**
 * The summary of a snapshot that adds data files to `before` (`append`), or puts them in the place of all of its files
 * but those kept (`overwrite`).
 */
export function summaryOf(
  operation: 'append' | 'overwrite',
  before: SnapshotTotals,
  files: { readonly added: readonly ManifestFile[]; readonly kept: readonly ManifestFile[] },
): Snapshot['summary'] {
  const added = sumOf(files.added);
  const kept = operation === 'append' ? before : { ...NO_TOTALS, ...sumOf(files.kept) };
  const removed: Record<string, string> =
    operation === 'append'
      ? {}
      : {
          'deleted-data-files': String(before.dataFiles - kept.dataFiles),
          'deleted-records': String(before.records - kept.records),
          'removed-files-size': String(before.sizeBytes - kept.sizeBytes),
        };
  return {
    operation,
    'added-data-files': String(added.dataFiles),
    'added-records': String(added.records),
    'added-files-size': String(added.sizeBytes),
    ...removed,
    'total-data-files': String(kept.dataFiles + added.dataFiles),
    'total-delete-files': String(kept.deleteFiles),
    'total-records': String(kept.records + added.records),
    'total-files-size': String(kept.sizeBytes + added.sizeBytes),
    'total-position-deletes': String(kept.positionDeletes),
    'total-equality-deletes': '0',
  };
}

function sumOf(files: readonly ManifestFile[]): Pick<SnapshotTotals, 'records' | 'sizeBytes' | 'dataFiles'> {
  return {
    records: files.reduce((sum, file) => sum + file.recordCount, 0),
    sizeBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0),
    dataFiles: files.length,
  };
}
