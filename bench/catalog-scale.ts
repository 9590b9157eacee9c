/**
 * A page of 100 of 1,000 datasets: list, describe and plan with 100 snapshots each, against the same with 10. Every
 * round starts with cold caches of the catalog. Run alone it prints its rows: `node bin/pinned-node.js
 * bench/catalog-scale.ts`.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createIdGenerator, createLogger, systemClock } from '../src/base/index.ts';
import { configSchema } from '../src/config/index.ts';
import { DATASET_ACTIONS, type DatasetDecision, scopeIssuer } from '../src/govern/scope/index.ts';
import { AvroTypes } from '../src/lake/catalogd/iceberg/avro-file.ts';
import { encodeManifest, type ManifestEntry } from '../src/lake/catalogd/iceberg/manifest.ts';
import { encodeManifestList, manifestListEntry } from '../src/lake/catalogd/iceberg/manifest-list.ts';
import { schemaFingerprint } from '../src/lake/catalogd/iceberg/schema.ts';
import { boundOf } from '../src/lake/catalogd/iceberg/single-value.ts';
import {
  encodeTableMetadata,
  newTableMetadata,
  type Snapshot,
  withSnapshot,
} from '../src/lake/catalogd/iceberg/table-metadata.ts';
import { createCatalogd } from '../src/lake/catalogd/index.ts';
import { type Metastore, openMetastore, statement } from '../src/metastore/index.ts';
import { BARE_INVOCATION, NO_MODELS } from '../test/support/bare-scope.ts';
import type { BenchRow } from './bench-row.ts';

const DATASETS = 1_000;
const PAGE = 100;
const ROUNDS = 9;
const ROWS_PER_FILE = 1_000;

const FIELDS = ['id', 'region', 'name', 'pay', 'born', 'seen'].map((name, index) => ({
  id: index + 1,
  name,
  required: false,
  type: ['long', 'string', 'string', 'double', 'date', 'timestamp'][index] ?? 'string',
}));
const SCHEMA = { type: 'struct' as const, 'schema-id': 0, fields: FIELDS };
const SYNC = new Uint8Array(16).fill(1);

export async function run(): Promise<BenchRow[]> {
  const many = await openFixture(100);
  const few = await openFixture(10);
  try {
    const rounds: { ours: Timings; peer: Timings }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      rounds.push({ ours: await measure(many), peer: await measure(few) });
    }
    // The first round also compiles.
    const kept = rounds.slice(1);
    return (['list', 'describe', 'plan'] as const).map((step) => {
      // The fastest round: what the work takes, without what else the machine did meanwhile.
      const ours = Math.min(...kept.map((one) => one.ours[step]));
      const peer = Math.min(...kept.map((one) => one.peer[step]));
      const name = `${step}: page of ${PAGE} of ${DATASETS} datasets, 100 snapshots each (10 each)`;
      return { name, ours, peer, ratio: ours / peer, target: '≤ 2×', unit: 'ms' };
    });
  } finally {
    await many.close();
    await few.close();
  }
}

interface Timings {
  readonly list: number;
  readonly describe: number;
  readonly plan: number;
}

interface Fixture {
  readonly home: string;
  readonly store: Metastore;
  close(): Promise<void>;
}

async function measure(fixture: Fixture): Promise<Timings> {
  const { catalog, operations } = openCatalog(fixture);
  const list = operations.find(({ name }) => name === 'catalog.datasets.list');
  const describe = operations.find(({ name }) => name === 'catalog.datasets.describe');
  if (list?.kind !== 'read' || describe?.kind !== 'read' || describe.access.kind !== 'demands') {
    throw new Error('operations missing');
  }
  const { access } = describe;
  const scope = scopeIssuer.resolve(scopeParts([]));
  const startedMs = performance.now();
  const page = await list.run(scopeIssuer.read(scopeParts([])), list.input.parse({ limit: PAGE }), nothing);
  const names =
    page.kind === 'value' ? page.value.datasets.map((one: { dataset: string }) => one.dataset) : [];
  const listedMs = performance.now();
  for (const name of names) {
    const { resolved } = await access.resolve(scope, { name });
    const read = scopeIssuer.read(scopeParts([resolved.facts.datasetId]));
    await describe.run(read, { name }, { ...nothing, resolved });
  }
  const describedMs = performance.now();
  for (const name of names) {
    const facts = await catalog.facts(scope, name);
    if (facts === null) throw new Error('dataset missing');
    const pinned = await catalog.pin(scope, facts, { kind: 'current' });
    const { files } = await catalog.scan(scopeIssuer.read(scopeParts([facts.datasetId])), pinned);
    if (files.length === 0) throw new Error('no files planned');
  }
  const plannedMs = performance.now();
  return { list: listedMs - startedMs, describe: describedMs - listedMs, plan: plannedMs - describedMs };
}

const nothing = { resolved: null, ...BARE_INVOCATION };

function openCatalog({ home, store }: Fixture) {
  const absent = (): never => {
    throw new Error('not part of this measurement');
  };
  return createCatalogd({
    store,
    home,
    config: configSchema.parse({}),
    clock: systemClock,
    ids: createIdGenerator({ clock: systemClock, random: randomBytes }),
    log: createLogger({ level: 'silent' }),
    detector: { version: '1', detect: () => [] },
    engine: { lease: absent, parse: absent, deparse: absent, stats: () => ({}), close: absent },
    objects: { files: absent, stateOf: absent },
  });
}

function scopeParts(datasetIds: readonly string[]) {
  const decision = (datasetId: string): DatasetDecision => ({
    datasetId,
    name: '',
    action: 'read',
    policyVersion: 1,
    masks: new Map(),
    rowFilters: [],
  });
  return {
    requestId: 'bench',
    identity: { name: 'bench', role: 'admin', attributes: new Map(), keyId: null, onBehalfOf: null },
    signal: new AbortController().signal,
    log: createLogger({ level: 'silent' }),
    decisions: new Map(
      datasetIds.flatMap((id) => DATASET_ACTIONS.map((action) => [`${id}:${action}`, decision(id)] as const)),
    ),
    buckets: [],
    permissions: new Set<never>(),
    ...NO_MODELS,
    authorise: (facts: { datasetId: string }) => ({
      allowed: true as const,
      decision: decision(facts.datasetId),
    }),
  };
}

/** Tables as that many appends leave them, written directly: one merged manifest and those of the last appends. */
async function openFixture(snapshots: number): Promise<Fixture> {
  const home = await mkdtemp(join(tmpdir(), 'catalog-scale-'));
  const store = await openMetastore({
    file: join(home, 'store.sqlite'),
    config: { ...configSchema.parse({}).metastore, commit_timeout_ms: 60_000 },
    clock: systemClock,
    log: createLogger({ level: 'error' }),
  });
  const ids = createIdGenerator({ clock: systemClock, random: randomBytes });
  const types = new AvroTypes();
  for (let number = 0; number < DATASETS; number++) {
    await writeDataset({ types, home, store, datasetId: ids.next(), number, snapshots });
  }
  return {
    home,
    store,
    async close() {
      await store.close();
      await rm(home, { recursive: true });
    },
  };
}

