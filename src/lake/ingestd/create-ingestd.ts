import type { Clock, IdGenerator, Logger } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { AnyOperation, HttpRoute } from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { IngestRow } from '../../metastore/tables/ingest.ts';
import type { Catalog, PiiDetector } from '../catalogd/index.ts';
import type { EnginePool } from '../engine/index.ts';
import type { SystemFiles } from '../storaged/index.ts';
import type { IngestParts } from './ingest-attempt.ts';
import { createIngestEngine } from './ingest-engine.ts';
import { IngestRecords } from './ingest-records.ts';
import { ingestFile } from './operations/ingest-file.ts';
import { readRejected, readSource } from './operations/ingest-objects.ts';
import { listIngests } from './operations/list-ingests.ts';
import { ingestRoutes } from './routes.ts';

export interface IngestdParts {
  readonly catalog: Catalog;
  readonly engine: EnginePool;
  readonly detector: PiiDetector;
  readonly systemFiles: SystemFiles;
  readonly reader: MetastoreReader;
  readonly config: Pick<Config, 'ingest'>;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly log: Logger;
  /** Told of each ingest once it is committed; must neither throw nor wait. */
  ingested(row: IngestRow): void;
}

export interface Ingestd {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  /** Removes files of ingests that a crash cut off; returns how many. At start, before anything is served. */
  sweep(): Promise<number>;
}

export function createIngestd(deps: IngestdParts): Ingestd {
  const { catalog, detector, clock, ids } = deps;
  const config = deps.config.ingest;
  const records = new IngestRecords(deps.reader);
  const engine = createIngestEngine(deps.engine, {
    memoryLimitMb: config.memory_limit_mb,
    timeoutMs: config.timeout_ms,
  });
  const parts: IngestParts = {
    catalog,
    engine,
    detector,
    files: deps.systemFiles,
    records,
    config,
    clock,
    ids,
    ingested: deps.ingested,
  };
  return {
    operations: [ingestFile(parts), listIngests(parts), readRejected(parts), readSource(parts)],
    routes: ingestRoutes,
    async sweep() {
      const kept = await records.ids();
      const namespaces = [
        ['sources', kept],
        ['quarantine', kept],
        ['work', new Set<string>()],
      ] as const;
      let swept = 0;
      for (const [namespace, names] of namespaces) swept += await deps.systemFiles.sweep(namespace, names);
      if (swept > 0) deps.log.info({ swept }, 'removed files of ingests that never finished');
      return swept;
    },
  };
}
