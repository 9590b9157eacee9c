import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { BARE_INVOCATION, NO_MODELS } from '../../../test/support/bare-scope.ts';
import { createIdGenerator, createLogger, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import {
  DATASET_ACTIONS,
  type DatasetAction,
  type DatasetDecision,
  type Identity,
  scopeIssuer,
} from '../../govern/scope/index.ts';
import { type Metastore, openMetastore } from '../../metastore/index.ts';
import type { DatasetChange, IcebergField, NewDataFile, WriteTarget } from './catalog.ts';
import { type Catalogd, createCatalogd } from './create-catalogd.ts';
import { dataFileOf, duckdbFieldIds, duckdbTypeOf } from './iceberg/index.ts';

/** A catalog over a real store and a real warehouse in a fresh folder, for this room's tests. */
export interface CatalogFixture {
  readonly home: string;
  readonly store: Metastore;
  readonly catalogd: Catalogd;
  readonly clock: { nowMs(): number; monotonicMs(): number; advance(ms: number): void };
  /** Runs SQL in a raw engine: the peer that results are compared with. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Commits a change of columns or of the current snapshot. */
  update(name: string, change: Readonly<Record<string, unknown>>): Promise<void>;
  /** Absolute path of the dataset's current metadata file. */
  metadataFile(name: string): Promise<string>;
  /** Writes rows as ingest does and commits them, retrying as the door does; answers the snapshot's id. */
  write(change: WriteRequest): Promise<{ snapshotId: string | null; datasetId: string; attempts: number }>;
  /** Another catalog with cold caches over the same store, as after a restart; over a moved home where one is given. */
  reopen(home?: string): Promise<CatalogFixture>;
  close(): Promise<void>;
}

export interface WriteRequest {
  readonly name: string;
  readonly mode?: 'create' | 'append' | 'replace';
  readonly columns: readonly IcebergField[];
  /** A query whose columns are the dataset's. */
  readonly query: string;
  readonly tags?: DatasetChange['tags'];
}

const SYSTEM: Identity = {
  name: 'tester',
  role: 'admin',
  attributes: new Map(),
  keyId: null,
  onBehalfOf: null,
};

export function column(name: string, type: IcebergField['type']): IcebergField {
  return { id: 0, name, required: false, type };
}

const log = createLogger({ level: 'silent' });

function decisionFor(datasetId: string, action: DatasetAction): DatasetDecision {
  return { datasetId, name: '', action, policyVersion: 1, masks: new Map(), rowFilters: [] };
}

function absent(): never {
  throw new Error('not part of this fixture');
}

function scopeParts(datasetIds: readonly string[]) {
  return {
    requestId: 'test',
    identity: SYSTEM,
    signal: new AbortController().signal,
    log,
    decisions: new Map(
      datasetIds.flatMap((id) =>
        DATASET_ACTIONS.map((action) => [`${id}:${action}`, decisionFor(id, action)] as const),
      ),
    ),
    buckets: [],
    permissions: new Set<never>(),
    ...NO_MODELS,
    authorise: (facts: { datasetId: string }, action: DatasetAction) => ({
      allowed: true as const,
      decision: decisionFor(facts.datasetId, action),
    }),
  };
}

export const scopes = {
  resolve: () => scopeIssuer.resolve(scopeParts([])),
  read: (...datasetIds: string[]) => scopeIssuer.read(scopeParts(datasetIds)),
  write: (...datasetIds: string[]) => scopeIssuer.write(scopeParts(datasetIds)),
  /** Of a caller who may do nothing with any dataset by now. */
  denied: () => scopeIssuer.write({ ...scopeParts([]), authorise: () => ({ allowed: false, reason: '' }) }),
};

/** An append of no rows to what `writeTarget` told. */
export function emptyAppend(target: WriteTarget): DatasetChange {
  return {
    ...{ name: 't', datasetId: target.datasetId, mode: 'append', schema: target.schema, files: [] },
    ...{ missingIds: new Set(), tags: new Map(), owner: null, description: null, lineage: {} },
  };
}

export async function openCatalogFixture(): Promise<CatalogFixture> {
  const home = await mkdtemp(join(tmpdir(), 'catalogd-'));
  const config = configSchema.parse({});
  let offsetMs = 0;
  const clock = {
    nowMs: () => systemClock.nowMs() + offsetMs,
    monotonicMs: () => systemClock.monotonicMs(),
    advance: (ms: number) => {
      offsetMs += ms;
    },
  };
  const ids = createIdGenerator({ clock, random: randomBytes });
  const store = await openMetastore({
    file: join(home, 'metastore.db'),
    config: { ...config.metastore, commit_timeout_ms: 20_000 },
    clock,
    log,
  });
  const openCatalog = (folder: string) =>
    createCatalogd({
      store,
      home: folder,
      config,
      clock,
      ids,
      log,
      detector: { version: 'test-1', detect: () => [] },
      // What these tests exercise reads no file by an engine and no object; what would, fails.
      engine: { lease: absent, parse: absent, deparse: absent, stats: () => ({}), close: absent },
      objects: { files: absent, stateOf: absent },
    });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const sql = async (text: string) => {
    const reader = await connection.runAndReadAll(text);
    return reader.getRowObjectsJson() as Record<string, unknown>[];
  };
  const fixture = (folder: string): CatalogFixture => {
    const catalogd = openCatalog(folder);
    return {
      home: folder,
      store,
      catalogd,
      clock,
      sql,
      write: (request) => writeRows({ store, catalogd, sql, nextId: () => ids.next() }, request),
      update: (name, change) => updateDataset({ store, catalogd }, name, change),
      async metadataFile(name) {
        const [row] = await store.read(
          store.queries.selectFrom('catalog_datasets').selectAll().where('name', '=', name),
        );
        return join(folder, 'warehouse', row?.dataset_id ?? '', 'metadata', row?.metadata_file ?? '');
      },
      reopen: async (moved = folder) => fixture(moved),
      async close() {
        connection.closeSync();
        instance.closeSync();
        await store.close();
        await rm(home, { recursive: true, force: true });
      },
    };
  };
  return fixture(home);
}

/** The update operation as the door runs it, for a caller who may do everything. */
async function updateDataset(
  parts: Pick<CatalogFixture, 'store' | 'catalogd'>,
  name: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const operation = parts.catalogd.operations.find((one) => one.name === 'catalog.datasets.update');
  if (operation?.kind !== 'mutation' || operation.access.kind !== 'demands')
    throw new Error('no such operation');
  const input = operation.input.parse({ name, ...change });
  const { resolved } = await operation.access.resolve(scopes.resolve(), input);
  const scope = scopes.write(resolved.facts.datasetId);
  const prepared = await operation.prepare(scope, input, { resolved, ...BARE_INVOCATION });
  for (;;) {
    const attempt = await prepared.attempt(0);
    const outcome = await parts.store.commit(attempt.statements);
    if (outcome.committed) return;
    await attempt.discard?.();
  }
}

async function writeRows(
  parts: Pick<CatalogFixture, 'store' | 'catalogd' | 'sql'> & { nextId(): string },
  request: WriteRequest,
) {
  const { catalog } = parts.catalogd;
  const scope = scopes.write();
  const { name, columns, mode = 'append' } = request;
  const target = await catalog.writeTarget(scope, { name, mode, columns });
  const file = await writeDataFile(parts, { target, query: request.query });
  const change: DatasetChange = {
    name,
    datasetId: target.datasetId,
    mode,
    schema: target.schema,
    files: [file],
    missingIds: target.missingIds,
    tags: request.tags ?? new Map(),
    owner: null,
    description: null,
    lineage: { source: 'test' },
  };
  for (let attempts = 1; ; attempts++) {
    const planned = await catalog.planCommit(scope, change);
    const outcome = await parts.store.commit(planned.statements);
    if (outcome.committed) return { snapshotId: planned.snapshotId, datasetId: planned.datasetId, attempts };
    await planned.discard();
  }
}

async function writeDataFile(
  parts: Pick<CatalogFixture, 'sql'> & { nextId(): string },
  request: { target: { folder: string; schema: { fields: readonly IcebergField[] } }; query: string },
): Promise<NewDataFile> {
  const path = join(request.target.folder, `${parts.nextId()}.parquet`);
  const [described] = [await parts.sql(`DESCRIBE ${request.query}`)];
  const given = new Set(described.map((row) => String(row.column_name).toLowerCase()));
  const fields = request.target.schema.fields.filter((field) => given.has(field.name.toLowerCase()));
  const casts = fields.map((field) => {
    const quoted = `"${field.name.replaceAll('"', '""')}"`;
    return `CAST(${quoted} AS ${duckdbTypeOf(field.type)}) AS ${quoted}`;
  });
  const schemaText = JSON.stringify({ type: 'struct', 'schema-id': 0, fields }).replaceAll("'", "''");
  const [statistics] = await parts.sql(
    `COPY (SELECT ${casts.join(', ')} FROM (${request.query})) TO '${path}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS ${duckdbFieldIds({ fields })}, KV_METADATA {'iceberg.schema': '${schemaText}'}, RETURN_STATS true)`,
  );
  return dataFileOf({ fields }, path, statistics as never);
}
