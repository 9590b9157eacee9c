import { type AvroTypes, decodeAvroFile, encodeAvroFile } from './avro-file.ts';
import { ENTRY_STATUS, type ManifestEntry } from './manifest.ts';

/** One manifest of a snapshot (spec, "Manifest Lists"). */
export interface ManifestListEntry {
  /** As written: a `file://` location. */
  readonly location: string;
  readonly sizeBytes: number;
  readonly content: 'data' | 'deletes';
  readonly sequenceNumber: number;
  /** The least data sequence number of its live files. */
  readonly minSequenceNumber: number;
  readonly addedSnapshotId: string;
  readonly addedFiles: number;
  readonly existingFiles: number;
  readonly deletedFiles: number;
  readonly addedRows: number;
  readonly existingRows: number;
  readonly deletedRows: number;
}

const FIELD_SUMMARY = {
  type: 'record',
  name: 'r508',
  fields: [
    { name: 'contains_null', type: 'boolean', 'field-id': 509 },
    { name: 'contains_nan', type: ['null', 'boolean'], default: null, 'field-id': 518 },
    { name: 'lower_bound', type: ['null', 'bytes'], default: null, 'field-id': 510 },
    { name: 'upper_bound', type: ['null', 'bytes'], default: null, 'field-id': 511 },
  ],
};

const MANIFEST_LIST_SCHEMA = JSON.stringify({
  type: 'record',
  name: 'manifest_file',
  fields: [
    { name: 'manifest_path', type: 'string', 'field-id': 500 },
    { name: 'manifest_length', type: 'long', 'field-id': 501 },
    { name: 'partition_spec_id', type: 'int', 'field-id': 502 },
    { name: 'content', type: 'int', 'field-id': 517 },
    { name: 'sequence_number', type: 'long', 'field-id': 515 },
    { name: 'min_sequence_number', type: 'long', 'field-id': 516 },
    { name: 'added_snapshot_id', type: 'long', 'field-id': 503 },
    { name: 'added_files_count', type: 'int', 'field-id': 504 },
    { name: 'existing_files_count', type: 'int', 'field-id': 505 },
    { name: 'deleted_files_count', type: 'int', 'field-id': 506 },
    { name: 'added_rows_count', type: 'long', 'field-id': 512 },
    { name: 'existing_rows_count', type: 'long', 'field-id': 513 },
    { name: 'deleted_rows_count', type: 'long', 'field-id': 514 },
    {
      name: 'partitions',
      type: ['null', { type: 'array', items: FIELD_SUMMARY, 'element-id': 508 }],
      default: null,
      'field-id': 507,
    },
  ],
});

/** The list's entry for a manifest with these entries. */
export function manifestListEntry(parts: {
  location: string;
  sizeBytes: number;
  content: 'data' | 'deletes';
  sequenceNumber: number;
  snapshotId: string;
  entries: readonly ManifestEntry[];
}): ManifestListEntry {
  const count = (status: number) => {
    const found = parts.entries.filter((entry) => entry.status === status);
    return { files: found.length, rows: found.reduce((sum, entry) => sum + entry.file.recordCount, 0) };
  };
  const added = count(ENTRY_STATUS.added);
  const existing = count(ENTRY_STATUS.existing);
  const deleted = count(ENTRY_STATUS.deleted);
  const sequences = parts.entries
    .filter((entry) => entry.status !== ENTRY_STATUS.deleted)
    .map((entry) => (entry.status === ENTRY_STATUS.added ? parts.sequenceNumber : entry.sequenceNumber));
  return {
    location: parts.location,
    sizeBytes: parts.sizeBytes,
    content: parts.content,
    sequenceNumber: parts.sequenceNumber,
    minSequenceNumber: sequences.reduce((least, next) => Math.min(least, next), parts.sequenceNumber),
    addedSnapshotId: parts.snapshotId,
    addedFiles: added.files,
    existingFiles: existing.files,
    deletedFiles: deleted.files,
    addedRows: added.rows,
    existingRows: existing.rows,
    deletedRows: deleted.rows,
  };
}

export function encodeManifestList(
  types: AvroTypes,
  parts: {
    snapshotId: string;
    parentSnapshotId: string | null;
    sequenceNumber: number;
    manifests: readonly ManifestListEntry[];
    sync: Uint8Array;
  },
): Buffer {
  const records = parts.manifests.map((manifest) => ({
    manifest_path: manifest.location,
    manifest_length: manifest.sizeBytes,
    partition_spec_id: 0,
    content: manifest.content === 'data' ? 0 : 1,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: BigInt(manifest.addedSnapshotId),
    added_files_count: manifest.addedFiles,
    existing_files_count: manifest.existingFiles,
    deleted_files_count: manifest.deletedFiles,
    added_rows_count: manifest.addedRows,
    existing_rows_count: manifest.existingRows,
    deleted_rows_count: manifest.deletedRows,
    partitions: null,
  }));
  const metadata = {
    'snapshot-id': parts.snapshotId,
    'parent-snapshot-id': parts.parentSnapshotId ?? 'null',
    'sequence-number': String(parts.sequenceNumber),
    'format-version': '2',
  };
  return encodeAvroFile(types, { schemaText: MANIFEST_LIST_SCHEMA, records, metadata, sync: parts.sync });
}

export function decodeManifestList(types: AvroTypes, bytes: Buffer): ManifestListEntry[] {
  return decodeAvroFile(types, bytes).records.map((record) => ({
    location: String(record.manifest_path),
    sizeBytes: Number(record.manifest_length),
    content: Number(record.content ?? 0) === 0 ? 'data' : 'deletes',
    sequenceNumber: Number(record.sequence_number ?? 0),
    minSequenceNumber: Number(record.min_sequence_number ?? 0),
    addedSnapshotId: String(record.added_snapshot_id),
    // Older writers name the counts `added_data_files_count` (the field id is the same).
    addedFiles: Number(record.added_files_count ?? record.added_data_files_count ?? 0),
    existingFiles: Number(record.existing_files_count ?? record.existing_data_files_count ?? 0),
    deletedFiles: Number(record.deleted_files_count ?? record.deleted_data_files_count ?? 0),
    addedRows: Number(record.added_rows_count ?? 0),
    existingRows: Number(record.existing_rows_count ?? 0),
    deletedRows: Number(record.deleted_rows_count ?? 0),
  }));
}
