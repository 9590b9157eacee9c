import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, column, openCatalogFixture } from '../../src/lake/catalogd/catalog.fixture.ts';
import { installClickhouse, queryClickhouse } from './clickhouse.ts';

/** Tables written here, read by ClickHouse: each answer is compared with what was written. */
let lake: CatalogFixture;
let folder: string;
beforeAll(async () => {
  [lake, folder] = await Promise.all([openCatalogFixture(), installClickhouse()]);
}, 600_000);
afterAll(() => lake?.close());

const clickhouse = (queries: readonly string[]) => queryClickhouse(folder, lake.home, queries);

async function table(name: string): Promise<string> {
  return `icebergLocal('${dirname(dirname(await lake.metadataFile(name)))}')`;
}

const EVERY_TYPE = `SELECT
  range::BIGINT AS id,
  (range % 2 = 0) AS flag,
  range::INT AS small,
  range * 0.5::DOUBLE AS ratio,
  (range * 1.25)::DECIMAL(18,2) AS pay,
  DATE '2020-01-01' + range::INT AS born,
  TIMESTAMP '2020-01-01 10:00:00.123456' + INTERVAL (range) HOUR AS seen,
  'név-' || range AS name,
  {'zip': 'Z' || range, 'floor': range::INT} AS home,
  [range::INT, (range + 1)::INT] AS pair
FROM range(5)`;

const COLUMNS = [
  column('id', 'long'),
  column('flag', 'boolean'),
  column('small', 'int'),
  column('ratio', 'double'),
  column('pay', 'decimal(18, 2)'),
  column('born', 'date'),
  column('seen', 'timestamp'),
  column('name', 'string'),
  column('home', {
    type: 'struct',
    fields: [column('zip', 'string'), column('floor', 'int')],
  }),
  column('pair', { type: 'list', 'element-id': 0, element: 'int', 'element-required': false }),
];

describe('ClickHouse', () => {
  it('reads every type', async () => {
    await lake.write({ name: 'types', columns: COLUMNS, query: EVERY_TYPE });
    const [rows] = await clickhouse([
      `SELECT toString(id) AS id, flag, small, ratio, toString(pay) AS pay, toString(born) AS born,
         toString(seen) AS seen, name, home.zip AS zip, pair FROM ${await table('types')} ORDER BY id`,
    ]);
    const expected = await lake.sql(
      `SELECT id::VARCHAR AS id, flag, small, ratio, pay::VARCHAR AS pay, born::VARCHAR AS born,
         seen::VARCHAR AS seen, name, home.zip AS zip, pair FROM (${EVERY_TYPE}) ORDER BY id`,
    );
    const trimmed = (row: Record<string, unknown>) => ({ ...row, pay: Number(row.pay) });
    expect(rows?.map(trimmed)).toEqual(expected.map(trimmed));
  });

  it('reads a renamed, an added and a widened column in files of before and after', async () => {
    const first = [column('id', 'int'), column('name', 'string')];
    await lake.write({ name: 'evolved', columns: first, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.update('evolved', {
      rename_columns: [{ from: 'name', to: 'title' }],
      add_columns: [{ name: 'rank', type: 'int' }],
      widen_columns: [{ name: 'id', type: 'long' }],
    });
    const columns = [column('id', 'long'), column('title', 'string'), column('rank', 'int')];
    await lake.write({
      name: 'evolved',
      columns,
      query: "SELECT 5000000000 AS id, 'b' AS title, 7 AS rank",
    });
    const [rows] = await clickhouse([
      `SELECT toString(id) AS id, title, rank FROM ${await table('evolved')} ORDER BY rank NULLS FIRST`,
    ]);
    expect(rows).toEqual([
      { id: '1', title: 'a', rank: null },
      { id: '5000000000', title: 'b', rank: 7 },
    ]);
  });

  it('reads each snapshot, prunes by our bounds, and sees a rollback', async () => {
    const columns = [column('id', 'long'), column('word', 'string')];
    const snapshots: string[] = [];
    for (const n of [0, 1, 2]) {
      const query = `SELECT range + ${n * 10} AS id, 'word-that-is-longer-than-bounds-' || range AS word FROM range(10)`;
      const { snapshotId } = await lake.write({ name: 'travel', columns, query });
      snapshots.push(snapshotId ?? '');
    }
    const source = await table('travel');
    const [now, ...earlier] = await clickhouse([
      `SELECT count() AS n, sum(id) AS s FROM ${source}`,
      ...snapshots.map((id) => `SELECT count() AS n FROM ${source} SETTINGS iceberg_snapshot_id = ${id}`),
      `SELECT count() AS n FROM ${source} WHERE id >= 20`,
      `SELECT count() AS n FROM ${source} WHERE word = 'word-that-is-longer-than-bounds-3'`,
      `SELECT count() AS n FROM ${source} WHERE id = 99`,
    ]);
    const count = (rows: Record<string, unknown>[] | undefined) => Number(rows?.[0]?.n);
    expect([count(now), Number(now?.[0]?.s)]).toEqual([30, 435]);
    expect(earlier.map(count)).toEqual([10, 20, 30, 10, 3, 0]);
    await lake.update('travel', { rollback_to: snapshots[0] });
    const [after] = await clickhouse([`SELECT count() AS n FROM ${source}`]);
    expect(count(after)).toBe(10);
  });

  it('reads a table whose manifests were merged, and a replaced one', async () => {
    const columns = [column('id', 'long')];
    for (let n = 0; n < 18; n++) await lake.write({ name: 'many', columns, query: `SELECT ${n} AS id` });
    const [many] = await clickhouse([`SELECT count() AS n, sum(id) AS s FROM ${await table('many')}`]);
    expect(many?.map((row) => [Number(row.n), Number(row.s)])).toEqual([[18, 153]]);
    await lake.write({ name: 'many', mode: 'replace', columns, query: 'SELECT 7 AS id' });
    const [replaced] = await clickhouse([`SELECT id FROM ${await table('many')}`]);
    expect(replaced?.map((row) => Number(row.id))).toEqual([7]);
  });
});
