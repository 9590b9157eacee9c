import type { IcebergSchema } from '../catalog.ts';
import { type AvroTypes, decodeAvroFile, encodeAvroFile } from './avro-file.ts';

/** What a manifest's entry says of its file (spec, "Manifest Entry Fields"): 0 existing, 1 added, 2 deleted. */
export const ENTRY_STATUS = { existing: 0, added: 1, deleted: 2 } as const;

/** 0 data, 1 position deletes, 2 equality deletes (spec, "Data File Fields", field 134). */
export type FileContent = 0 | 1 | 2;

/** One file as a manifest lists it. Maps are by field id; bounds are single-value serialised. */
export interface ManifestFile {
  readonly content: FileContent;
  /** As written: a `file://` location. */
  readonly location: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  readonly columnSizes: ReadonlyMap<number, number>;
  readonly valueCounts: ReadonlyMap<number, number>;
  readonly nullCounts: ReadonlyMap<number, number>;
  readonly lowerBounds: ReadonlyMap<number, Uint8Array>;
  readonly upperBounds: ReadonlyMap<number, Uint8Array>;
  /** Which state of an object registered in place the rest is said of; absent for files of the warehouse. */
  readonly sourceIdentity?: string;
}

export interface ManifestEntry {
  readonly status: 0 | 1 | 2;
  /** The snapshot that added (or deleted) the file, as a decimal string. */
  readonly snapshotId: string;
  /** Data sequence number; what says which deletes apply. */
  readonly sequenceNumber: number;
  readonly fileSequenceNumber: number;
  readonly file: ManifestFile;
}

/** Map keys and values carry field ids, so a map is an array of key-value records (spec, appendix A, "Avro"). */
function idMap(keyId: number, valueId: number, value: 'long' | 'bytes'): unknown {
  return [
    'null',
    {
      type: 'array',
      logicalType: 'map',
      items: {
        type: 'record',
        name: `k${keyId}_v${valueId}`,
        fields: [
          { name: 'key', type: 'int', 'field-id': keyId },
          { name: 'value', type: value, 'field-id': valueId },
        ],
      },
    },
  ];
}

function optional(name: string, fieldId: number, type: unknown): unknown {
  return { name, type: Array.isArray(type) ? type : ['null', type], default: null, 'field-id': fieldId };
}

/**
 * A field of our own: readers of the format find fields by their ids and pass over those they do not know. Its id is far
 * from those of the format and from the partition fields, which start at 1000.
 */
const SOURCE_IDENTITY_ID = 1_000_000;

/** The manifest schema of format version 2 for an unpartitioned table (spec, "Manifests"). */
const MANIFEST_SCHEMA = JSON.stringify({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    { name: 'status', type: 'int', 'field-id': 0 },
    optional('snapshot_id', 1, 'long'),
    optional('sequence_number', 3, 'long'),
    optional('file_sequence_number', 4, 'long'),
    {
      name: 'data_file',
      'field-id': 2,
      type: {
        type: 'record',
        name: 'r2',
        fields: [
          { name: 'content', type: 'int', 'field-id': 134 },
          { name: 'file_path', type: 'string', 'field-id': 100 },
          { name: 'file_format', type: 'string', 'field-id': 101 },
          { name: 'partition', type: { type: 'record', name: 'r102', fields: [] }, 'field-id': 102 },
          { name: 'record_count', type: 'long', 'field-id': 103 },
          { name: 'file_size_in_bytes', type: 'long', 'field-id': 104 },
          optional('column_sizes', 108, idMap(117, 118, 'long')),
          optional('value_counts', 109, idMap(119, 120, 'long')),
          optional('null_value_counts', 110, idMap(121, 122, 'long')),
          optional('lower_bounds', 125, idMap(126, 127, 'bytes')),
          optional('upper_bounds', 128, idMap(129, 130, 'bytes')),
          optional('sort_order_id', 140, 'int'),
          optional('source_identity', SOURCE_IDENTITY_ID, 'string'),
        ],
      },
    },
  ],
});

