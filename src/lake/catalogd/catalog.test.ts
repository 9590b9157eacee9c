import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogFixture, column, emptyAppend, openCatalogFixture, scopes } from './catalog.fixture.ts';
import type { IcebergType } from './catalog.ts';

let lake: CatalogFixture;
beforeEach(async () => {
  lake = await openCatalogFixture();
});
afterEach(() => lake.close());

const COLUMNS = [column('id', 'long'), column('name', 'string')];

function struct(...members: readonly string[]): IcebergType {
  return { type: 'struct', fields: members.map((name) => column(name, 'int')) };
}

async function rows(name: string, asOf: Parameters<CatalogFixture['catalogd']['catalog']['pin']>[2]) {
  const { catalog } = lake.catalogd;
  const facts = await catalog.facts(scopes.resolve(), name);
  if (facts === null) return null;
  const pinned = await catalog.pin(scopes.resolve(), facts, asOf);
  const plan = await catalog.scan(scopes.read(facts.datasetId), pinned);
  return { facts, pinned, plan, count: plan.files.reduce((sum, file) => sum + file.recordCount, 0) };
}

describe('the catalog', () => {
  it('makes a dataset by its first append and plans its files', async () => {
    const { snapshotId } = await lake.write({
      name: 'sales.orders',
      columns: COLUMNS,
      query: "SELECT range AS id, 'n' || range AS name FROM range(10)",
    });
    const found = await rows('sales.orders', { kind: 'current' });
    expect(found?.pinned.snapshotId).toBe(snapshotId);
    expect(found?.count).toBe(10);
    expect(found?.plan.files[0]?.hasFieldIds).toBe(true);
    expect(found?.facts.columns.map((c) => [c.fieldId, c.path, c.type])).toEqual([
      [1, ['id'], 'long'],
      [2, ['name'], 'string'],
    ]);
    const path = found?.plan.files[0]?.path ?? '';
    expect(await lake.sql(`SELECT count(*)::INT AS n FROM '${path}'`)).toEqual([{ n: 10 }]);
  });

  it('answers null for a name that differs by case, and refuses to make one', async () => {
    await lake.write({ name: 'orders', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    expect(await rows('Orders', { kind: 'current' })).toBeNull();
    const made = lake.write({ name: 'Orders', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await expect(made).rejects.toMatchObject({ code: 'catalog.dataset_exists' });
  });

  it('reads the state of an earlier snapshot and of a time', async () => {
    const first = await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    const between = lake.clock.nowMs();
    lake.clock.advance(60_000);
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 2 AS id, 'b' AS name" });
    expect((await rows('t', { kind: 'current' }))?.count).toBe(2);
    const snapshotId = first.snapshotId ?? '';
    expect((await rows('t', { kind: 'snapshot', snapshotId }))?.count).toBe(1);
    expect((await rows('t', { kind: 'timestamp', timestampMs: between + 1_000 }))?.count).toBe(1);
    await expect(rows('t', { kind: 'timestamp', timestampMs: 1 })).rejects.toMatchObject({
      code: 'catalog.snapshot_not_found',
    });
    await expect(rows('t', { kind: 'snapshot', snapshotId: '77' })).rejects.toMatchObject({
      code: 'catalog.snapshot_not_found',
    });
  });

  it('merges manifests, so that many appends leave few to open', async () => {
    for (let n = 0; n < 20; n++) {
      await lake.write({ name: 't', columns: COLUMNS, query: `SELECT ${n} AS id, 'a' AS name` });
    }
    const found = await rows('t', { kind: 'current' });
    expect(found?.plan.files).toHaveLength(20);
    expect(new Set(found?.plan.files.map((file) => file.path)).size).toBe(20);
  });

  it('replaces all rows, and keeps the earlier snapshot readable', async () => {
    const first = await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.write({
      name: 't',
      mode: 'replace',
      columns: [column('id', 'string')],
      query: "SELECT 'x' AS id",
    });
    const now = await rows('t', { kind: 'current' });
    expect(now?.count).toBe(1);
    expect(now?.pinned.schema.fields.map((f) => [f.id, f.name, f.type])).toEqual([[3, 'id', 'string']]);
    const before = await rows('t', { kind: 'snapshot', snapshotId: first.snapshotId ?? '' });
    expect(before?.pinned.schema.fields.map((f) => [f.id, f.name, f.type])).toEqual([
      [1, 'id', 'long'],
      [2, 'name', 'string'],
    ]);
  });

  it('adds and widens columns on append, and refuses what would lose values', async () => {
    await lake.write({ name: 't', columns: [column('n', 'int')], query: 'SELECT 1::INT AS n' });
    await lake.write({
      name: 't',
      columns: [column('n', 'long'), column('extra', 'string')],
      query: "SELECT 5000000000 AS n, 'x' AS extra",
    });
    const found = await rows('t', { kind: 'current' });
    expect(found?.pinned.schema.fields.map((f) => [f.id, f.name, f.type])).toEqual([
      [1, 'n', 'long'],
      [2, 'extra', 'string'],
    ]);
    expect(found?.facts.history).toHaveLength(2);
    const refused = lake.write({ name: 't', columns: [column('n', 'string')], query: "SELECT 'x' AS n" });
    await expect(refused).rejects.toMatchObject({
      code: 'catalog.schema_mismatch',
      data: {
        diff: [
          { kind: 'column_missing', column: 'extra' },
          { kind: 'type_changed', column: 'n', from: 'long', to: 'string', compatible: false },
        ].reverse(),
      },
    });
  });

  it('loses none of 100 concurrent appends of two gateways to one dataset (F-6)', async () => {
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 0 AS id, 'a' AS name" });
    const gateways = [lake, await lake.reopen()];
    const writers = Array.from({ length: 100 }, (_, n) =>
      (gateways[n % 2] ?? lake).write({
        name: 't',
        columns: COLUMNS,
        query: `SELECT ${n + 1} AS id, 'a' AS name`,
      }),
    );
    const written = await Promise.all(writers);
    expect((await rows('t', { kind: 'current' }))?.count).toBe(101);
    expect(new Set(written.map(({ snapshotId }) => snapshotId)).size).toBe(100);
  });

  it('shows nothing of a commit that stopped before the store’s transaction', async () => {
    const { catalog } = lake.catalogd;
    const target = await catalog.writeTarget(scopes.write(), { name: 't', mode: 'append', columns: COLUMNS });
    await catalog.planCommit(scopes.write(), {
      name: 't',
      datasetId: target.datasetId,
      mode: 'append',
      schema: target.schema,
      files: [],
      missingIds: new Set<number>(),
      tags: new Map(),
      owner: null,
      description: null,
      lineage: {},
    });
    expect(await rows('t', { kind: 'current' })).toBeNull();
  });

  it('writes metadata of format version 2 under the table’s location', async () => {
    const { datasetId } = await lake.write({
      name: 't',
      columns: COLUMNS,
      query: "SELECT 1 AS id, 'a' AS name",
    });
    const [row] = await lake.store.read(lake.store.queries.selectFrom('catalog_datasets').selectAll());
    const file = join(lake.home, 'warehouse', datasetId, 'metadata', row?.metadata_file ?? '');
    const metadata = JSON.parse(await readFile(file, 'utf8'));
    expect(metadata).toMatchObject({
      'format-version': 2,
      'table-uuid': datasetId,
      location: `file://${join(lake.home, 'warehouse', datasetId)}`,
      'last-column-id': 2,
      'last-sequence-number': 1,
    });
    expect(typeof metadata['current-snapshot-id']).toBe('number');
  });

  it('goes back to the schema of a snapshot whose columns are gone since, and keeps a later one that has them', async () => {
    const first = await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.update('t', { add_columns: [{ name: 'extra', type: 'int' }] });
    await lake.update('t', { rollback_to: first.snapshotId });
    const names = async () => (await rows('t', { kind: 'current' }))?.pinned.schema.fields.map((f) => f.name);
    expect(await names()).toEqual(['id', 'name', 'extra']);
    await lake.write({
      name: 't',
      mode: 'replace',
      columns: [column('id', 'string')],
      query: "SELECT 'x' AS id",
    });
    await lake.update('t', { rollback_to: first.snapshotId });
    const back = await rows('t', { kind: 'current' });
    expect(back?.pinned.schema.fields.map((f) => [f.id, f.type])).toEqual([
      [1, 'long'],
      [2, 'string'],
    ]);
    expect(back?.count).toBe(1);
  });

  it('carries the tags of a column over to the new one that a replacement makes of it', async () => {
    const tags = new Map([[2, [{ tag: 'pii.name', confidence: 0.9 }]]]);
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name", tags });
    const columns = [column('name', 'long')];
    await lake.write({ name: 't', mode: 'replace', columns, query: 'SELECT 7 AS name' });
    const found = await rows('t', { kind: 'current' });
    expect(found?.facts.columns.map((c) => [c.fieldId, c.path, c.tags])).toEqual([
      [3, ['name'], ['pii.name']],
    ]);
  });

  it('pins the very columns that access was decided on, while another request adds one', async () => {
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    const facts = await lake.catalogd.catalog.facts(scopes.resolve(), 't');
    if (facts === null) throw new Error('no facts');
    await lake.update('t', { add_columns: [{ name: 'salary', type: 'int' }] });
    const pinned = await lake.catalogd.catalog.pin(scopes.resolve(), facts, { kind: 'current' });
    expect(pinned.schema.fields.map((f) => f.name)).toEqual(['id', 'name']);
  });

  it('refuses rows written for columns that another writer changed meanwhile', async () => {
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    const { catalog } = lake.catalogd;
    const columns = [...COLUMNS, column('mine', 'int')];
    const target = await catalog.writeTarget(scopes.write(), { name: 't', mode: 'append', columns });
    await lake.update('t', { add_columns: [{ name: 'theirs', type: 'string' }] });
    await expect(catalog.planCommit(scopes.write(), emptyAppend(target))).rejects.toMatchObject({
      code: 'catalog.conflict',
    });
  });

  it('tells columns filled with null by their ids, as the dataset is when it commits', async () => {
    const wide = [...COLUMNS, column('left_out', 'int'), column('at', struct('row', 'page'))];
    const all = "SELECT 1 AS id, 'a' AS name, 2 AS left_out, {row: 3, page: 4} AS at";
    await lake.write({ name: 't', columns: wide, query: all });
    const { catalog } = lake.catalogd;
    const columns = [...COLUMNS, column('at', struct('row'))];
    const target = await catalog.writeTarget(scopes.write(), { name: 't', mode: 'append', columns });
    await lake.update('t', {
      add_columns: [{ name: 'theirs', type: 'string' }],
      rename_columns: [{ from: 'name', to: 'title' }],
    });
    const file = {
      path: join(target.folder, 'x.parquet'),
      recordCount: 1,
      sizeBytes: 300,
      hasFieldIds: true,
    };
    const none = new Map();
    const statistics = { columnSizes: none, valueCounts: none, nullCounts: none };
    const change = {
      name: 't',
      datasetId: target.datasetId,
      mode: 'append' as const,
      schema: target.schema,
      files: [{ ...file, ...statistics, lowerBounds: none, upperBounds: none }],
      missingIds: target.missingIds,
      tags: none,
      owner: null,
      description: null,
      lineage: {},
    };
    const told = async (rows: typeof change) => {
      const { before } = await catalog.planCommit(scopes.write(), rows);
      return before?.columnChanges.map(({ kind, column: name }) => `${kind} ${name}`);
    };
    expect(await told(change)).toEqual([
      'filled_with_null left_out',
      'filled_with_null at.page',
      'filled_with_null theirs',
    ]);
    expect(await told({ ...change, files: [] })).toEqual([]);
  });

  it('reads no row without the decision to read this dataset', async () => {
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    const { catalog } = lake.catalogd;
    const facts = await catalog.facts(scopes.resolve(), 't');
    if (facts === null) throw new Error('no facts');
    const pinned = await catalog.pin(scopes.resolve(), facts, { kind: 'current' });
    await expect(catalog.scan(scopes.read(), pinned)).rejects.toMatchObject({ code: 'scope.not_granted' });
  });
});
