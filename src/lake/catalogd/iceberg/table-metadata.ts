import type { IcebergSchema } from '../catalog.ts';
import { damagedMetadata } from '../errors.ts';
import { nameMapping } from './schema.ts';

/** A snapshot of a table (spec, "Snapshots"). Ids are decimal strings in memory, JSON numbers in the file. */
export interface Snapshot {
  readonly 'snapshot-id': string;
  readonly 'parent-snapshot-id'?: string;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly summary: Readonly<Record<string, string>> & { readonly operation: string };
  readonly 'manifest-list': string;
  readonly 'schema-id': number;
}

/** Table metadata of format version 2 (spec, "Table Metadata"), for unpartitioned, unsorted tables. */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly IcebergSchema[];
  readonly 'default-spec-id': number;
  readonly 'partition-specs': readonly unknown[];
  readonly 'last-partition-id': number;
  readonly 'default-sort-order-id': number;
  readonly 'sort-orders': readonly unknown[];
  readonly properties: Readonly<Record<string, string>>;
  /** -1 where the table has no snapshot, as writers of version 2 put it. */
  readonly 'current-snapshot-id': string;
  readonly refs: Readonly<Record<string, { readonly 'snapshot-id': string; readonly type: string }>>;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': string }[];
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[];
}

/** Earlier metadata files kept in the log, as `write.metadata.previous-versions-max` defaults to. */
const METADATA_LOG_LENGTH = 100;
/** The least partition field id less one (spec, "Partition Evolution"). */
const LAST_PARTITION_ID = 999;

export function newTableMetadata(parts: {
  tableUuid: string;
  location: string;
  schema: IcebergSchema;
  lastColumnId: number;
  nowMs: number;
}): TableMetadata {
  return {
    'format-version': 2,
    'table-uuid': parts.tableUuid,
    location: parts.location,
    'last-sequence-number': 0,
    'last-updated-ms': parts.nowMs,
    'last-column-id': parts.lastColumnId,
    'current-schema-id': parts.schema['schema-id'],
    schemas: [parts.schema],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': LAST_PARTITION_ID,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: {
      'schema.name-mapping.default': nameMapping(parts.schema),
      'write.parquet.compression-codec': 'zstd',
    },
    'current-snapshot-id': '-1',
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}

/** The metadata with another current schema: an equal earlier one is taken again under its id (spec, "Schemas"). */
export function withSchema(
  metadata: TableMetadata,
  schema: Pick<IcebergSchema, 'fields'>,
  lastColumnId: number,
): TableMetadata {
  const text = JSON.stringify(schema.fields);
  const known = metadata.schemas.find((other) => JSON.stringify(other.fields) === text);
  const next: IcebergSchema = known ?? {
    type: 'struct',
    'schema-id': Math.max(...metadata.schemas.map((other) => other['schema-id'])) + 1,
    fields: schema.fields,
  };
  return {
    ...metadata,
    'last-column-id': Math.max(metadata['last-column-id'], lastColumnId),
    schemas: known === undefined ? [...metadata.schemas, next] : metadata.schemas,
    'current-schema-id': next['schema-id'],
    properties: { ...metadata.properties, 'schema.name-mapping.default': mergedMapping(metadata, next) },
  };
}

/**
 * A file without field ids keeps the names it was registered with, so the mapping of earlier names is kept beside
 * the new ones: a renamed column is found in old files, and an added one is not taken for a removed one of its name.
 */
function mergedMapping(metadata: TableMetadata, schema: IcebergSchema): string {
  const earlier = parseMapping(metadata.properties['schema.name-mapping.default'] ?? '[]');
  const taken = new Set(earlier.flatMap((entry) => entry.names));
  const next = parseMapping(nameMapping(schema)).map((entry) => {
    const before = earlier.find((other) => other['field-id'] === entry['field-id']);
    if (before === undefined) return { ...entry, names: entry.names.filter((name) => !taken.has(name)) };
    const added = entry.names.filter((name) => !taken.has(name));
    return { ...entry, names: [...before.names, ...added] };
  });
  const gone = earlier.filter((entry) => !next.some((other) => other['field-id'] === entry['field-id']));
  return JSON.stringify([...next, ...gone]);
}

interface Mapping {
  'field-id': number;
  names: string[];
  fields?: Mapping[];
}

function parseMapping(text: string): Mapping[] {
  return JSON.parse(text) as Mapping[];
}

