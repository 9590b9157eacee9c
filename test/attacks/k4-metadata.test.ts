import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type QueryLake } from '../support/query-lake.ts';

// K-4: statistics, plans and metadata are refused, and an older version obeys today's policy.
let lake: QueryLake;

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 1, threads: 1 } });
  for (const file of [
    "SELECT 1 AS id, 'secretone' AS email, 'north' AS region",
    "SELECT 2 AS id, 'secrettwo' AS email, 'south' AS region",
  ]) {
    await lake.add({
      name: 'people',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'email', required: false, type: 'string' },
        { id: 3, name: 'region', required: false, type: 'string' },
      ],
      files: [file],
    });
  }
});
afterAll(() => lake.close());

const POLICIES = { people: { masks: { email: 'redact' }, filter: "region = 'south'" } } as const;

describe('K-4', () => {
  it.each([
    ['EXPLAIN SELECT * FROM people', 'query.not_a_query'],
    ['EXPLAIN ANALYZE SELECT * FROM people', 'query.not_a_query'],
    ['DESCRIBE people', 'query.construct_refused'],
    ['SUMMARIZE people', 'query.construct_refused'],
    ['SUMMARIZE SELECT email FROM people', 'query.construct_refused'],
    ['SHOW TABLES', 'query.construct_refused'],
    ['SELECT * FROM (DESCRIBE people)', 'query.construct_refused'],
    ['SELECT * FROM (SUMMARIZE people)', 'query.construct_refused'],
    ['WITH s AS (SUMMARIZE people) SELECT * FROM s', 'query.syntax'],
    ['SELECT stats(email) FROM people', 'query.function_refused'],
    ['SELECT current_query()', 'query.function_refused'],
    ["SELECT current_setting('temp_directory')", 'query.function_refused'],
    ["SELECT getvariable('x')", 'query.function_refused'],
    ["SELECT json_serialize_plan('SELECT 1')", 'query.function_refused'],
    ['SELECT vector_type(email) FROM people', 'query.function_refused'],
    ['SELECT * FROM summary(people)', 'query.function_refused'],
    ['SELECT * FROM duckdb_tables()', 'query.function_refused'],
    ['SELECT * FROM duckdb_settings()', 'query.function_refused'],
    ['SELECT * FROM duckdb_temporary_files()', 'query.function_refused'],
    ['SELECT * FROM duckdb_external_file_cache()', 'query.function_refused'],
    ["SELECT * FROM parquet_metadata('x')", 'query.function_refused'],
    ["SELECT * FROM parquet_bloom_probe('x', 'email', 'a')", 'query.function_refused'],
    ["SELECT * FROM pragma_table_info('people')", 'query.function_refused'],
    ["SELECT * FROM pragma_storage_info('people')", 'query.function_refused'],
    ['SELECT * FROM duckdb_tables', 'door.dataset_not_found'],
    ['SELECT * FROM information_schema.columns', 'door.dataset_not_found'],
    ['SELECT * FROM pg_catalog.pg_class', 'door.dataset_not_found'],
    ['SELECT * FROM sqlite_master', 'door.dataset_not_found'],
    ['SELECT * FROM system.main.duckdb_views', 'door.dataset_not_found'],
    ['PRAGMA show_tables', 'query.not_a_query'],
    ['PRAGMA enable_profiling', 'query.not_a_query'],
    ['CALL pragma_version()', 'query.not_a_query'],
    ['SELECT filename FROM people', 'query.unknown_column'],
    ['SELECT file_row_number FROM people', 'query.unknown_column'],
    ['SELECT file_index FROM people', 'query.unknown_column'],
    ['SELECT rowid FROM people', 'query.unknown_column'],
    ['SELECT people.rowid FROM people', 'query.unknown_column'],
  ])('refuses %s', async (sql, code) => {
    expect(await lake.run({ sql, policies: POLICIES })).toMatchObject({ ok: false, code });
  });

  it.each([
    'SELECT * FROM people AT (VERSION => 1)',
    "SELECT * FROM people AT (TIMESTAMP => TIMESTAMP '1970-01-01 00:00:01')",
    'WITH q AS (SELECT * FROM people AT (VERSION => 1)) SELECT * FROM q',
  ])('applies today’s filter to an older version: %s', async (sql) => {
    const answer = await lake.run({ sql, policies: POLICIES });
    expect(answer.ok && JSON.parse(answer.text).rows).toEqual([]);
  });

  it('applies today’s masks to an older version', async () => {
    const answer = await lake.run({
      sql: 'SELECT email FROM people AT (VERSION => 1)',
      policies: { people: { masks: { email: 'redact' } } },
    });
    expect(answer.ok && JSON.parse(answer.text).rows).toEqual([{ email: '[redacted]' }]);
  });

  it('counts and bounds only what the caller may see', async () => {
    const sql =
      'SELECT count(*) AS n, min(id) AS low, max(email) AS e, approx_count_distinct(region) AS d FROM people';
    const answer = await lake.run({
      sql,
      policies: { people: { masks: { email: 'redact' }, filter: "region = 'north'" } },
    });
    expect(answer.ok && JSON.parse(answer.text).rows).toEqual([{ n: 0, low: null, e: null, d: 0 }]);
  });
});
