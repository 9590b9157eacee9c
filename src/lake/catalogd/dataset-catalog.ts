import type { Clock, IdGenerator, JsonObject } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import {
  type AnyScope,
  type DatasetAction,
  type DatasetFacts,
  type ReadScope,
  type ResolveScope,
  requireOpenScope,
  type WriteScope,
} from '../../govern/scope/index.ts';
import type { ObjectSource } from '../storaged/index.ts';
import type {
  AsOf,
  Catalog,
  ColumnChange,
  DatasetChange,
  FileState,
  IcebergField,
  IcebergSchema,
  PinnedDataset,
  PlannedCommit,
  ScanFile,
  ScanPlan,
  WriteTarget,
} from './catalog.ts';
import { columnChanges, filledWithNull } from './column-changes.ts';
import { CommitTurns } from './commit-turns.ts';
import { requireColumns, requireDatasetName } from './dataset-name.ts';
import type { DatasetRecord } from './dataset-record.ts';
import type { DatasetStore } from './dataset-store.ts';
import { catalogErrors, damagedMetadata } from './errors.ts';
import { assignFieldIds, highestFieldId, schemaEntries } from './iceberg/schema.ts';
import { compareSchemas } from './iceberg/schema-evolution.ts';
import { reconcileSchemas } from './iceberg/schema-reconcile.ts';
import { totalsOf } from './iceberg/snapshot-summary.ts';
import {
  newTableMetadata,
  schemaById,
  snapshotAt,
  snapshotById,
  type TableMetadata,
  withSchema,
} from './iceberg/table-metadata.ts';
import { entriesWithout, fileState, requireFilesThere } from './live-files.ts';
import { planScan } from './plan-scan.ts';
import { planSnapshot } from './plan-snapshot.ts';
import { replacementColumns } from './replacement-columns.ts';
import { schemaMismatch } from './schema-mismatch.ts';
import type { DatasetAttributes, TableCommit, TableCommitter } from './table-commit.ts';
import type { TableFiles } from './table-files.ts';
import type { Warehouse } from './warehouse.ts';

/** The catalog over the store's pointers and the warehouse's files. */
export class DatasetCatalog implements Catalog {
  readonly #parts: CatalogParts;
  /** The state that facts were made from, so that a pin reads the very version access was decided on. */
  readonly #states = new WeakMap<DatasetFacts, DatasetRecord>();
  readonly #turns = new CommitTurns();

  constructor(parts: CatalogParts) {
    this.#parts = parts;
  }

  async facts(scope: AnyScope, name: string): Promise<DatasetFacts | null> {
    requireOpenScope(scope);
    const record = await this.#parts.store.byName(name);
    if (record === null) return null;
    this.#states.set(record.facts, record);
    return record.facts;
  }

  /** The same for the dataset of an id. */
  async factsById(scope: AnyScope, datasetId: string): Promise<DatasetFacts | null> {
    requireOpenScope(scope);
    const record = await this.#parts.store.byId(datasetId);
    if (record === null) return null;
    this.#states.set(record.facts, record);
    return record.facts;
  }

  /** What the store holds of a dataset, at the version its facts were made from. */
  async record(scope: ReadScope | WriteScope, facts: DatasetFacts): Promise<DatasetRecord> {
    requireOpenScope(scope);
    return this.#states.get(facts) ?? this.#current(facts);
  }

  async rowCount(scope: WriteScope, facts: DatasetFacts): Promise<number> {
    return Number((await this.record(scope, facts)).row.record_count);
  }

