import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdGenerator, createLogger, isLakeError, systemClock } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import { createExpressionParser } from '../../src/govern/access/index.ts';
import { type DatasetDecision, type Identity, scopeIssuer } from '../../src/govern/scope/index.ts';
import {
  duckdbFieldIds,
  duckdbTypeOf,
  type IcebergField,
  type IcebergSchema,
  type ScanFile,
} from '../../src/lake/catalogd/index.ts';
import { createEnginePool, type EnginePool, type LeaseRequest } from '../../src/lake/engine/index.ts';
import { createQueryd } from '../../src/lake/queryd/index.ts';
import { BARE_INVOCATION, NO_MODELS } from './bare-scope.ts';
import { lakeCatalog, type Version } from './lake-catalog.ts';
import { asksForPlan, explaining, keptLeases } from './lake-engine.ts';
import { cached, decide, type LakePolicy } from './lake-policy.ts';

export type { LakePolicy } from './lake-policy.ts';

/**
 * Queries over real Parquet files and a real engine, with decisions written in the test: for attacks on the rewriter,
 * thousands of them, without a server. The catalog is the smallest that keeps the interface's promises.
 */
export interface QueryLake {
  readonly engine: EnginePool;
  /** Adds a version of a dataset; its rows are the answer of `sql`. */
  add(dataset: LakeDataset): Promise<void>;
  run(request: LakeRequest): Promise<LakeAnswer>;
  /** The engine's plan of what would run, as text. */
  explain(request: LakeRequest): Promise<string>;
  /**
   * Runs SQL on the engine with no policy, with `{name}` standing for the files of a dataset. `lease` changes how the
   * instance is set up.
   */
  raw(sql: string, lease?: Partial<LeaseRequest>): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export interface LakeDataset {
  readonly name: string;
  readonly fields: readonly IcebergField[];
  /** One SELECT per data file. */
  readonly files: readonly string[];
  /** Row numbers deleted from the first file. */
  readonly deleted?: readonly number[];
  /** Files the SELECTs read. */
  readonly sources?: readonly string[];
  readonly hasFieldIds?: boolean;
  /** A dataset of the same name may exist in several worlds, which differ in what they hide. */
  readonly world?: string;
}

export interface LakeRequest {
  readonly sql: string;
  readonly params?: unknown;
  readonly format?: string;
  readonly limit?: number;
  readonly timeout_ms?: number;
  readonly query_id?: string;
  /** By dataset; a dataset that is not named is read without masks and filters, one that is null is not granted. */
  readonly policies?: Readonly<Record<string, LakePolicy | null>>;
  readonly signal?: AbortSignal;
  /** Datasets of this world are seen in place of those without one. */
  readonly world?: string;
}

export type LakeAnswer =
  | { readonly ok: true; readonly text: string; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly code: string; readonly detail: string; readonly data: unknown };

/**
 * With `keepLeases`, queries of one kind run on one instance, one after another: for thousands of them, since making an
 * instance takes longer than a small query. All datasets must be added before the first query then.
 */
export async function createQueryLake(
  settings: Record<string, unknown> = {},
  options: { keepLeases?: boolean } = {},
): Promise<QueryLake> {
  const folder = await mkdtemp(join(tmpdir(), 'lakehouse-query-'));
  const config = configSchema.parse(settings);
  const engine = await createEnginePool({
    config,
    folder: join(folder, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
  const datasets = new Map<string, Version[]>();
  const parser = cached(createExpressionParser((sql) => engine.parse(sql, new AbortController().signal)));
  const worlds = new WeakMap<AbortSignal, string>();
  const catalog = lakeCatalog((name, scope) => {
    const world = worlds.get(scope.signal);
    return (world === undefined ? undefined : datasets.get(`${world}:${name}`)) ?? datasets.get(name) ?? [];
  });
  const allFiles = () =>
    [...datasets.values()]
      .flat()
      .flatMap(({ files: of }) => of.flatMap((file) => [file.path, ...file.deleteFiles]));
  const kept = options.keepLeases === true ? keptLeases(engine, allFiles) : null;
  const queryd = createQueryd({
    engine: explaining(kept ?? engine),
    catalog,
    config,
    clock: systemClock,
    random: randomBytes,
    ids: createIdGenerator({ clock: systemClock, random: randomBytes }),
    maskKey: () => new Uint8Array(32).fill(7),
    isAdministrator: (identity) => identity.role === 'admin',
  });
  const operation = queryd.operations.find(({ name }) => name === 'query.sql');
  if (operation?.kind !== 'read' || operation.access.kind !== 'demands') throw new Error('no query.sql');
  const { resolve } = operation.access;
  const { input: inputSchema, run: runOperation } = operation;
  let files = 0;

  async function answer(request: LakeRequest): Promise<LakeAnswer> {
    const { policies = {}, signal = new AbortController().signal, world, ...fields } = request;
    if (world !== undefined) worlds.set(signal, world);
    const input = inputSchema.parse(fields);
    const parts = {
      requestId: `r${randomBytes(8).toString('hex')}`,
      identity: IDENTITY,
      signal,
      log: createLogger({ level: 'silent' }),
    };
    const resolveScope = scopeIssuer.resolve(parts);
    const { demands, resolved } = await resolve(resolveScope, input);
    const decisions = new Map<string, DatasetDecision>();
    for (const demand of 'none' in demands ? [] : demands) {
      if (demand.kind !== 'dataset') continue;
      const policy = policies[demand.name];
      if (demand.facts === null || policy === null)
        return { ok: false, code: 'door.dataset_not_found', detail: demand.name, data: {} };
      decisions.set(`${demand.facts.datasetId}:read`, await decide(parser, demand.facts, policy ?? {}));
    }
    const scope = scopeIssuer.read({
      ...parts,
      decisions,
      buckets: [],
      permissions: new Set(),
      ...NO_MODELS,
      authorise: () => ({ allowed: false, reason: '' }),
    });
    const result = await runOperation(scope, input, { resolved, ...BARE_INVOCATION });
    if (result.kind !== 'stream') throw new Error('a query streams');
    const chunks: Uint8Array[] = [];
    for await (const chunk of result.chunks) chunks.push(Uint8Array.from(chunk));
    const encoding = request.format === 'parquet' ? 'latin1' : 'utf8';
    return { ok: true, text: Buffer.concat(chunks).toString(encoding), headers: result.headers ?? {} };
  }

  const lake: QueryLake = {
    engine,
    async add(dataset) {
      const schema: IcebergSchema = { 'schema-id': 0, type: 'struct', fields: dataset.fields };
      const written: ScanFile[] = [];
      for (const sql of dataset.files) {
        files += 1;
        written.push(await writeFile(engine, join(folder, `data-${files}.parquet`), sql, dataset, schema));
      }
      if (dataset.deleted !== undefined && written[0] !== undefined) {
        files += 1;
        const path = join(folder, `delete-${files}.parquet`);
        const rows = dataset.deleted.map((pos) => `('${written[0]?.path}', ${pos}::BIGINT)`).join(', ');
        await copy(engine, `SELECT * FROM (VALUES ${rows}) AS d(file_path, pos)`, path, '');
        written[0] = { ...written[0], deleteFiles: [path] };
      }
      const key = dataset.world === undefined ? dataset.name : `${dataset.world}:${dataset.name}`;
      const versions = datasets.get(key) ?? [];
      versions.push({
        snapshotId: String(versions.length + 1),
        timeMs: 1_000 * (versions.length + 1),
        schema,
        files: written,
      });
      datasets.set(key, versions);
    },
    async run(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (!isLakeError(error)) throw error;
        return { ok: false, code: error.code, detail: error.detail, data: error.data };
      }
    },
    async explain(request) {
      const answer = await asksForPlan.run(true, () => lake.run({ ...request, format: 'ndjson' }));
      if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
      return answer.text;
    },
    async raw(sql, changes = {}) {
      const lease = await (kept ?? engine).lease({
        lane: 'query',
        readFiles: allFiles(),
        writeFiles: [],
        memoryLimitMb: 512,
        timeoutMs: 600_000,
        signal: new AbortController().signal,
        ...changes,
      });
      try {
        const text = sql.replace(/\{([\w:]+)\}/g, (_, name: string) => {
          const of = datasets
            .get(name)
            ?.at(-1)
            ?.files.map(({ path }) => `'${path}'`);
          return `read_parquet([${of?.join(', ')}])`;
        });
        return (await lease.query(text)).rows;
      } finally {
        await lease.release();
      }
    },
    async close() {
      await kept?.release();
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lake;
}

const IDENTITY: Identity = {
  name: 'ann',
  role: 'analyst',
  attributes: new Map(),
  keyId: null,
  onBehalfOf: null,
};

async function writeFile(
  engine: EnginePool,
  path: string,
  sql: string,
  dataset: LakeDataset,
  schema: IcebergSchema,
): Promise<ScanFile> {
  const columns = schema.fields.map(
    ({ name, type }) =>
      `CAST("${name.replaceAll('"', '""')}" AS ${duckdbTypeOf(type)}) AS "${name.replaceAll('"', '""')}"`,
  );
  const ids = dataset.hasFieldIds === false ? '' : `, FIELD_IDS ${duckdbFieldIds(schema)}`;
  const recordCount = await copy(
    engine,
    `SELECT ${columns.join(', ')} FROM (${sql})`,
    path,
    ids,
    dataset.sources,
  );
  return {
    path,
    recordCount,
    sizeBytes: (await stat(path)).size,
    hasFieldIds: dataset.hasFieldIds ?? true,
    deleteFiles: [],
    lowerBounds: new Map(),
    upperBounds: new Map(),
    nullCounts: new Map(),
  };
}

async function copy(
  engine: EnginePool,
  sql: string,
  path: string,
  options: string,
  sources: readonly string[] = [],
): Promise<number> {
  const lease = await engine.lease({
    lane: 'ingest',
    readFiles: sources,
    writeFiles: [path],
    memoryLimitMb: 512,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });
  try {
    const { rows } = await lease.query(
      `COPY (${sql}) TO '${path}' (FORMAT parquet, COMPRESSION zstd${options})`,
    );
    return Number(rows[0]?.Count ?? 0);
  } finally {
    await lease.release();
  }
}