/** The metadata with one more snapshot as the current one. */
export function withSnapshot(metadata: TableMetadata, snapshot: Snapshot): TableMetadata {
  return {
    ...metadata,
    'last-sequence-number': snapshot['sequence-number'],
    snapshots: [...metadata.snapshots, snapshot],
    ...currentSnapshot(metadata, snapshot['snapshot-id'], snapshot['timestamp-ms']),
  };
}

/** The metadata rolled back (or forward) to a snapshot it has. */
export function withCurrentSnapshot(
  metadata: TableMetadata,
  snapshotId: string,
  nowMs: number,
): TableMetadata {
  return { ...metadata, ...currentSnapshot(metadata, snapshotId, nowMs) };
}

function currentSnapshot(metadata: TableMetadata, snapshotId: string, atMs: number) {
  return {
    'current-snapshot-id': snapshotId,
    refs: { ...metadata.refs, main: { 'snapshot-id': snapshotId, type: 'branch' } },
    'snapshot-log': [...metadata['snapshot-log'], { 'timestamp-ms': atMs, 'snapshot-id': snapshotId }],
  };
}

/** The metadata as the successor of the file at `previous`, stamped. Times never go back within one table. */
export function asSuccessor(metadata: TableMetadata, previous: string, nowMs: number): TableMetadata {
  const log = [
    ...metadata['metadata-log'],
    { 'timestamp-ms': metadata['last-updated-ms'], 'metadata-file': previous },
  ];
  return {
    ...metadata,
    'last-updated-ms': Math.max(nowMs, metadata['last-updated-ms']),
    'metadata-log': log.slice(-METADATA_LOG_LENGTH),
  };
}

export function currentSchema(metadata: TableMetadata): IcebergSchema {
  return schemaById(metadata, metadata['current-schema-id']);
}

export function schemaById(metadata: TableMetadata, schemaId: number): IcebergSchema {
  const found = metadata.schemas.find((schema) => schema['schema-id'] === schemaId);
  if (found === undefined) throw damagedMetadata('it names a schema that it does not have');
  return found;
}

export function snapshotById(metadata: TableMetadata, snapshotId: string): Snapshot | null {
  return metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === snapshotId) ?? null;
}

/** The snapshot that was current at a time (spec, "Point in Time Reads"); null before the first. */
export function snapshotAt(metadata: TableMetadata, timestampMs: number): Snapshot | null {
  const entry = metadata['snapshot-log'].findLast((logged) => logged['timestamp-ms'] <= timestampMs);
  return entry === undefined ? null : snapshotById(metadata, entry['snapshot-id']);
}

/** Members that hold 64-bit ids; other writers use all 63 bits, which a JavaScript number would round. */
const ID_MEMBERS: ReadonlySet<string> = new Set(['snapshot-id', 'parent-snapshot-id', 'current-snapshot-id']);

/** JSON with source text access (ECMA-262), which the pinned runtime has and TypeScript's library does not declare. */
const losslessJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  stringify(value: unknown, replacer: (key: string, value: unknown) => unknown): string;
  rawJSON(text: string): unknown;
};

export function encodeTableMetadata(metadata: TableMetadata): string {
  return losslessJson.stringify(metadata, (key, value) =>
    ID_MEMBERS.has(key) && typeof value === 'string' && /^-?\d+$/.test(value)
      ? losslessJson.rawJSON(value)
      : value,
  );
}

/** Reads a metadata file. Throws `catalog.metadata_damaged` for what is not a version 2 table. */
export function decodeTableMetadata(text: string): TableMetadata {
  let parsed: unknown;
  try {
    parsed = losslessJson.parse(text, (key, value, context) =>
      ID_MEMBERS.has(key) && typeof value === 'number' ? (context.source ?? String(value)) : value,
    );
  } catch (cause) {
    throw damagedMetadata('it is not JSON', cause);
  }
  const metadata = parsed as Partial<TableMetadata> | null;
  if (metadata === null || typeof metadata !== 'object' || metadata['format-version'] !== 2) {
    throw damagedMetadata('it is not a table of format version 2');
  }
  if (!Array.isArray(metadata.schemas) || typeof metadata.location !== 'string') {
    throw damagedMetadata('it has no schemas or no location');
  }
  return {
    ...(metadata as TableMetadata),
    snapshots: metadata.snapshots ?? [],
    refs: metadata.refs ?? {},
    properties: metadata.properties ?? {},
    'snapshot-log': metadata['snapshot-log'] ?? [],
    'metadata-log': metadata['metadata-log'] ?? [],
    'current-snapshot-id': metadata['current-snapshot-id'] ?? '-1',
  };
}
