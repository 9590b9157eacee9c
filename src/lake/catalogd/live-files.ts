import { join } from 'node:path';
import { LakeError } from '../../base/index.ts';
import type { FileState, ScanFile } from './catalog.ts';
import type { DatasetRow } from './dataset-record.ts';
import { catalogErrors } from './errors.ts';
import type { ManifestEntry } from './iceberg/manifest.ts';
import { liveEntries } from './plan-scan.ts';
import type { TableFiles } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

interface FileParts {
  readonly files: TableFiles;
  readonly warehouse: Warehouse;
}

/** What became of a data file that was once committed, by its name in the dataset's folder. */
export async function fileState(parts: FileParts, row: DatasetRow, fileName: string): Promise<FileState> {
  if (row.manifest_list === null) return 'left';
  const path = join(parts.warehouse.dataFolder(row.dataset_id), fileName);
  const { data } = await liveEntries(parts.files, row, row.manifest_list);
  const entry = data.find(({ file }) => parts.warehouse.pathOf(file.location, row.location) === path);
  if (entry === undefined) return 'left';
  return (await parts.warehouse.sizeOf(path)) === entry.file.sizeBytes ? 'live' : 'gone';
}

/**
 * The live entries of a snapshot but that of one data file. Throws `catalog.files_missing` where rows of the snapshot
 * are deleted by position: they would come back with the file.
 */
export async function entriesWithout(
  parts: FileParts,
  row: DatasetRow,
  fileName: string,
): Promise<readonly ManifestEntry[]> {
  if (row.manifest_list === null) return [];
  const path = join(parts.warehouse.dataFolder(row.dataset_id), fileName);
  const { data, deletes } = await liveEntries(parts.files, row, row.manifest_list);
  if (deletes.length > 0) {
    throw new LakeError(catalogErrors.files_missing, {
      detail: `A file of ${row.name} is gone and rows of it may have been deleted: replace the dataset, or restore the file.`,
    });
  }
  return data.filter(({ file }) => parts.warehouse.pathOf(file.location, row.location) !== path);
}

/** Throws `catalog.files_missing`, with the dataset's name, unless every file is there as it was written. */
export async function requireFilesThere(
  warehouse: Warehouse,
  dataset: string,
  files: readonly ScanFile[],
): Promise<void> {
  let missing = 0;
  for (const file of files) {
    if ((await warehouse.sizeOf(file.path)) !== file.sizeBytes) missing += 1;
    for (const path of file.deleteFiles) if ((await warehouse.sizeOf(path)) === null) missing += 1;
  }
  if (missing === 0) return;
  throw new LakeError(catalogErrors.files_missing, {
    detail:
      `${missing} of the files of the dataset ${dataset} are gone from the server's disk, or are not as they were written. ` +
      'Restore them from a backup, roll the dataset back, or ingest what they were made from once more.',
    data: { dataset, missing_files: missing },
  });
}
