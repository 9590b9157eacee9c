import type { ScanFile } from './catalog.ts';
import { damagedMetadata } from './errors.ts';
import { ENTRY_STATUS, type ManifestEntry } from './iceberg/manifest.ts';
import type { TableFiles, TablePointer } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

/** The reserved field id of `file_path` in position delete files (spec, "Reserved Field IDs"). */
const DELETE_FILE_PATH_ID = 2147483546;

/** The live data files of a snapshot, each with the position deletes that apply to it (spec, "Scan Planning"). */
export async function planScan(
  deps: { files: TableFiles; warehouse: Warehouse },
  table: TablePointer,
  manifestList: string,
): Promise<ScanFile[]> {
  const { data, deletes } = await liveEntries(deps.files, table, manifestList);
  const pathOf = (location: string) => deps.warehouse.pathOf(location, table.location);
  return data.map((entry) => {
    const path = pathOf(entry.file.location);
    return {
      path,
      recordCount: entry.file.recordCount,
      sizeBytes: entry.file.sizeBytes,
      hasFieldIds: deps.warehouse.holds(path),
      deleteFiles: deletes
        .filter((other) => applies(other, entry))
        .map((other) => pathOf(other.file.location)),
      lowerBounds: entry.file.lowerBounds,
      upperBounds: entry.file.upperBounds,
      nullCounts: entry.file.nullCounts,
      ...(entry.file.sourceIdentity === undefined ? {} : { sourceIdentity: entry.file.sourceIdentity }),
    };
  });
}

/** What a manifest list names that is not deleted. */
export async function liveEntries(
  files: TableFiles,
  table: TablePointer,
  manifestList: string,
): Promise<{ data: readonly ManifestEntry[]; deletes: readonly ManifestEntry[] }> {
  const data: ManifestEntry[] = [];
  const deletes: ManifestEntry[] = [];
  const manifests = await files.manifestList(table, manifestList);
  const entriesOf = await Promise.all(manifests.map((manifest) => files.manifest(table, manifest)));
  for (const [index, manifest] of manifests.entries()) {
    const entries = entriesOf[index] ?? [];
    const target = manifest.content === 'data' ? data : deletes;
    for (const entry of entries) if (entry.status !== ENTRY_STATUS.deleted) target.push(entry);
  }
  return { data, deletes };
}

/**
 * A position delete applies to files of its own or an earlier sequence number. Bounds of its `file_path` rule a file
 * out where they are whole; pruning is conservative and never changes a result.
 */
function applies(deletion: ManifestEntry, entry: ManifestEntry): boolean {
  if (deletion.file.content === 2) {
    throw damagedMetadata(
      'it has equality deletes, which are not read here; compact it where it was written',
    );
  }
  if (deletion.sequenceNumber < entry.sequenceNumber) return false;
  const lower = deletion.file.lowerBounds.get(DELETE_FILE_PATH_ID);
  const upper = deletion.file.upperBounds.get(DELETE_FILE_PATH_ID);
  const location = Buffer.from(entry.file.location, 'utf8');
  if (lower !== undefined && Buffer.compare(location, lower) < 0) return false;
  // A truncated upper bound is above every path it stands for, so the comparison holds for it too.
  return upper === undefined || Buffer.compare(location, upper) <= 0;
}
