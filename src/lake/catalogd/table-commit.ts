import type { IdGenerator, JsonObject, Statement } from '../../base/index.ts';
import {
  type MetastoreReader,
  type StatementTemplate,
  slot,
  statement,
  statementTemplate,
} from '../../metastore/index.ts';
import type { ColumnTagRow, DatasetRecord, DatasetRow } from './dataset-record.ts';
import type { FileCache } from './file-cache.ts';
import { schemaFingerprint } from './iceberg/schema.ts';
import { totalsOf } from './iceberg/snapshot-summary.ts';
import {
  asSuccessor,
  currentSchema,
  encodeTableMetadata,
  snapshotById,
  type TableMetadata,
} from './iceberg/table-metadata.ts';
import type { MetadataFile } from './plan-snapshot.ts';
import type { Warehouse } from './warehouse.ts';

/** The refusal of every compare-and-swap here: the dataset changed since it was read. */
const STALE_POINTER = 'stale_pointer';
/** Rows of one INSERT, well below what a store takes as parameters of one statement. */
const INSERT_ROWS = 100;

/** The parts of a row that are not derived from the table's metadata. */
export type DatasetAttributes = Pick<
  DatasetRow,
  'owner' | 'description' | 'discoverable' | 'tags_json' | 'source_json' | 'detector_version'
>;

/** A planned change: what the door commits, and how to take its files back when it was refused. */
export interface TableCommit {
  readonly statements: readonly Statement[];
  readonly version: number;
  readonly discard: () => Promise<void>;
}

export interface CommitRequest {
  /** The next metadata; null for a change of attributes and tags alone. */
  readonly metadata: TableMetadata | null;
  /** Manifests and lists the metadata names. */
  readonly files: readonly MetadataFile[];
  readonly attributes: Partial<DatasetAttributes>;
  /** Tags to keep with the dataset: rows that are there already are replaced where `source` is not `detected`. */
  readonly tags: readonly Omit<ColumnTagRow, 'dataset_id'>[];
  /** Recorded with the new version; null for a change that brings no rows. */
  readonly lineage: JsonObject | null;
  readonly nowMs: number;
}

/**
 * Writes a change's files and makes the statements that commit it. Nothing here is visible before the statements
 * are: **the transaction that runs them is the commit point**; its guard compares the version this was planned on.
 */
export class TableCommitter {
  readonly #warehouse: Warehouse;
  readonly #cache: FileCache;
  readonly #queries: MetastoreReader['queries'];
  readonly #ids: IdGenerator;
  /** The compare-and-swaps, each compiled once: by the names of the columns that it sets. */
  readonly #swaps = new Map<string, StatementTemplate<object>>();

  constructor(parts: {
    warehouse: Warehouse;
    cache: FileCache;
    queries: MetastoreReader['queries'];
    ids: IdGenerator;
  }) {
    this.#warehouse = parts.warehouse;
    this.#cache = parts.cache;
    this.#queries = parts.queries;
    this.#ids = parts.ids;
  }

  /** A dataset that is not there yet. The guard refuses where its name was taken meanwhile. */
  async create(
    dataset: { datasetId: string; name: string; metadata: TableMetadata },
    request: CommitRequest,
  ): Promise<TableCommit> {
    const { datasetId, name, metadata } = dataset;
    await this.#warehouse.prepareFolders(datasetId);
    const written = await this.#write({ datasetId, version: 1, metadata, files: request.files });
    const row: DatasetRow = {
      dataset_id: datasetId,
      name,
      name_key: name.toLowerCase(),
      version: 1,
      metadata_file: written.metadataFile,
      location: metadata.location,
      ...derived(metadata),
      owner: null,
      description: null,
      discoverable: 0,
      tags_json: '[]',
      source_json: null,
      detector_version: null,
      ...request.attributes,
      created_ms: request.nowMs,
      updated_ms: request.nowMs,
      deleted_ms: null,
    };
    const insert = this.#queries
      .insertInto('catalog_datasets')
      .values(row)
      .onConflict((conflict) => conflict.doNothing());
    const statements = [
      statement(insert, { rows: 1, refusal: STALE_POINTER }),
      this.#schemaStatement(datasetId, 1, row.schema_json, request.nowMs),
      ...this.#tagStatements(datasetId, request.tags),
      ...this.#lineageStatements(row, request),
    ];
    return { statements, version: 1, discard: written.discard };
  }

  /** A change of an existing dataset, against the version of `record`. */
  async update(record: DatasetRecord, request: CommitRequest): Promise<TableCommit> {
    const datasetId = record.row.dataset_id;
    const version = Number(record.row.version) + 1;
    const { metadata } = request;
    const written =
      metadata === null
        ? null
        : await this.#write({
            datasetId,
            version,
            metadata: asSuccessor(metadata, this.#metadataLocation(record.row), request.nowMs),
            files: request.files,
          });
    const changes = {
      ...(metadata === null ? {} : derived(metadata)),
      ...(written === null ? {} : { metadata_file: written.metadataFile }),
      ...request.attributes,
      version,
      updated_ms: request.nowMs,
    };
    const row = { ...record.row, ...changes };
    const schema = row.schema_json === record.row.schema_json ? [] : [row.schema_json];
    const statements = [
      this.#guarded(record.row, changes),
      ...schema.map((text) => this.#schemaStatement(datasetId, version, text, request.nowMs)),
      ...this.#tagStatements(datasetId, request.tags),
      ...this.#lineageStatements(row, request),
    ];
    return { statements, version, discard: written?.discard ?? (async () => undefined) };
  }

