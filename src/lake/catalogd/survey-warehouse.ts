import type { Logger } from '../../base/index.ts';
import type { DatasetRecord } from './dataset-record.ts';
import type { DatasetStore } from './dataset-store.ts';
import { ENTRY_STATUS } from './iceberg/manifest.ts';
import type { TableFiles } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

/** Datasets read at a time. */
const PAGE = 100;

export interface WarehouseSurvey {
  readonly datasetsChecked: number;
  readonly missing: readonly {
    readonly dataset: string;
    readonly datasetId: string;
    readonly missingFiles: number;
  }[];
  /** Files that no dataset names, last changed before the given time. */
  readonly orphans: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Files that no dataset names and that may belong to a commit on its way. */
  readonly youngFiles: number;
}

/**
 * Compares what datasets name with what lies in the warehouse. The files are listed before the datasets are read: a
 * commit in between then names a file that is not judged, and never the other way round. Where one dataset's
 * metadata cannot be read, nothing counts as an orphan: what it names is not known.
 */
export async function surveyWarehouse(
  parts: { store: DatasetStore; files: TableFiles; warehouse: Warehouse; log: Logger },
  olderThanMs: number,
): Promise<WarehouseSurvey> {
  const found = await Array.fromAsync(parts.warehouse.files());
  const named = new Set<string>();
  const missing: { dataset: string; datasetId: string; missingFiles: number }[] = [];
  let datasetsChecked = 0;
  let complete = true;
  for await (const record of allDatasets(parts.store)) {
    datasetsChecked++;
    const { paths, unreadable } = await pathsNamedBy(parts, record);
    for (const path of paths) named.add(path);
    if (unreadable > 0) complete = false;
    let missingFiles = unreadable;
    for (const path of paths) if (!(await parts.warehouse.exists(path))) missingFiles++;
    const { name, dataset_id: datasetId } = record.row;
    if (missingFiles > 0) missing.push({ dataset: name, datasetId, missingFiles });
  }
  const unnamed = complete ? found.filter((file) => !named.has(file.path)) : [];
  const orphans = unnamed.filter((file) => file.modifiedMs < olderThanMs);
  return { datasetsChecked, missing, orphans, youngFiles: unnamed.length - orphans.length };
}

async function* allDatasets(store: DatasetStore): AsyncGenerator<DatasetRecord> {
  for (let afterKey = ''; ; ) {
    const page = await store.page({ afterKey, prefix: '', limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    afterKey = last.row.name_key;
  }
}

/** Every file a dataset needs, earlier snapshots and metadata files included. */
async function pathsNamedBy(
  parts: { files: TableFiles; warehouse: Warehouse; log: Logger },
  record: DatasetRecord,
): Promise<{ paths: ReadonlySet<string>; unreadable: number }> {
  const { row } = record;
  const paths = new Set([parts.warehouse.metadataPath(row.dataset_id, row.metadata_file)]);
  const pathOf = (location: string) => parts.warehouse.pathOf(location, row.location);
  let unreadable = 0;
  try {
    const metadata = await parts.files.metadata(row);
    for (const entry of metadata['metadata-log']) paths.add(pathOf(entry['metadata-file']));
    for (const snapshot of metadata.snapshots) {
      paths.add(pathOf(snapshot['manifest-list']));
      for (const manifest of await parts.files.manifestList(row, snapshot['manifest-list'])) {
        const manifestPath = pathOf(manifest.location);
        if (paths.has(manifestPath)) continue;
        paths.add(manifestPath);
        for (const entry of await parts.files.manifest(row, manifest)) {
          if (entry.status !== ENTRY_STATUS.deleted) paths.add(pathOf(entry.file.location));
        }
      }
    }
  } catch (error) {
    parts.log.warn({ dataset_id: row.dataset_id, err: error }, 'dataset metadata cannot be read');
    unreadable++;
  }
  return { paths, unreadable };
}
