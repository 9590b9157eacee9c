import { type Clock, type IdGenerator, LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { WriteScope } from '../../govern/scope/index.ts';
import type { EnginePool } from '../engine/index.ts';
import type { ObjectSource, SourceFile } from '../storaged/index.ts';
import type { IcebergField, NewDataFile } from './catalog.ts';
import { requireColumns } from './dataset-name.ts';
import type { DatasetRecord } from './dataset-record.ts';
import { catalogErrors } from './errors.ts';
import type { ManifestEntry } from './iceberg/manifest.ts';
import { assignFieldIds, schemaEntries, schemaFingerprint } from './iceberg/schema.ts';
import { newTableMetadata } from './iceberg/table-metadata.ts';
import { readParquetColumns, readParquetFiles } from './parquet-source.ts';
import type { PiiDetector } from './pii/index.ts';
import { findTags, sampledFiles, sampleRows, type TagFindings } from './pii-tagging.ts';
import { liveEntries } from './plan-scan.ts';
import { planSnapshot } from './plan-snapshot.ts';
import type { DatasetAttributes, TableCommit, TableCommitter } from './table-commit.ts';
import type { TableFiles } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

/** Objects one dataset may be registered over; more are a job for ingest. */
const MAX_SOURCE_FILES = 10_000;

export interface RegisterParts {
  readonly warehouse: Warehouse;
  readonly files: TableFiles;
  readonly committer: TableCommitter;
  readonly engine: EnginePool;
  readonly objects: ObjectSource;
  readonly detector: PiiDetector;
  readonly ids: IdGenerator;
  readonly clock: Clock;
  readonly config: Pick<Config, 'engine' | 'ingest'>;
}

/** What is to be registered, read and judged; nothing of it is visible yet. */
export interface Registrable {
  readonly fields: readonly IcebergField[];
  readonly lastColumnId: number;
  readonly fingerprint: string;
  /** Empty for a dataset declared by its columns. */
  readonly files: readonly NewDataFile[];
  readonly source: { readonly bucket: string; readonly key: string } | null;
  readonly findings: TagFindings;
}

/** A dataset of these columns and no rows. Throws `catalog.column_invalid`. */
export function declaredDataset(parts: RegisterParts, columns: readonly IcebergField[]): Registrable {
  return registrable(parts, { columns, source: null, files: [], rows: [] });
}

/**
 * Reads schema, row counts and statistics of Parquet objects where they lie. No byte is copied: whoever may read the
 * bucket goes on reading them there, without this dataset's policy.
 */
export async function inspectSource(
  parts: RegisterParts,
  scope: WriteScope,
  source: { bucket: string; key: string },
): Promise<Registrable> {
  const objects = await parts.objects.files(scope, { ...source, limit: MAX_SOURCE_FILES });
  const parquet = objects.filter((object) => isData(object.key));
  if (parquet.length === 0) {
    throw new LakeError(catalogErrors.source_empty, {
      detail: 'There is no Parquet object of this key or under this prefix.',
    });
  }
  const { config } = parts;
  const lease = await parts.engine.lease({
    lane: 'ingest',
    readFiles: parquet.map((file) => file.path),
    writeFiles: [],
    memoryLimitMb: config.ingest.memory_limit_mb,
    timeoutMs: config.engine.max_timeout_ms,
    signal: scope.signal,
  });
  try {
    const columns = await readParquetColumns(lease, parquet);
    const { fields } = assignFieldIds(columns, 0);
    const files = await readParquetFiles(lease, parquet, fields);
    const sample = sampledFiles(parquet).map(({ path }: SourceFile) => ({ path, hasFieldIds: false }));
    const rows = await sampleRows(lease, { type: 'struct', 'schema-id': 0, fields }, sample);
    return registrable(parts, { columns, source, files, rows });
  } finally {
    await lease.release();
  }
}

/** Markers of other writers (`_SUCCESS`, `.crc`) lie beside data and are none. */
function isData(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return !name.startsWith('_') && !name.startsWith('.') && /\.(?:parquet|parq|pq)$/i.test(name);
}

function registrable(
  parts: RegisterParts,
  found: {
    columns: readonly IcebergField[];
    source: Registrable['source'];
    files: readonly NewDataFile[];
    rows: readonly Readonly<Record<string, unknown>>[];
  },
): Registrable {
  const { columns, source, files } = found;
  requireColumns(columns, parts.config.ingest.max_columns);
  const { fields, lastId } = assignFieldIds(columns, 0);
  return {
    fields,
    lastColumnId: lastId,
    fingerprint: schemaFingerprint(columns),
    files,
    source,
    findings: findTags(parts.detector, { fields }, found.rows),
  };
}

/** Plans the dataset's first commit. */
export async function planRegistration(
  parts: RegisterParts,
  dataset: {
    readonly name: string;
    readonly what: Registrable;
    readonly attributes: Pick<DatasetAttributes, 'owner' | 'description' | 'discoverable' | 'tags_json'>;
    /** Tags a person gives, by field id. */
    readonly setTags: readonly { readonly fieldId: number; readonly tag: string }[];
  },
): Promise<TableCommit & { datasetId: string; snapshotId: string | null }> {
  const { name, what } = dataset;
  const datasetId = parts.ids.next();
  const nowMs = parts.clock.nowMs();
  const empty = newTableMetadata({
    tableUuid: datasetId,
    location: parts.warehouse.location(datasetId),
    schema: { type: 'struct', 'schema-id': 0, fields: what.fields },
    lastColumnId: what.lastColumnId,
    nowMs,
  });
  const table = { dataset_id: datasetId, metadata_file: '', location: empty.location };
  const planned =
    what.files.length === 0
      ? { metadata: empty, files: [], snapshotId: null }
      : await planSnapshot(parts, { table, metadata: empty, operation: 'append', added: what.files, nowMs });
  const set = dataset.setTags.map(({ fieldId, tag }) => ({
    field_id: fieldId,
    tag,
    source: 'set' as const,
    confidence: null,
  }));
  const detected = what.findings.tags
    .filter(({ fieldId, tag }) => !set.some((row) => row.field_id === fieldId && row.tag === tag))
    .map(({ fieldId, tag, confidence }) => ({
      field_id: fieldId,
      tag,
      source: 'detected' as const,
      confidence,
    }));
  const commit = await parts.committer.create(
    { datasetId, name, metadata: planned.metadata },
    {
      ...planned,
      attributes: {
        ...dataset.attributes,
        source_json: what.source === null ? null : JSON.stringify(what.source),
        detector_version: parts.detector.version,
      },
      tags: [...detected, ...set],
      lineage: what.source === null ? null : { kind: 'registered', ...what.source, files: what.files.length },
      nowMs,
    },
  );
  return { ...commit, datasetId, snapshotId: planned.snapshotId };
}

/**
 * Plans a snapshot of the source's objects as they are now, for a dataset that was registered over the same source
 * before, beside rows that were ingested since; null where they are the very objects of its current snapshot. Throws `catalog.schema_conflict` for objects whose
 * columns fit, but come in another order or case.
 */
export async function planRefresh(
  parts: RegisterParts,
  record: DatasetRecord,
  what: Registrable,
): Promise<(TableCommit & { snapshotId: string }) | null> {
  if (what.source === null || record.row.source_json !== JSON.stringify(what.source)) return null;
  const { manifest_list: manifestList } = record.row;
  const live = manifestList === null ? [] : (await liveEntries(parts.files, record.row, manifestList)).data;
  const pathOf = (entry: ManifestEntry) => parts.warehouse.pathOf(entry.file.location, record.row.location);
  // Rows that were ingested since are not the source's to replace: they stay.
  const ingested = live.filter((entry) => parts.warehouse.holds(pathOf(entry)));
  const objects = live.filter((entry) => !ingested.includes(entry));
  // A replacement by ingested rows took the objects out of the dataset; they do not come back beside these.
  if (objects.length === 0 && ingested.length > 0) return null;
  requireSamePlaces(record, what);
  // A snapshot of a version that knew objects by their size alone has no identities: it gets them here.
  const key = (file: { path: string; sourceIdentity?: string }) => `${file.sourceIdentity} ${file.path}`;
  const known = new Set(objects.map((entry) => key({ ...entry.file, path: pathOf(entry) })));
  if (what.files.length === known.size && what.files.every((file) => known.has(key(file)))) return null;
  const metadata = await parts.files.metadata(record.row);
  const nowMs = parts.clock.nowMs();
  const planned = await planSnapshot(parts, {
    table: record.row,
    metadata,
    operation: 'overwrite',
    added: what.files,
    kept: ingested,
    nowMs,
  });
  const tags = what.findings.tags.map(({ fieldId, tag, confidence }) => ({
    field_id: fieldId,
    tag,
    source: 'detected' as const,
    confidence,
  }));
  const lineage = { kind: 'refreshed', ...what.source, files: what.files.length };
  const commit = await parts.committer.update(record, { ...planned, attributes: {}, tags, lineage, nowMs });
  return { ...commit, snapshotId: planned.snapshotId };
}

/** Objects have no field ids: their columns get them by order, and so do the bounds by which files are passed over. */
function requireSamePlaces({ row, schema }: DatasetRecord, { fields }: Registrable): void {
  const names = new Map(Array.from(schemaEntries(schema), ({ id, path }) => [id, path.join('.')]));
  const diff = Array.from(schemaEntries({ fields })).flatMap(({ id, path }) => {
    const [from = null, to] = [names.get(id), path.join('.')];
    return from === to ? [] : [{ kind: 'column_moved', column: to, from, to, compatible: false }];
  });
  if (diff.length === 0) return;
  const moved = diff.map(({ column }) => column).slice(0, 5);
  throw new LakeError(catalogErrors.schema_conflict, {
    detail:
      `The objects hold the columns of ${row.name} in another order or case (${moved.join(', ')}). ` +
      'Write them as `from` of each diff shows the dataset has them, or ingest them.',
    data: { compatible: false, diff, migration_rules: [] },
  });
}