  /** Takes the dataset's name back. Its files stay until they are swept. */
  remove(record: DatasetRecord, nowMs: number): readonly Statement[] {
    const version = Number(record.row.version) + 1;
    return [this.#guarded(record.row, { version, updated_ms: nowMs, deleted_ms: nowMs })];
  }

  #guarded(row: DatasetRow, changes: Partial<DatasetRow>): Statement {
    const names = Object.keys(changes);
    const key = names.join();
    const swap = this.#swaps.get(key) ?? statementTemplate<object>(this.#swapOf(names));
    this.#swaps.set(key, swap);
    const from = { from_dataset: row.dataset_id, from_version: row.version };
    return swap({ ...changes, ...from }, { rows: 1, refusal: STALE_POINTER });
  }

  #swapOf(names: readonly string[]) {
    return this.#queries
      .updateTable('catalog_datasets')
      .set(Object.fromEntries(names.map((name) => [name, slot(name)])))
      .where('dataset_id', '=', slot('from_dataset'))
      .where('version', '=', slot<number>('from_version'))
      .where('deleted_ms', 'is', null);
  }

  async #write(parts: {
    datasetId: string;
    version: number;
    metadata: TableMetadata;
    files: readonly MetadataFile[];
  }): Promise<{ metadataFile: string; discard: () => Promise<void> }> {
    const { datasetId, metadata } = parts;
    const text = encodeTableMetadata(metadata);
    const metadataFile = `${String(parts.version).padStart(5, '0')}-${this.#ids.next()}.metadata.json`;
    const files = [...parts.files, { file: metadataFile, bytes: text }];
    await this.#warehouse.writeMetadata(datasetId, files);
    this.#cache.put(this.#warehouse.metadataPath(datasetId, metadataFile), metadata, text.length);
    const names = files.map(({ file }) => file);
    return { metadataFile, discard: () => this.#warehouse.removeMetadata(datasetId, names) };
  }

  #metadataLocation(row: DatasetRow): string {
    const path = this.#warehouse.metadataPath(row.dataset_id, row.metadata_file);
    return this.#warehouse.locationOf(path, row.location);
  }

  #schemaStatement(datasetId: string, version: number, schemaJson: string, nowMs: number): Statement {
    const values = { dataset_id: datasetId, version, since_ms: nowMs, schema_json: schemaJson };
    return statement(this.#queries.insertInto('catalog_schemas').values(values));
  }

  #tagStatements(datasetId: string, tags: CommitRequest['tags']): Statement[] {
    const rows = tags.map((tag) => ({ dataset_id: datasetId, ...tag }));
    const detected = rows.filter((tag) => tag.source === 'detected');
    const decided = rows.filter((tag) => tag.source !== 'detected');
    const key = ['dataset_id', 'field_id', 'tag'] as const;
    return [
      // A detector never overrules a person, nor its own earlier finding.
      ...chunks(detected, INSERT_ROWS).map((part) =>
        statement(
          this.#queries
            .insertInto('catalog_column_tags')
            .values(part)
            .onConflict((conflict) => conflict.columns(key).doNothing()),
        ),
      ),
      ...chunks(decided, INSERT_ROWS).map((part) =>
        statement(
          this.#queries
            .insertInto('catalog_column_tags')
            .values(part)
            .onConflict((conflict) =>
              conflict.columns(key).doUpdateSet((table) => ({
                source: table.ref('excluded.source'),
                confidence: table.ref('excluded.confidence'),
              })),
            ),
        ),
      ),
    ];
  }

  #lineageStatements(row: DatasetRow, request: CommitRequest): Statement[] {
    if (request.lineage === null) return [];
    const values = {
      dataset_id: row.dataset_id,
      version: row.version,
      snapshot_id: row.snapshot_id,
      time_ms: request.nowMs,
      lineage_json: JSON.stringify(request.lineage),
    };
    return [statement(this.#queries.insertInto('catalog_lineage').values(values))];
  }
}

/** What the row keeps of the metadata, so that list, describe and planning open no metadata file. */
function derived(metadata: TableMetadata) {
  const schema = currentSchema(metadata);
  const snapshot = snapshotById(metadata, metadata['current-snapshot-id']);
  const totals = totalsOf(snapshot);
  return {
    schema_json: JSON.stringify(schema),
    fingerprint: schemaFingerprint(schema.fields),
    snapshot_id: snapshot === null ? null : snapshot['snapshot-id'],
    manifest_list: snapshot === null ? null : snapshot['manifest-list'],
    record_count: totals.records,
    size_bytes: totals.sizeBytes,
    data_files: totals.dataFiles,
    delete_files: totals.deleteFiles,
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
