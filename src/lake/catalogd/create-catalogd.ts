import type { Clock, IdGenerator } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { Catalog } from './catalog.ts';
import { DatasetCatalog } from './dataset-catalog.ts';
import { DatasetStore } from './dataset-store.ts';
import { FileCache } from './file-cache.ts';
import { TableCommitter } from './table-commit.ts';
import { TableFiles } from './table-files.ts';
import { Warehouse } from './warehouse.ts';

export interface CatalogdParts {
  readonly store: MetastoreReader;
  readonly home: string;
  readonly config: Pick<Config, 'catalog' | 'ingest'>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly detector: { readonly version: string };
}

export interface Catalogd {
  readonly catalog: Catalog;
}

/** The catalog. */
export function createCatalogd(parts: CatalogdParts): Catalogd {
  const { ids, clock, config } = parts;
  const cache = new FileCache(config.catalog.cache_mb * 1024 * 1024);
  const warehouse = new Warehouse(parts.home);
  const files = new TableFiles(warehouse, cache);
  const store = new DatasetStore(parts.store);
  const committer = new TableCommitter({ warehouse, cache, queries: parts.store.queries, ids });
  const catalog = new DatasetCatalog({
    store,
    warehouse,
    files,
    committer,
    ids,
    clock,
    maxColumns: config.ingest.max_columns,
    detectorVersion: parts.detector.version,
  });
  return { catalog };
}
