import { type IdGenerator, sha256Hex } from '../../base/index.ts';
import type { IcebergSchema, NewDataFile } from './catalog.ts';
import type { AvroTypes } from './iceberg/avro-file.ts';
import { ENTRY_STATUS, encodeManifest, type ManifestEntry } from './iceberg/manifest.ts';
import { encodeManifestList, type ManifestListEntry, manifestListEntry } from './iceberg/manifest-list.ts';
import { summaryOf, totalsOf } from './iceberg/snapshot-summary.ts';
import { currentSchema, snapshotById, type TableMetadata, withSnapshot } from './iceberg/table-metadata.ts';
import type { TableFiles, TablePointer } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

/** A file to be written beside the metadata. */
export interface MetadataFile {
  readonly file: string;
  readonly bytes: string | Uint8Array;
}

/**
 * With this many manifests an append rewrites them as one, so that a plan opens few files however many commits made
 * the table. Each entry is then rewritten once in so many appends.
 */
const MERGE_MANIFESTS = 16;
/** A manifest of this size stays as it is. */
const MERGE_BELOW_BYTES = 8 * 1024 * 1024;

/** The metadata with a new current snapshot of these files, and the manifest and manifest list it names. */
export async function planSnapshot(
  deps: { warehouse: Warehouse; files: TableFiles; ids: IdGenerator },
  request: {
    readonly table: TablePointer;
    readonly metadata: TableMetadata;
    readonly operation: 'append' | 'overwrite';
    readonly added: readonly NewDataFile[];
    /** Files of the current snapshot that an overwrite leaves in place. */
    readonly kept?: readonly ManifestEntry[];
    readonly nowMs: number;
  },
): Promise<{ metadata: TableMetadata; files: readonly MetadataFile[]; snapshotId: string }> {
  const { table, metadata, operation } = request;
  const { warehouse, ids } = deps;
  const parent = snapshotById(metadata, metadata['current-snapshot-id']);
  const snapshotId = newSnapshotId(metadata, ids);
  const sequenceNumber = metadata['last-sequence-number'] + 1;
  const added = request.added.map((file) => ({
    content: 0 as const,
    location: warehouse.locationOf(file.path, table.location),
    ...file,
  }));
  const entries: ManifestEntry[] = added.map((file) => ({
    status: ENTRY_STATUS.added,
    snapshotId,
    sequenceNumber,
    fileSequenceNumber: sequenceNumber,
    file,
  }));
  const earlier =
    operation === 'append' && parent !== null
      ? await deps.files.manifestList(table, parent['manifest-list'])
      : [];
  const { kept, merged } = await mergeManifests(deps.files, table, earlier);
  const left = request.kept ?? [];
  const existing = [...merged, ...left.map((entry) => ({ ...entry, status: ENTRY_STATUS.existing }))];
  const files: MetadataFile[] = [];
  const manifests: ManifestListEntry[] = [];
  const attempt = ids.next();
  if (entries.length + existing.length > 0) {
    const manifest = writeManifest(deps.files.types, {
      schema: currentSchema(metadata),
      entries: [...entries, ...existing],
      ids,
    });
    const file = `${attempt}-m0.avro`;
    files.push({ file, bytes: manifest });
    manifests.push(
      manifestListEntry({
        location: warehouse.locationOf(warehouse.metadataPath(table.dataset_id, file), table.location),
        sizeBytes: manifest.length,
        content: 'data',
        sequenceNumber,
        snapshotId,
        entries: [...entries, ...existing],
      }),
    );
  }
  manifests.push(...kept);
  const listFile = `snap-${snapshotId}-1-${attempt}.avro`;
  const parentSnapshotId = parent === null ? null : parent['snapshot-id'];
  const list = { snapshotId, parentSnapshotId, sequenceNumber, manifests, sync: uuidBytes(ids.next()) };
  files.push({ file: listFile, bytes: encodeManifestList(deps.files.types, list) });
  const snapshot = {
    'snapshot-id': snapshotId,
    ...(parentSnapshotId === null ? {} : { 'parent-snapshot-id': parentSnapshotId }),
    'sequence-number': sequenceNumber,
    // Times of one table never go back, whatever the clock does: time travel reads the log in order.
    'timestamp-ms': Math.max(request.nowMs, metadata['last-updated-ms']),
    summary: summaryOf(operation, totalsOf(parent), {
      added,
      kept: left.map((entry) => entry.file),
    }),
    'manifest-list': warehouse.locationOf(warehouse.metadataPath(table.dataset_id, listFile), table.location),
    'schema-id': metadata['current-schema-id'],
  };
  return { metadata: withSnapshot(metadata, snapshot), files, snapshotId };
}

/** The manifests to keep as they are, and the live entries of those to be written again as one. */
async function mergeManifests(
  files: TableFiles,
  table: TablePointer,
  earlier: readonly ManifestListEntry[],
): Promise<{ kept: readonly ManifestListEntry[]; merged: readonly ManifestEntry[] }> {
  const small = earlier.filter(
    (manifest) => manifest.content === 'data' && manifest.sizeBytes < MERGE_BELOW_BYTES,
  );
  if (small.length + 1 < MERGE_MANIFESTS) return { kept: earlier, merged: [] };
  const merged: ManifestEntry[] = [];
  for (const manifest of small) {
    for (const entry of await files.manifest(table, manifest)) {
      if (entry.status !== ENTRY_STATUS.deleted) merged.push({ ...entry, status: ENTRY_STATUS.existing });
    }
  }
  return { kept: earlier.filter((manifest) => !small.includes(manifest)), merged };
}

function writeManifest(
  types: AvroTypes,
  parts: {
    schema: IcebergSchema;
    entries: readonly ManifestEntry[];
    ids: IdGenerator;
  },
): Buffer {
  const { schema, entries } = parts;
  return encodeManifest(types, { schema, content: 'data', entries, sync: uuidBytes(parts.ids.next()) });
}

/** A positive id that no snapshot of the table has; below 2^53, so that readers with JSON doubles keep it whole. */
function newSnapshotId(metadata: TableMetadata, ids: IdGenerator): string {
  for (;;) {
    const id = String(Number.parseInt(sha256Hex(ids.next()).slice(0, 13), 16) + 1);
    if (snapshotById(metadata, id) === null) return id;
  }
}

function uuidBytes(id: string): Uint8Array {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}
