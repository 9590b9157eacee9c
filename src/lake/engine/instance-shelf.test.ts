import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import type { EngineLease, EnginePool, LeaseRequest } from './index.ts';
import { createEnginePool } from './index.ts';

// One process, so that every lease could get what the one before left.
let home: string;
let pool: EnginePool;
let file: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'lakehouse-shelf-'));
  file = join(home, 'data.csv');
  await writeFile(file, 'a\n1\n2\n');
  pool = await createEnginePool({
    config: configSchema.parse({ engine: { processes: 1, small_processes: 0 } }),
    folder: join(home, 'engine'),
    log: createLogger({ level: 'silent' }),
  });
});
afterAll(async () => {
  await pool.close();
  await rm(home, { recursive: true, force: true });
});

type Changes = Partial<LeaseRequest>;

async function using<T>(changes: Changes, run: (lease: EngineLease) => Promise<T>): Promise<T> {
  const lease = await pool.lease({
    lane: 'query',
    readFiles: [file],
    writeFiles: [],
    memoryLimitMb: 256,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
    holder: 'ann',
    ...changes,
  });
  try {
    return await run(lease);
  } finally {
    await lease.release();
  }
}

/** A table that only its instance knows: who sees it has the same instance. No governed query can make one. */
const mark = (changes: Changes = {}) =>
  using(changes, (lease) => lease.query('CREATE OR REPLACE TEMP TABLE mark AS SELECT 1 AS a'));
const isMarked = (changes: Changes = {}) =>
  using(changes, async (lease) => {
    const { rows } = await lease.query(
      "SELECT count(*)::INTEGER AS n FROM duckdb_tables() WHERE table_name = 'mark'",
    );
    return rows[0]?.n === 1;
  });

describe('an instance that was used', () => {
  it('is had again by its holder, for the same files under the same settings', async () => {
    await mark();
    expect(await isMarked()).toBe(true);
    expect(await isMarked()).toBe(true);
  });

  it('is had again after a lease of one statement, which ends with it', async () => {
    const one = { oneStatement: true };
    for (const sql of ['SELECT 1 AS a', 'SELECT 2 AS a']) {
      await mark();
      await using(one, async (lease) => {
        const { chunks } = await lease.stream(sql, [], 'ndjson', 'one column');
        expect((await Array.fromAsync(chunks)).join('')).not.toBe('');
      });
      expect(await isMarked()).toBe(true);
    }
  });

  it('is not had after a lease of one statement that failed', async () => {
    await mark();
    await using({ oneStatement: true }, async (lease) => {
      const { chunks } = await lease.stream("SELECT error('x') AS a", [], 'ndjson');
      await expect(Array.fromAsync(chunks)).rejects.toThrow();
    });
    expect(await isMarked()).toBe(false);
  });

  it.each<[string, Changes]>([
    ['another holder', { holder: 'bob' }],
    ['work of nobody', { holder: null }],
    ['no files', { readFiles: [] }],
    ['other files', { readFiles: ['/nowhere/other.csv'] }],
    ['a file to write', { writeFiles: ['/nowhere/out.csv'] }],
    ['another limit of memory', { memoryLimitMb: 512 }],
    ['one thread', { oneThread: true }],
    ['another order of rows', { preserveOrder: false }],
    ['a plan that may not look at values', { blindPlan: true }],
  ])('is not had by %s', async (_, changes) => {
    await mark();
    expect(await isMarked(changes)).toBe(false);
  });

  it('is thrown away where nobody holds it', async () => {
    await mark({ holder: null });
    expect(await isMarked({ holder: null })).toBe(false);
    expect(await isMarked()).toBe(false);
  });

  it('is thrown away after a statement that failed', async () => {
    await mark();
    await expect(using({}, (lease) => lease.query("SELECT 'x'::INTEGER"))).rejects.toMatchObject({
      kind: expect.any(String),
    });
    expect(await isMarked()).toBe(false);
  });

  it('is thrown away after a statement that was stopped', async () => {
    await mark();
    const slow = 'SELECT count(*) FROM range(100000000000) a(x) WHERE hash(x) = 1';
    await expect(using({ timeoutMs: 50 }, (lease) => lease.query(slow))).rejects.toMatchObject({
      code: 'engine.timeout',
    });
    expect(await isMarked()).toBe(false);
  });

  it('is thrown away where the reader left before the end', async () => {
    await mark();
    await using({}, async (lease) => {
      const stream = await lease.stream('SELECT range AS a FROM range(50000000)', [], 'ndjson');
      for await (const _chunk of stream.chunks) break;
    });
    expect(await isMarked()).toBe(false);
  });

  it('reaches the files of its lock and no other, also when it is had again', async () => {
    const hidden = join(home, 'hidden.csv');
    await writeFile(hidden, 'a\n3\n');
    await mark();
    expect(await isMarked()).toBe(true);
    await expect(
      using({}, (lease) => lease.query(`SELECT * FROM read_csv('${hidden}')`)),
    ).rejects.toMatchObject({ code: 'engine.file_refused' });
  });

  it('sees a file as it is now', async () => {
    const sum = () =>
      using({}, (lease) => lease.query(`SELECT sum(a)::INTEGER AS n FROM read_csv('${file}')`));
    expect((await sum()).rows).toEqual([{ n: 3 }]);
    await writeFile(file, 'a\n1\n2\n4\n');
    expect((await sum()).rows).toEqual([{ n: 7 }]);
  });

  it('is thrown away after as many leases as it may serve', async () => {
    await mark();
    let had = 0;
    while (await isMarked()) had += 1;
    expect(had).toBeGreaterThan(10);
    expect(had).toBeLessThan(100);
  });

  it('keeps nothing of the statements of before: no table, setting, variable or prepared statement', async () => {
    const state = () =>
      using({}, async (lease) => {
        const { rows } = await lease.query(
          "SELECT (SELECT md5(string_agg(name || '=' || coalesce(value::VARCHAR, ''), ';' ORDER BY name)) " +
            'FROM duckdb_settings()) AS settings, (SELECT count(*)::INTEGER FROM duckdb_tables()) AS tables, ' +
            '(SELECT count(*)::INTEGER FROM duckdb_views() WHERE NOT internal) AS views, ' +
            '(SELECT count(*)::INTEGER FROM duckdb_prepared_statements()) AS prepared, ' +
            '(SELECT count(*)::INTEGER FROM duckdb_variables()) AS variables, ' +
            '(SELECT count(*)::INTEGER FROM duckdb_sequences()) AS sequences, ' +
            '(SELECT count(*)::INTEGER FROM duckdb_temporary_files()) AS spilled',
        );
        return rows[0];
      });
    // A fresh one first, then the same one after statements of every kind that the query room sends.
    await using({ holder: null }, (lease) => lease.query('SELECT 1'));
    const before = await state();
    await using({}, async (lease) => {
      const stream = await lease.stream(
        `SELECT a, random() AS r FROM read_csv('${file}') ORDER BY a`,
        [],
        'ndjson',
        's',
      );
      for await (const _chunk of stream.chunks);
    });
    await using({}, async (lease) => {
      const stream = await lease.stream('SELECT $1::INTEGER AS a', [7], 'csv');
      for await (const _chunk of stream.chunks);
    });
    await using({}, (lease) => lease.query('SELECT list(range) FROM range(100000)'));
    expect(await state()).toEqual(before);
  });
});
