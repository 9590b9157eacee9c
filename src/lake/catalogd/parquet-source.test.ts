import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { createEnginePool, type EnginePool } from '../engine/index.ts';
import { parsePrimitive } from './iceberg/primitive-type.ts';
import { assignFieldIds, schemaEntries } from './iceberg/schema.ts';
import { decodeSingleValue } from './iceberg/single-value.ts';
import { typeText } from './iceberg/type-text.ts';
import { readParquetColumns, readParquetFiles } from './parquet-source.ts';

let home: string;
let engine: EnginePool;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'parquet-source-'));
  engine = await createEnginePool({
    config: configSchema.parse({ engine: { processes: 1, small_processes: 0 } }),
    folder: join(home, 'spill'),
    log: createLogger({ level: 'silent' }),
  });
});
afterAll(async () => {
  await engine.close();
  await rm(home, { recursive: true });
});

async function write(name: string, query: string, options = ''): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = join(home, name);
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

async function inspect(...paths: string[]) {
  const files = await Promise.all(
    paths.map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { key: path.slice(home.length + 1), path, sizeBytes: size, modifiedMs: mtimeMs, identity: '' };
    }),
  );
  const lease = await engine.lease({
    lane: 'ingest',
    readFiles: paths,
    writeFiles: [],
    memoryLimitMb: 256,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });
  try {
    const { fields } = assignFieldIds(await readParquetColumns(lease, files), 0);
    const read = await readParquetFiles(lease, files, fields);
    const leaves = Array.from(schemaEntries({ fields })).filter((entry) => typeof entry.type === 'string');
    const bounds = read.map((file) =>
      Object.fromEntries(
        leaves.map((leaf) => {
          const type = parsePrimitive(String(leaf.type));
          const value = (bytes: Uint8Array | undefined) =>
            bytes === undefined || type === null ? null : decodeSingleValue(type, bytes);
          const ends = [value(file.lowerBounds.get(leaf.id)), value(file.upperBounds.get(leaf.id))];
          return [leaf.path.join('.'), ends];
        }),
      ),
    );
    return { fields, read, bounds };
  } finally {
    await lease.release();
  }
}

describe('Parquet files of others', () => {
  it('give the bounds of all their row groups, by value and not by text', async () => {
    const path = await write(
      'groups.parquet',
      "SELECT (range - 5000)::BIGINT AS n, (range - 5000)::DECIMAL(12,2) AS d, DATE '2020-01-01' + range::INT AS day, 'w' || range AS w FROM range(10000)",
      ', ROW_GROUP_SIZE 2048',
    );
    const { bounds, read } = await inspect(path);
    expect(bounds[0]).toEqual({
      n: [-5000n, 4999n],
      d: [-500000n, 499900n],
      day: [18262n, 28261n],
      w: ['w0', 'w9999'],
    });
    expect(read[0]).toMatchObject({ recordCount: 10_000, hasFieldIds: false });
    expect(read[0]?.nullCounts.get(1)).toBe(0);
  });

  it('give none where a value could lie outside them', async () => {
    const path = await write(
      'loose.parquet',
      `SELECT CASE WHEN range = 1 THEN 'nan'::DOUBLE ELSE range END AS f,
         TIMESTAMP_NS '2020-01-01 00:00:00.000000001' AS ns, NULL::INT AS nothing FROM range(3)`,
    );
    const { bounds, read } = await inspect(path);
    expect(bounds[0]).toEqual({ f: [null, null], ns: [null, null], nothing: [null, null] });
    expect(read[0]?.nullCounts.get(3)).toBe(3);
  });

  it('keep the bounds of the other row groups where one holds nulls alone', async () => {
    const path = await write(
      'nulls.parquet',
      'SELECT CASE WHEN range < 2048 THEN NULL ELSE range END AS n FROM range(4096)',
      ', ROW_GROUP_SIZE 2048',
    );
    const { bounds } = await inspect(path);
    expect(bounds[0]).toEqual({ n: [2048n, 4095n] });
  });

  it('match statistics to members of structs, elements and values by their place', async () => {
    const path = await write(
      'nested.parquet',
      "SELECT {'a.b': 7, 'c': ['x', 'y']} AS s, MAP {'k': 3} AS m, 9 AS last",
    );
    const { fields, bounds } = await inspect(path);
    expect(fields.map((field) => `${field.name} ${typeText(field.type)}`)).toEqual([
      's struct<"a.b": int, c: list<string>>',
      'm map<string, int>',
      'last int',
    ]);
    expect(bounds[0]).toEqual({
      's.a.b': [7n, 7n],
      's.c.element': ['x', 'y'],
      'm.key': ['k', 'k'],
      'm.value': [3n, 3n],
      last: [9n, 9n],
    });
  });

  it('are refused where one has other columns, another order or another type', async () => {
    const first = await write('one.parquet', 'SELECT 1 AS a, 2 AS b');
    for (const [index, query] of [
      'SELECT 1 AS a',
      'SELECT 2 AS b, 1 AS a',
      "SELECT 'x' AS a, 2 AS b",
    ].entries()) {
      const other = await write(`other-${index}.parquet`, query);
      await expect(inspect(first, other)).rejects.toMatchObject({ code: 'catalog.source_invalid' });
    }
    const same = await write('same.parquet', 'SELECT 5 AS a, 6 AS b');
    expect((await inspect(first, same)).read.map((file) => file.recordCount)).toEqual([1, 1]);
  });
});