async function writeDataset(parts: {
  types: AvroTypes;
  home: string;
  store: Metastore;
  datasetId: string;
  number: number;
  snapshots: number;
}): Promise<void> {
  const { types, home, store, datasetId, snapshots } = parts;
  const folder = join(home, 'warehouse', datasetId, 'metadata');
  mkdirSync(folder, { recursive: true });
  const location = `file://${join(home, 'warehouse', datasetId)}`;
  let metadata = newTableMetadata({
    tableUuid: datasetId,
    location,
    schema: SCHEMA,
    lastColumnId: FIELDS.length,
    nowMs: 1,
  });
  for (let sequence = 1; sequence <= snapshots; sequence++) {
    metadata = withSnapshot(metadata, snapshotOf(location, sequence));
  }
  const manifests = manifestSizes(snapshots).map(({ from, to }, index) => {
    const entries = Array.from({ length: to - from }, (_, offset) => entryOf(location, from + offset));
    const bytes = encodeManifest(types, { schema: SCHEMA, content: 'data', entries, sync: SYNC });
    writeFileSync(join(folder, `m${index}.avro`), bytes);
    return manifestListEntry({
      location: `${location}/metadata/m${index}.avro`,
      sizeBytes: bytes.length,
      content: 'data',
      sequenceNumber: to,
      snapshotId: String(to),
      entries,
    });
  });
  const list = {
    snapshotId: String(snapshots),
    parentSnapshotId: String(snapshots - 1),
    sequenceNumber: snapshots,
    manifests,
    sync: SYNC,
  };
  writeFileSync(join(folder, `snap-${snapshots}.avro`), encodeManifestList(types, list));
  writeFileSync(join(folder, '1.metadata.json'), encodeTableMetadata(metadata));
  await insertRow(store, { datasetId, number: parts.number, location, snapshots });
}

