import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedOfRun } from '../../../test/faults/seeded-random.ts';
import { createDuckdbInstance, type DuckdbInstance } from './duckdb-instance.ts';
import { resultPipePath } from './protocol.ts';
import { makeResultPipe, openResultPipe } from './result-pipe.ts';
import type { KnownColumns } from './streamed-statement.ts';

let folder: string;
let instance: DuckdbInstance;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-stream-'));
  await makeResultPipe(resultPipePath(folder));
  const known: KnownColumns = new Map();
  instance = await createDuckdbInstance({ folder, spillLimitMb: 0 }, known);
  await instance.lock({
    allowedPaths: [],
    memoryLimitMb: 256,
    preserveOrder: true,
    blindPlan: false,
    threads: 1,
    holder: 'ann',
  });
});
afterAll(async () => {
  instance.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(sql: string, shape: string, parameters: readonly string[] = []) {
  const pipe = openResultPipe(resultPipePath(folder));
  const announced: unknown[] = [];
  try {
    const reading = Array.fromAsync(pipe.chunks);
    // Of a statement that is refused nobody waits for the bytes.
    reading.catch(() => {});
    const request = { sql, parameters, format: 'ndjson', shape } as const;
    const { short, rowCount } = await instance.stream(request, (columns) => announced.push(columns));
    pipe.finish();
    const piped = Buffer.concat(await reading).toString('utf8');
    return { isShort: short !== null, text: short?.text ?? piped, piped, rowCount, announced, short };
  } finally {
    pipe.abandon(null);
  }
}

const VALUES = [
  "1::BIGINT, 9007199254740993::BIGINT, 18446744073709551615::UBIGINT, 1.50::DECIMAL(9,2), 'nan'::DOUBLE, 1e300",
  `'quote " back \\ slash', 'line' || chr(10) || 'end' || chr(13) || chr(1), 'ünï ☃ 😀', '', NULL, 'a,b' || chr(9)`,
  "{'a': 1, 'b': [9007199254740993, NULL]}, [1.5::FLOAT, 'inf'::FLOAT], MAP {'k': 1::HUGEINT}, '{\"a\": NaN}'::JSON",
  "DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00.5', INTERVAL 3 DAY, '\\x00\\xFF'::BLOB, uuid_nil(), TRUE",
  `1::TINYINT, -2::SMALLINT, 9007199254740993::BIGINT, -9007199254740991::BIGINT, 18446744073709551615::UBIGINT, false, NULL::BIGINT, 'quote " \\ ' || chr(0) || chr(8) || chr(127) || ' ☃ 😀 / ' || chr(8232), NULL::VARCHAR`,
].map((values) => values.replace('uuid_nil()', "'00000000-0000-0000-0000-000000000001'::UUID"));

describe('the answer of a shape that was short the last time', () => {
  it.each(VALUES)(
    'comes with the end of its statement, as the bytes that the pipe carries: %s',
    async (values) => {
      const sql = `SELECT * FROM (VALUES (${values}), (${values}))`;
      const first = await run(sql, values);
      const second = await run(sql, values);
      expect(first.isShort).toBe(false);
      expect(second.isShort).toBe(true);
      expect(second.text).toBe(first.text);
      expect(second.short?.columns).toEqual(first.announced[0]);
      expect([second.rowCount, second.piped, second.announced]).toEqual([first.rowCount, '', []]);
    },
  );

  it('is empty where it has no row', async () => {
    await run('SELECT 1 AS a WHERE false', 'none');
    const { isShort, text, rowCount } = await run('SELECT 1 AS a WHERE false', 'none');
    expect([isShort, text, rowCount]).toEqual([true, '', 0]);
  });

  it.each([
    ['many rows', 'SELECT i::VARCHAR AS a FROM range(50000) r(i)', 50_000],
    ['a long row', "SELECT repeat('x', 200000) AS a", 1],
  ])(
    'goes through the pipe whole, with its columns before, where it has %s after all',
    async (name, sql, rows) => {
      await run("SELECT '' AS a", name);
      const long = await run(sql, name);
      const again = await run(sql, name);
      expect([long.isShort, long.rowCount, long.announced.length]).toEqual([false, rows, 1]);
      expect(long.text.split('\n')).toHaveLength(rows + 1);
      expect(again.text).toBe(long.text);
    },
  );

  it('goes through the pipe where one of its texts is long after all', async () => {
    const rows = "SELECT 1 AS a, 'x' AS b, repeat('x', 200000) AS c UNION ALL SELECT 2, 'y', NULL";
    await run("SELECT 1 AS a, 'x' AS b, '' AS c", 'three');
    const long = await run(rows, 'three');
    expect([long.isShort, long.rowCount, long.text.length > 200_000]).toEqual([false, 2, true]);
  });

  it('is the same by both ways, whatever its texts, numbers and truth values are', async () => {
    const seed = seedOfRun();
    console.log(`seed ${seed} (LAKEHOUSE_SEED replays it)`);
    const cell = fc.record({
      text: fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
      int: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      truth: fc.option(fc.boolean()),
    });
    const literal = (text: string | null) =>
      text === null
        ? 'NULL'
        : `'${text.toWellFormed().replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}'`;
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 64 }), fc.string(), async (cells, name) => {
        const column = `"${name.toWellFormed().replaceAll('"', '""').replaceAll('\0', '0') || 'a'}"`;
        const rows = cells.map(
          ({ text, int, truth }) =>
            `(${literal(text)}::VARCHAR, ${int === null ? 'NULL' : `'${int}'`}::BIGINT, ${truth}::BOOLEAN)`,
        );
        const sql = `SELECT * FROM (VALUES ${rows.join(', ')}) AS t(${column}, n, t)`;
        const shape = `made ${made++}`;
        const piped = await run(sql, shape);
        const short = await run(sql, shape);
        expect([piped.isShort, short.isShort]).toEqual([false, true]);
        expect(short.text).toBe(piped.text);
      }),
      { seed, numRuns: 100 },
    );
  });

  it('has the values of parameters that are no part of its text', async () => {
    const sql = 'SELECT $1::VARCHAR AS a';
    await run("SELECT 'x' AS a", 'bound');
    expect((await run(sql, 'bound', ['y'])).text).toBe('{"a":"y"}\n');
  });

  it.each([
    ['1 AS a', 'SELECT 1 AS a) AS r(c0) LIMIT 65; CREATE TABLE t AS SELECT * FROM (SELECT 1'],
    [
      '1.5 AS a',
      'SELECT 1.5 AS a) AS r(c0)) AS r(t) LIMIT 65; CREATE TABLE t AS SELECT * FROM (SELECT * FROM (SELECT 1',
    ],
  ])('is refused where its text is more than one statement: %s', async (first, closing) => {
    await run(`SELECT ${first}`, first);
    await expect(run(closing, first)).rejects.toThrow('only a query can be streamed');
  });
});
