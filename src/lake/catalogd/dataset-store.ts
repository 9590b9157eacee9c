import { type MetastoreReader, queryTemplate, slot } from '../../metastore/index.ts';
import { isDatasetName } from './dataset-name.ts';
import {
  type ColumnTagRow,
  type DatasetRecord,
  type DatasetRow,
  datasetRecord,
  type LineageRow,
  type SchemaRow,
} from './dataset-record.ts';

/** Records kept parsed; each is a few kilobytes. */
const CACHED_RECORDS = 2_000;
/** Datasets of one query for tags and schemas; stores limit the parameters of a statement. */
const LOADED_AT_ONCE = 500;

/**
 * Reads datasets from the store. The pointer's row is read each time; schemas and tags, which change only with its
 * version, are kept by version. They are read after the row, so that tags are never older than it.
 */
export class DatasetStore {
  readonly #store: MetastoreReader;
  readonly #records = new Map<string, DatasetRecord>();
  readonly #reads: ReturnType<typeof compiledReads>;

  constructor(store: MetastoreReader) {
    this.#store = store;
    this.#reads = compiledReads(store);
  }

  /** The dataset of this name, exactly; null where there is none. */
  async byName(name: string): Promise<DatasetRecord | null> {
    if (!isDatasetName(name)) return null;
    const record = await this.byNameKey(name);
    return record?.row.name === name ? record : null;
  }

  /** The dataset whose name differs from this one by case at most. */
  async byNameKey(name: string): Promise<DatasetRecord | null> {
    const query = this.#reads.byNameKey({ key: name.toLowerCase() });
    return (await this.#complete(await this.#store.read(query)))[0] ?? null;
  }

  async byId(datasetId: string): Promise<DatasetRecord | null> {
    const query = this.#reads.byId({ id: datasetId });
    return (await this.#complete(await this.#store.read(query)))[0] ?? null;
  }

  /** The version of the dataset of this lower-case name; 0 where there is none. */
  async version(nameKey: string): Promise<number> {
    const query = this.#store.queries
      .selectFrom('catalog_datasets')
      .select('version')
      .where('deleted_ms', 'is', null)
      .where('name_key', '=', nameKey);
    return Number((await this.#store.read(query))[0]?.version ?? 0);
  }

  /** Datasets in the order of their names, after one, whose names start with a prefix (without regard to case). */
  async page(request: { afterKey: string; prefix: string; limit: number }): Promise<DatasetRecord[]> {
    const prefix = request.prefix.toLowerCase();
    let query = this.#live()
      .where('name_key', '>', request.afterKey)
      .orderBy('name_key')
      .limit(request.limit);
    // Names are ASCII, so every name with the prefix is below the prefix followed by the last ASCII character.
    if (prefix !== '')
      query = query.where('name_key', '>=', prefix).where('name_key', '<', `${prefix}\u007f`);
    return this.#complete(await this.#store.read(query));
  }

  /** Every dataset, in the order of its name. */
  async all(): Promise<DatasetRecord[]> {
    return this.#complete(await this.#store.read(this.#live().orderBy('name_key')));
  }

  /** Datasets that another version of the detector looked at last, or none. */
  async otherDetector(version: string, limit: number): Promise<DatasetRecord[]> {
    const query = this.#live()
      .where((row) => row.or([row('detector_version', 'is', null), row('detector_version', '!=', version)]))
      .orderBy('name_key')
      .limit(limit);
    return this.#complete(await this.#store.read(query));
  }

  /** The newest sources of rows first. */
  async lineage(datasetId: string, limit: number): Promise<LineageRow[]> {
    const query = this.#store.queries
      .selectFrom('catalog_lineage')
      .selectAll()
      .where('dataset_id', '=', datasetId)
      .orderBy('version', 'desc')
      .limit(limit);
    return this.#store.read(query);
  }

  #live() {
    return liveDatasets(this.#store);
  }

  async #complete(rows: readonly DatasetRow[]): Promise<DatasetRecord[]> {
    const known = new Map<string, DatasetRecord>();
    for (const row of rows) {
      const record = this.#records.get(row.dataset_id);
      if (record?.row.version === row.version) known.set(row.dataset_id, record);
    }
    const missing = rows.filter((row) => !known.has(row.dataset_id));
    for (let start = 0; start < missing.length; start += LOADED_AT_ONCE) {
      for (const record of await this.#load(missing.slice(start, start + LOADED_AT_ONCE))) {
        known.set(record.row.dataset_id, record);
      }
    }
    return rows.flatMap((row) => known.get(row.dataset_id) ?? []);
  }

  async #load(rows: readonly DatasetRow[]): Promise<DatasetRecord[]> {
    const [first, ...others] = rows.map((row) => row.dataset_id);
    if (first === undefined) return [];
    const tags =
      others.length === 0 ? this.#reads.tags({ id: first }) : tagsOf(this.#store, [first, ...others]);
    const schemas =
      others.length === 0 ? this.#reads.schemas({ id: first }) : schemasOf(this.#store, [first, ...others]);
    const [tagRows, schemaRows] = await Promise.all([this.#store.read(tags), this.#store.read(schemas)]);
    const tagsById = grouped<ColumnTagRow>(tagRows);
    const schemasById = grouped<SchemaRow>(schemaRows);
    return rows.map((row) => {
      const id = row.dataset_id;
      const record = datasetRecord(row, schemasById.get(id) ?? [], tagsById.get(id) ?? []);
      this.#remember(record);
      return record;
    });
  }

  #remember(record: DatasetRecord): void {
    this.#records.delete(record.row.dataset_id);
    this.#records.set(record.row.dataset_id, record);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= CACHED_RECORDS) break;
      this.#records.delete(oldest);
    }
  }
}

/** The reads of one dataset, which nearly every request makes; each is compiled once. */
function compiledReads(store: MetastoreReader) {
  return {
    byNameKey: queryTemplate<{ key: string }, DatasetRow>(
      liveDatasets(store).where('name_key', '=', slot('key')),
    ),
    byId: queryTemplate<{ id: string }, DatasetRow>(liveDatasets(store).where('dataset_id', '=', slot('id'))),
    tags: queryTemplate<{ id: string }, ColumnTagRow>(tagsOf(store, [slot('id')])),
    schemas: queryTemplate<{ id: string }, SchemaRow>(schemasOf(store, [slot('id')])),
  };
}

function liveDatasets({ queries }: MetastoreReader) {
  return queries.selectFrom('catalog_datasets').selectAll().where('deleted_ms', 'is', null);
}

function tagsOf({ queries }: MetastoreReader, ids: readonly DatasetIdValue[]) {
  return queries
    .selectFrom('catalog_column_tags')
    .selectAll()
    .where('dataset_id', 'in', ids)
    .orderBy('field_id')
    .orderBy('tag');
}

function schemasOf({ queries }: MetastoreReader, ids: readonly DatasetIdValue[]) {
  return queries.selectFrom('catalog_schemas').selectAll().where('dataset_id', 'in', ids).orderBy('version');
}

type DatasetIdValue = string | ReturnType<typeof slot<string>>;

function grouped<T extends { dataset_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.dataset_id);
    if (group === undefined) groups.set(row.dataset_id, [row]);
    else group.push(row);
  }
  return groups;
}