  async fileState(scope: WriteScope, facts: DatasetFacts, fileName: string): Promise<FileState> {
    const { row } = await this.record(scope, facts);
    return fileState(this.#parts, row, fileName);
  }

  async requireFiles(
    scope: ReadScope | WriteScope,
    { facts }: PinnedDataset,
    files: readonly ScanFile[],
  ): Promise<void> {
    scope.decision(facts.datasetId, 'read');
    await requireFilesThere(this.#parts.warehouse, facts.name, files);
  }

  async pin(scope: ResolveScope, facts: DatasetFacts, asOf: AsOf): Promise<PinnedDataset> {
    requireOpenScope(scope);
    const record = this.#states.get(facts) ?? (await this.#current(facts));
    if (asOf.kind === 'current') {
      const { schema, row } = record;
      return { facts, snapshotId: row.snapshot_id, schema, plannedBytes: Number(row.size_bytes) };
    }
    const metadata = await this.#parts.files.metadata(record.row);
    const snapshot =
      asOf.kind === 'snapshot'
        ? snapshotById(metadata, asOf.snapshotId)
        : snapshotAt(metadata, asOf.timestampMs);
    if (snapshot === null) {
      throw new LakeError(catalogErrors.snapshot_not_found, {
        detail: `The dataset ${facts.name} has no snapshot ${asOf.kind === 'snapshot' ? 'of this id' : 'at or before this time'}.`,
      });
    }
    return {
      facts,
      snapshotId: snapshot['snapshot-id'],
      schema: schemaById(metadata, snapshot['schema-id']),
      plannedBytes: totalsOf(snapshot).sizeBytes,
    };
  }

  async scan(scope: ReadScope | WriteScope, pinned: PinnedDataset): Promise<ScanPlan> {
    scope.decision(pinned.facts.datasetId, 'read');
    const { snapshotId, schema } = pinned;
    if (snapshotId === null) return { snapshotId, schema, files: [] };
    const record = this.#states.get(pinned.facts) ?? (await this.#current(pinned.facts));
    const { manifestList, dataFiles } = await this.#snapshotFiles(record, snapshotId);
    const files = await planScan(this.#parts, record.row, manifestList);
    // A manifest list cut off between two blocks reads well and lists too little: rows would be missing in silence.
    if (dataFiles !== null && files.length !== dataFiles) {
      throw damagedMetadata('a manifest list names another number of files than its snapshot');
    }
    await this.#requireUnchanged(record, snapshotId, files);
    return { snapshotId, schema, files };
  }

  /**
   * Objects registered in place may be written past the catalog. One that is another file than was registered, or was
   * written to since, is found here, before a query mixes what the snapshot says with what the object is now.
   */
  async #requireUnchanged(
    { row }: DatasetRecord,
    snapshotId: string,
    files: readonly ScanFile[],
  ): Promise<void> {
    const inPlace = files.filter((file) => !file.hasFieldIds);
    const states = await Promise.all(inPlace.map((file) => this.#parts.objects.stateOf(file.path)));
    const isChanged = inPlace.some(({ sourceIdentity, sizeBytes }, index) => {
      const state = states[index];
      return sourceIdentity === undefined
        ? state?.sizeBytes !== sizeBytes
        : state?.identity !== sourceIdentity;
    });
    if (!isChanged) return;
    throw new LakeError(catalogErrors.source_changed, {
      detail:
        snapshotId === row.snapshot_id
          ? `Objects that ${row.name} was registered over were replaced, written to or removed since. Register it ` +
            'again with the same source: it then reads the objects as they are now.'
          : `Objects of this earlier snapshot of ${row.name} were replaced, written to or removed since, and what they ` +
            'held then was never copied. Query the dataset as it is now; ingest objects whose history must stay.',
    });
  }

  async writeTarget(
    scope: WriteScope,
    request: { name: string; mode: 'create' | 'append' | 'replace'; columns: readonly IcebergField[] },
  ): Promise<WriteTarget> {
    requireOpenScope(scope);
    const { warehouse, maxColumns } = this.#parts;
    requireDatasetName(request.name);
    requireColumns(request.columns, maxColumns);
    const record = await this.#existing(request.name, request.mode);
    if (record === null) {
      const datasetId = this.#parts.ids.next();
      await warehouse.prepareFolders(datasetId);
      const { fields } = assignFieldIds(request.columns, 0);
      const schema: IcebergSchema = { type: 'struct', 'schema-id': 0, fields };
      const folder = warehouse.dataFolder(datasetId);
      return { datasetId, folder, schema, exists: false, missingIds: new Set() };
    }
    requireDatasetRight(scope, record, 'write');
    const metadata = await this.#parts.files.metadata(record.row);
    const { fields, missingIds } = evolvedFields(record, metadata, request);
    requireColumns(fields, maxColumns);
    const datasetId = record.row.dataset_id;
    await warehouse.prepareFolders(datasetId);
    const schema: IcebergSchema = { ...record.schema, fields };
    return { datasetId, folder: warehouse.dataFolder(datasetId), schema, exists: true, missingIds };
  }

  async planCommit(scope: WriteScope, change: DatasetChange): Promise<PlannedCommit> {
    requireOpenScope(scope);
    requireDatasetName(change.name);
    const key = change.name.toLowerCase();
    return this.#turns.plan(
      key,
      async () => {
        const record = await this.#existing(change.name, change.mode);
        if (record === null) return this.#planCreate(change);
        requireDatasetRight(scope, record, 'write');
        return this.#planChange(scope, record, change);
      },
      async (version) => (await this.#parts.store.version(key)) >= version,
    );
  }

  async #planCreate(change: DatasetChange): Promise<VersionedCommit> {
    const { warehouse, committer, clock } = this.#parts;
    requireColumns(change.schema.fields, this.#parts.maxColumns);
    const datasetId = change.datasetId ?? this.#parts.ids.next();
    const nowMs = clock.nowMs();
    const empty = newTableMetadata({
      tableUuid: datasetId,
      location: warehouse.location(datasetId),
      schema: { ...change.schema, 'schema-id': 0 },
      lastColumnId: highestFieldId(change.schema),
      nowMs,
    });
    const table = { dataset_id: datasetId, metadata_file: '', location: empty.location };
    const planned = await this.#snapshot(table, empty, change, nowMs);
    const commit = await committer.create(
      { datasetId, name: change.name, metadata: planned.metadata },
      {
        ...planned,
        attributes: { ...this.#attributes(change), detector_version: this.#parts.detectorVersion },
        tags: detectedTags(change.tags),
        lineage: change.lineage,
        nowMs,
      },
    );
    return plannedCommit({ change, commit, datasetId, metadata: planned.metadata, before: null });
  }

  async #planChange(
    scope: WriteScope,
    record: DatasetRecord,
    change: DatasetChange,
  ): Promise<VersionedCommit> {
    const base = await this.#parts.files.metadata(record.row);
    const mode = change.mode === 'replace' ? 'replace' : 'append';
    const joined = reconcileSchemas(base, record.schema, change.schema, mode);
    if (joined === null) {
      throw new LakeError(catalogErrors.conflict, {
        detail: `The schema of ${change.name} changed while the rows were written. Send them again.`,
      });
    }
    const nowMs = this.#parts.clock.nowMs();
    const evolved = withSchema(base, joined, joined.lastColumnId);
    const planned = await this.#changedSnapshot(record, evolved, change, nowMs);
    const carried = carriedTags(record, base, change.schema);
    const commit = await this.#parts.committer.update(record, {
      ...planned,
      attributes: {
        ...this.#attributes(change),
        ...(mode === 'replace' ? { detector_version: this.#parts.detectorVersion } : {}),
      },
      tags: [...detectedTags(change.tags), ...carried],
      lineage: change.lineage,
      nowMs,
    });
    const datasetId = record.row.dataset_id;
    const before = {
      rowCount: Number(record.row.record_count),
      isCountable: isCountable(scope, record),
      columnChanges: [
        ...columnChanges(record.schema, joined),
        ...(mode === 'append' ? filledWithNull(record.schema, change) : []),
      ],
    };
    return plannedCommit({ change, commit, datasetId, metadata: planned.metadata, before });
  }

  /** An append of no file makes no snapshot; a replacement by nothing does. */
  async #snapshot(
    table: Parameters<typeof planSnapshot>[1]['table'],
    metadata: TableMetadata,
    change: DatasetChange,
    nowMs: number,
  ) {
    const operation = change.mode === 'replace' ? ('overwrite' as const) : ('append' as const);
    if (change.files.length === 0 && operation === 'append') return { metadata, files: [] };
    const parent = snapshotById(metadata, metadata['current-snapshot-id']);
    const made = parent === null ? 'append' : operation;
    const request = { table, metadata, operation: made, added: change.files, nowMs } as const;
    return planSnapshot(this.#parts, request);
  }

  /** The same for a dataset that is there: a file that is gone stays out of what an append keeps. */
  async #changedSnapshot(
    { row }: DatasetRecord,
    metadata: TableMetadata,
    change: DatasetChange,
    nowMs: number,
  ) {
    const { lostFile } = change;
    if (lostFile === undefined || change.mode === 'replace') {
      return this.#snapshot(row, metadata, change, nowMs);
    }
    const kept = await entriesWithout(this.#parts, row, lostFile);
    const operation = 'overwrite' as const;
    return planSnapshot(this.#parts, { table: row, metadata, operation, added: change.files, kept, nowMs });
  }

  #attributes(change: DatasetChange): Partial<DatasetAttributes> {
    return {
      ...(change.owner === null ? {} : { owner: change.owner }),
      ...(change.description === null ? {} : { description: change.description }),
    };
  }

  async #existing(name: string, mode: DatasetChange['mode']): Promise<DatasetRecord | null> {
    const record = await this.#parts.store.byNameKey(name);
    if (record === null) return null;
    if (mode === 'create' || record.row.name !== name) {
      throw new LakeError(catalogErrors.dataset_exists, {
        detail: `A dataset named ${name}${record.row.name === name ? '' : ' apart from case'} exists.`,
      });
    }
    return record;
  }

  async #current(facts: DatasetFacts): Promise<DatasetRecord> {
    const record = await this.#parts.store.byId(facts.datasetId);
    if (record === null) {
      throw new LakeError(catalogErrors.conflict, {
        detail: `The dataset ${facts.name} was deleted meanwhile.`,
      });
    }
    return record;
  }

  async #snapshotFiles(
    record: DatasetRecord,
    snapshotId: string,
  ): Promise<{ manifestList: string; dataFiles: number | null }> {
    const { row } = record;
    if (row.snapshot_id === snapshotId && row.manifest_list !== null) {
      return { manifestList: row.manifest_list, dataFiles: Number(row.data_files) };
    }
    const snapshot = snapshotById(await this.#parts.files.metadata(row), snapshotId);
    if (snapshot === null) {
      throw new LakeError(catalogErrors.snapshot_not_found, {
        detail: `The dataset ${row.name} has no snapshot of this id.`,
      });
    }
    // Other writers may leave totals out of their summaries.
    const counted = snapshot.summary['total-data-files'] !== undefined;
    return {
      manifestList: snapshot['manifest-list'],
      dataFiles: counted ? totalsOf(snapshot).dataFiles : null,
    };
  }
}

/** A planned commit and the version of the dataset it makes. */
type VersionedCommit = PlannedCommit & { readonly version: number };

export interface CatalogParts {
  readonly store: DatasetStore;
  readonly warehouse: Warehouse;
  /** Tells what became of objects registered in place. */
  readonly objects: Pick<ObjectSource, 'stateOf'>;
  readonly files: TableFiles;
  readonly committer: TableCommitter;
  readonly ids: IdGenerator;
  readonly clock: Clock;
  readonly maxColumns: number;
  /** Of the detector whose tags come with new datasets. */
  readonly detectorVersion: string;
}

/**
 * Judged on the dataset as it is now: another request may have made it after this one was authorised to create it.
 * Throws `catalog.dataset_not_found`, the same answer as for a name that does not exist.
 */
export function requireDatasetRight(scope: WriteScope, record: DatasetRecord, action: DatasetAction): void {
  if (scope.authorise(record.facts, action).allowed) return;
  throw new LakeError(catalogErrors.dataset_not_found, {
    detail: 'There is no dataset of this name, or it is not granted.',
  });
}

function evolvedFields(
  record: DatasetRecord,
  metadata: TableMetadata,
  request: { name: string; mode: 'create' | 'append' | 'replace'; columns: readonly IcebergField[] },
): { fields: readonly IcebergField[]; missingIds: ReadonlySet<number> } {
  const lastColumnId = metadata['last-column-id'];
  if (request.mode === 'replace') {
    const fields = replacementColumns(record.schema, request.columns, lastColumnId);
    return { fields, missingIds: new Set() };
  }
  const comparison = compareSchemas(record.schema, request.columns, lastColumnId);
  // Files registered in place find their columns by name: one that they lack could not be read from them.
  const isFixed =
    record.row.source_json !== null && comparison.diff.some((one) => one.kind !== 'column_missing');
  if (comparison.evolved === null || isFixed) {
    throw schemaMismatch(catalogErrors.schema_mismatch, request.name, comparison);
  }
  return { fields: comparison.evolved.fields, missingIds: comparison.missingIds };
}

function detectedTags(tags: DatasetChange['tags']) {
  return Array.from(tags).flatMap(([fieldId, found]) =>
    found.map(({ tag, confidence }) => ({ field_id: fieldId, tag, source: 'detected' as const, confidence })),
  );
}

/**
 * A new column may have the name of an old one: a replacement changed its type, or left it out once and it is back. What
 * people and detectors said of the last column of that name is said of the new one too: a tag never falls off by writing
 * the data again.
 */
function carriedTags(record: DatasetRecord, base: TableMetadata, schema: Pick<IcebergSchema, 'fields'>) {
  const lastIds = new Map<string, number>();
  for (const { id, path } of base.schemas.flatMap((one) => Array.from(schemaEntries(one)))) {
    const key = path.join('\0');
    lastIds.set(key, Math.max(id, lastIds.get(key) ?? 0));
  }
  const current = new Set(Array.from(schemaEntries(record.schema), ({ id }) => id));
  return Array.from(schemaEntries(schema)).flatMap((entry) => {
    const oldId = lastIds.get(entry.path.join('\0'));
    if (oldId === undefined || current.has(entry.id)) return [];
    return record.tags
      .filter((tag) => tag.field_id === oldId)
      .map(({ tag, source, confidence }) => ({ field_id: entry.id, tag, source, confidence }));
  });
}

/** Whether the caller may know how many rows there are, as when the dataset is described. */
function isCountable(scope: WriteScope, record: DatasetRecord): boolean {
  const reading = scope.authorise(record.facts, 'read');
  return reading.allowed && reading.decision.rowFilters.length === 0;
}

/** Columns that one event names; it says how many there are. */
const MOST_CHANGES_TOLD = 200;

function plannedCommit(parts: {
  change: DatasetChange;
  commit: TableCommit;
  datasetId: string;
  metadata: TableMetadata;
  /** Null for a dataset that is made. */
  before: { rowCount: number; isCountable: boolean; columnChanges: readonly ColumnChange[] } | null;
}): VersionedCommit {
  const { change, commit, datasetId, metadata, before } = parts;
  const snapshotId = metadata['current-snapshot-id'];
  const eventData: JsonObject = {
    dataset: change.name,
    dataset_id: datasetId,
    mode: change.mode,
    created: before === null,
    version: commit.version,
    snapshot_id: snapshotId === '-1' ? null : snapshotId,
    schema_id: metadata['current-schema-id'],
    files: change.files.length,
    records: change.files.reduce((sum, file) => sum + file.recordCount, 0),
    records_before: before?.rowCount ?? 0,
    column_change_count: before?.columnChanges.length ?? 0,
    column_changes: (before?.columnChanges ?? []).slice(0, MOST_CHANGES_TOLD).map((one) => ({ ...one })),
    lineage: change.lineage,
  };
  return {
    statements: commit.statements,
    before:
      before === null
        ? null
        : {
            rowCount: before.isCountable ? before.rowCount : null,
            columnChanges: before.columnChanges,
          },
    datasetId,
    snapshotId: snapshotId === '-1' ? null : snapshotId,
    schema: schemaById(metadata, metadata['current-schema-id']),
    eventData,
    discard: commit.discard,
    version: commit.version,
  };
}