/**
 * Writes a manifest. Entries of status *added* inherit their sequence numbers from the manifest list (spec,
 * "Sequence Number Inheritance"), so that a lost race rewrites the list and not the manifest.
 */
export function encodeManifest(
  types: AvroTypes,
  parts: {
    schema: IcebergSchema;
    content: 'data' | 'deletes';
    entries: readonly ManifestEntry[];
    sync: Uint8Array;
  },
): Buffer {
  const records = parts.entries.map((entry) => {
    const inherits = entry.status === ENTRY_STATUS.added;
    return {
      status: entry.status,
      snapshot_id: BigInt(entry.snapshotId),
      sequence_number: inherits ? null : entry.sequenceNumber,
      file_sequence_number: inherits ? null : entry.fileSequenceNumber,
      data_file: fileRecord(entry.file),
    };
  });
  const metadata = {
    schema: JSON.stringify(parts.schema),
    'schema-id': String(parts.schema['schema-id']),
    'partition-spec': '[]',
    'partition-spec-id': '0',
    'format-version': '2',
    content: parts.content,
  };
  return encodeAvroFile(types, { schemaText: MANIFEST_SCHEMA, records, metadata, sync: parts.sync });
}

function fileRecord(file: ManifestFile): Record<string, unknown> {
  return {
    content: file.content,
    file_path: file.location,
    file_format: 'PARQUET',
    partition: {},
    record_count: file.recordCount,
    file_size_in_bytes: file.sizeBytes,
    column_sizes: countPairs(file.columnSizes),
    value_counts: countPairs(file.valueCounts),
    null_value_counts: countPairs(file.nullCounts),
    lower_bounds: boundPairs(file.lowerBounds),
    upper_bounds: boundPairs(file.upperBounds),
    sort_order_id: null,
    source_identity: file.sourceIdentity ?? null,
  };
}

function countPairs(map: ReadonlyMap<number, number>): { key: number; value: number }[] | null {
  return map.size === 0 ? null : Array.from(map, ([key, value]) => ({ key, value }));
}

function boundPairs(map: ReadonlyMap<number, Uint8Array>): { key: number; value: Buffer }[] | null {
  return map.size === 0 ? null : Array.from(map, ([key, value]) => ({ key, value: Buffer.from(value) }));
}

/** Reads a manifest of any version 2 writer; entries inherit what is null from the manifest list's entry. */
export function decodeManifest(
  types: AvroTypes,
  bytes: Buffer,
  inherited: { snapshotId: string; sequenceNumber: number },
): ManifestEntry[] {
  return decodeAvroFile(types, bytes).records.map((record) => {
    const sequence = numberOr(record.sequence_number, inherited.sequenceNumber);
    return {
      status: Number(record.status) as 0 | 1 | 2,
      snapshotId: record.snapshot_id == null ? inherited.snapshotId : String(record.snapshot_id),
      sequenceNumber: sequence,
      fileSequenceNumber: numberOr(record.file_sequence_number, inherited.sequenceNumber),
      file: readFile(record.data_file as Record<string, unknown>),
    };
  });
}

function readFile(record: Readonly<Record<string, unknown>>): ManifestFile {
  return {
    content: Number(record.content ?? 0) as FileContent,
    location: String(record.file_path),
    recordCount: Number(record.record_count),
    sizeBytes: Number(record.file_size_in_bytes),
    columnSizes: readPairs(record.column_sizes),
    valueCounts: readPairs(record.value_counts),
    nullCounts: readPairs(record.null_value_counts),
    lowerBounds: readPairs(record.lower_bounds),
    upperBounds: readPairs(record.upper_bounds),
    ...(typeof record.source_identity === 'string' ? { sourceIdentity: record.source_identity } : {}),
  };
}

function readPairs<V>(pairs: unknown): Map<number, V> {
  const map = new Map<number, V>();
  if (!Array.isArray(pairs)) return map;
  for (const pair of pairs as { key: number; value: V }[]) map.set(pair.key, pair.value);
  return map;
}

function numberOr(value: unknown, otherwise: number): number {
  return value === null || value === undefined ? otherwise : Number(value);
}