/** What merging at 16 leaves: the first as one, then one each. */
function manifestSizes(snapshots: number): { from: number; to: number }[] {
  const singles = snapshots < 16 ? snapshots : (snapshots - 16) % 15;
  const merged = snapshots - singles;
  const last = Array.from({ length: singles }, (_, index) => ({
    from: merged + index + 1,
    to: merged + index + 2,
  }));
  return merged === 0 ? last : [{ from: 1, to: merged + 1 }, ...last];
}

function snapshotOf(location: string, sequence: number): Snapshot {
  return {
    'snapshot-id': String(sequence),
    ...(sequence === 1 ? {} : { 'parent-snapshot-id': String(sequence - 1) }),
    'sequence-number': sequence,
    'timestamp-ms': sequence,
    summary: {
      operation: 'append',
      'added-records': String(ROWS_PER_FILE),
      'total-records': String(sequence * ROWS_PER_FILE),
      'total-data-files': String(sequence),
      'total-files-size': String(sequence * 100_000),
      'total-delete-files': '0',
    },
    'manifest-list': `${location}/metadata/snap-${sequence}.avro`,
    'schema-id': 0,
  };
}

function entryOf(location: string, sequence: number): ManifestEntry {
  const counts = new Map(FIELDS.map((field) => [field.id, ROWS_PER_FILE]));
  const bound = (side: 'lower' | 'upper') =>
    new Map(
      FIELDS.map((field) => [field.id, boundOf(field.type, boundText(field.type), side) ?? new Uint8Array()]),
    );
  return {
    status: 0,
    snapshotId: String(sequence),
    sequenceNumber: sequence,
    fileSequenceNumber: sequence,
    file: {
      content: 0,
      location: `${location}/data/${sequence}.parquet`,
      recordCount: ROWS_PER_FILE,
      sizeBytes: 100_000,
      columnSizes: counts,
      valueCounts: counts,
      nullCounts: counts,
      lowerBounds: bound('lower'),
      upperBounds: bound('upper'),
    },
  };
}

function boundText(type: string): string {
  if (type === 'date') return '2020-01-01';
  if (type === 'timestamp') return '2020-01-01 00:00:00';
  return type === 'string' ? 'a name of some length' : '17';
}

async function insertRow(
  store: Metastore,
  dataset: { datasetId: string; number: number; location: string; snapshots: number },
): Promise<void> {
  const { datasetId, location, snapshots } = dataset;
  const name = `dataset_${String(dataset.number).padStart(5, '0')}`;
  const schemaJson = JSON.stringify(SCHEMA);
  const row = {
    dataset_id: datasetId,
    name,
    name_key: name,
    version: snapshots,
    metadata_file: '1.metadata.json',
    location,
    schema_json: schemaJson,
    fingerprint: schemaFingerprint(FIELDS),
    snapshot_id: String(snapshots),
    manifest_list: `${location}/metadata/snap-${snapshots}.avro`,
    record_count: snapshots * ROWS_PER_FILE,
    size_bytes: snapshots * 100_000,
    data_files: snapshots,
    delete_files: 0,
    owner: 'bench',
    description: null,
    discoverable: 0,
    tags_json: '[]',
    source_json: null,
    detector_version: '1',
    created_ms: 1,
    updated_ms: 1,
    deleted_ms: null,
  };
  const { queries } = store;
  const schema = { dataset_id: datasetId, version: 1, since_ms: 1, schema_json: schemaJson };
  const tag = {
    dataset_id: datasetId,
    field_id: 3,
    tag: 'pii.name',
    source: 'detected' as const,
    confidence: 1,
  };
  const lineage = Array.from({ length: snapshots }, (_, index) => ({
    dataset_id: datasetId,
    version: index + 1,
    snapshot_id: String(index + 1),
    time_ms: index,
    lineage_json: '{"file_name":"part.csv"}',
  }));
  await store.commit([
    statement(queries.insertInto('catalog_datasets').values(row)),
    statement(queries.insertInto('catalog_schemas').values(schema)),
    statement(queries.insertInto('catalog_column_tags').values(tag)),
    statement(queries.insertInto('catalog_lineage').values(lineage)),
  ]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await run()) console.log(row);
}
