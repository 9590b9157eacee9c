import type { Clock, IdGenerator, Logger } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import {
  type AnyOperation,
  type AnyScope,
  type DatasetFacts,
  type EventDraft,
  type HttpRoute,
  requireOpenScope,
} from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { EnginePool } from '../engine/index.ts';
import type { ObjectSource } from '../storaged/index.ts';
import type { Catalog } from './catalog.ts';
import { DatasetCatalog } from './dataset-catalog.ts';
import { DatasetStore } from './dataset-store.ts';
import { FileCache } from './file-cache.ts';
import { deleteDataset } from './operations/delete-dataset.ts';
import { describeDataset, describeDatasetById } from './operations/describe-dataset.ts';
import { diffSchema } from './operations/diff-schema.ts';
import { listDatasets } from './operations/list-datasets.ts';
import { listSnapshots } from './operations/list-snapshots.ts';
import { registerDataset } from './operations/register-dataset.ts';
import { resyncMetadata } from './operations/resync-metadata.ts';
import { resyncMissing, type SettledSweep, settleSweep } from './operations/resync-missing.ts';
import { updateDatasetOperation } from './operations/update-dataset.ts';
import type { PiiDetector } from './pii/index.ts';
import { catalogRoutes } from './routes.ts';
import { TableCommitter } from './table-commit.ts';
import { TableFiles } from './table-files.ts';
import { Warehouse } from './warehouse.ts';

export interface CatalogdParts {
  readonly store: MetastoreReader;
  readonly engine: EnginePool;
  /** The home directory; tables lie in its `warehouse/`. */
  readonly home: string;
  readonly config: Pick<Config, 'catalog' | 'engine' | 'ingest'>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Logger;
  readonly detector: PiiDetector;
  /** Objects of buckets as files, for registering in place. */
  readonly objects: ObjectSource;
}

export interface Catalogd {
  readonly catalog: Catalog;
  /** All datasets as policy sees them, for operations that explain access. */
  readonly directory: {
    list(scope: AnyScope): Promise<readonly DatasetFacts[]>;
    find(scope: AnyScope, name: string): Promise<DatasetFacts | null>;
  };
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** What became of an effect a crash cut off; null where it is another room's. At start. */
  settleIntent(intent: EventDraft): SettledSweep | null;
}

/** The catalog: datasets as Iceberg tables, their names, tags and history. */
export function createCatalogd(parts: CatalogdParts): Catalogd {
  const { ids, clock, config, engine, detector, objects, log } = parts;
  const cache = new FileCache(config.catalog.cache_mb * 1024 * 1024);
  const warehouse = new Warehouse(parts.home);
  const files = new TableFiles(warehouse, cache);
  const store = new DatasetStore(parts.store);
  const committer = new TableCommitter({ warehouse, cache, queries: parts.store.queries, ids });
  const maxColumns = config.ingest.max_columns;
  const shared = {
    store,
    warehouse,
    files,
    committer,
    ids,
    clock,
    maxColumns,
    config,
    engine,
    detector,
    log,
  };
  const catalog = new DatasetCatalog({ ...shared, objects, detectorVersion: detector.version });
  return {
    catalog,
    directory: {
      async list(scope) {
        requireOpenScope(scope);
        return (await store.all()).map((record) => record.facts);
      },
      find: (scope, name) => catalog.facts(scope, name),
    },
    operations: [
      listDatasets(store),
      registerDataset({ ...shared, catalog, objects }),
      describeDataset({ catalog, store }),
      describeDatasetById({ catalog, store }),
      updateDatasetOperation({ ...shared, catalog }),
      deleteDataset({ ...shared, catalog }),
      diffSchema(catalog, maxColumns),
      listSnapshots(catalog, files),
      resyncMissing({ ...shared, graceMs: config.catalog.orphan_grace_s * 1000 }),
      resyncMetadata(shared),
    ],
    routes: catalogRoutes,
    settleIntent: settleSweep,
  };
}
