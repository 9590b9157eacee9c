import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type QueryLake } from '../support/query-lake.ts';

// K-5: whatever is not one SELECT over granted datasets is refused.
let lake: QueryLake;

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 1, threads: 1 } });
  await lake.add({
    name: 'people',
    fields: [{ id: 1, name: 'id', required: true, type: 'long' }],
    files: ['SELECT 1 AS id'],
  });
  await lake.add({
    name: 'hidden',
    fields: [{ id: 1, name: 'id', required: true, type: 'long' }],
    files: ['SELECT 2 AS id'],
  });
});
afterAll(() => lake.close());

describe('K-5', () => {
  it.each([
    ...[
      'read_parquet',
      'parquet_scan',
      'read_csv',
      'read_csv_auto',
      'read_json',
      'read_json_auto',
      'read_text',
    ],
    ...[
      'read_blob',
      'read_ndjson',
      'glob',
      'sniff_csv',
      'query',
      'query_table',
      'which_secret',
      'arrow_scan',
    ],
    ...[
      'parquet_schema',
      'parquet_kv_metadata',
      'read_duckdb',
      'json_execute_serialized_sql',
      'test_all_types',
    ],
  ])('refuses the table function %s', async (name) => {
    for (const sql of [
      `SELECT * FROM ${name}('/etc/passwd')`,
      `SELECT * FROM ${name.toUpperCase()}('/etc/passwd')`,
      `SELECT * FROM "${name}"('/etc/passwd')`,
      `SELECT * FROM main.${name}('/etc/passwd')`,
      `SELECT * FROM system.main.${name}('/etc/passwd')`,
      `SELECT (SELECT count(*) FROM ${name}('/etc/passwd'))`,
      `WITH q AS (FROM ${name}('/etc/passwd')) SELECT * FROM q`,
      `SELECT * FROM people, LATERAL ${name}('/etc/passwd')`,
      `SELECT 1 WHERE EXISTS (FROM ${name}(['/etc/passwd']))`,
      `SELECT ${name}('/etc/passwd')`,
    ]) {
      const answer = await lake.run({ sql });
      expect(answer.ok ? 'ran' : answer.code, sql).toMatch(
        /^query\.(function_refused|unknown_function|syntax)$/,
      );
    }
  });

  it.each([
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'people.parquet'",
    'SELECT * FROM "/tmp/x.csv"',
    "SELECT * FROM 's3://bucket/key.parquet'",
    'SELECT * FROM "https://example.org/x.json"',
    'SELECT * FROM hidden',
    'SELECT * FROM "hidden"',
    'SELECT * FROM main.hidden',
    'SELECT * FROM memory.main.people',
    'SELECT * FROM nowhere',
    'SELECT * FROM people, hidden',
    'WITH hidden AS (SELECT * FROM hidden) SELECT * FROM hidden',
    'WITH q AS (SELECT 1), r AS (SELECT * FROM hidden) SELECT * FROM q',
    'SELECT id FROM people WHERE id IN (SELECT id FROM hidden)',
    'SELECT id, (SELECT max(id) FROM hidden) FROM people',
    'SELECT * FROM people ORDER BY (SELECT max(id) FROM hidden)',
    'SELECT * FROM people LIMIT (SELECT max(id) FROM hidden)',
    'SELECT * FROM people QUALIFY row_number() OVER (ORDER BY (SELECT max(id) FROM hidden)) = 1',
    'SELECT count(*) FILTER (WHERE id = (SELECT max(id) FROM hidden)) FROM people',
    'SELECT list_transform([1], lambda x: (SELECT max(id) FROM hidden))',
    'SELECT CASE WHEN true THEN (SELECT max(id) FROM hidden) END',
    'SELECT * FROM range((SELECT max(id) FROM hidden))',
    'FROM hidden PIVOT (count(*) FOR id IN (1))',
    'SELECT * FROM hidden UNPIVOT (v FOR n IN (id))',
    'SELECT 1 UNION SELECT id FROM hidden',
    'VALUES ((SELECT max(id) FROM hidden))',
    'SELECT ARRAY(SELECT id FROM hidden)',
  ])('reaches no dataset that is not granted: %s', async (sql) => {
    const answer = await lake.run({ sql, policies: { hidden: null } });
    expect(answer.ok ? 'ran' : answer.code).toMatch(/^(door\.dataset_not_found|query\..*)$/);
    if (
      !sql.includes('nowhere') &&
      sql.includes('hidden') &&
      !answer.ok &&
      answer.code.startsWith('query.')
    ) {
      expect(answer.code).toMatch(/^query\.(syntax|construct_refused|not_a_query)$/);
    }
  });

  it.each([
    ...['INSERT INTO people VALUES (1)', 'UPDATE people SET id = 1', 'DELETE FROM people', 'TRUNCATE people'],
    ...[
      'CREATE TABLE x AS SELECT 1',
      'CREATE VIEW v AS SELECT 1',
      'CREATE MACRO m() AS 1',
      'DROP TABLE people',
    ],
    ...[
      "COPY people TO '/tmp/x.csv'",
      "COPY (SELECT 1) TO '/tmp/x'",
      "EXPORT DATABASE '/tmp/x'",
      "IMPORT DATABASE '/tmp/x'",
    ],
    ...[
      "ATTACH '/tmp/x.db'",
      'DETACH memory',
      'USE memory',
      'INSTALL httpfs',
      'LOAD httpfs',
      "SET memory_limit = '9GB'",
    ],
    ...[
      'RESET ALL',
      'PRAGMA version',
      'CHECKPOINT',
      'VACUUM',
      'BEGIN',
      'COMMIT',
      'PREPARE p AS SELECT 1',
      'EXECUTE p',
    ],
    ...['SET VARIABLE x = 1', "CREATE SECRET s (TYPE s3, KEY_ID 'a')", 'ALTER TABLE people ADD COLUMN x INT'],
    ...[
      'SELECT 1; DROP TABLE people',
      'SELECT 1; SELECT 2',
      'SELECT 1;;SELECT 2',
      '/* x */ SELECT 1 /* ; */; SELECT 2',
    ],
    ...[
      'PIVOT people ON id USING count(*)',
      'WITH x AS (DELETE FROM people RETURNING *) SELECT * FROM x',
      'SELECT 1 INTO x',
    ],
    ...[
      'SELECT 1 \u0000; SELECT 2',
      'SELECT 1 \u037e SELECT 2',
      '\uFEFFDROP TABLE people',
      'LOAD\u00a0httpfs',
      '--\nDROP TABLE people',
    ],
  ])('runs one SELECT and nothing else: %s', async (sql) => {
    const answer = await lake.run({ sql });
    expect(answer.ok ? 'ran' : answer.code).toMatch(
      /^query\.(not_a_query|syntax|construct_refused|too_large)$/,
    );
  });

  it.each([
    ['SELECT count(*) AS n FROM people -- WHERE', 1],
    ['SELECT count(*) AS n FROM people /* nested /* comment */ */', 1],
    ["SELECT count(*) AS n FROM people WHERE 'a;b' <> '--'", 1],
    ['SELECT count(*) AS n FROM people;', 1],
    ["SELECT count(*) AS n FROM people WHERE $$it's ; $$ <> ''", 1],
    ['SELECT "n" FROM (SELECT count(*) AS "n" FROM people) "it""s ; --"', 1],
  ])('keeps comments and quotes what they are: %s', async (sql, n) => {
    const answer = await lake.run({ sql });
    expect(answer.ok && JSON.parse(answer.text).rows).toEqual([{ n }]);
  });

  it('cannot be told the name of a scan', async () => {
    const answer = await lake.run({
      sql: 'WITH scan_0 AS (SELECT 5 AS id) SELECT scan_0.id FROM scan_0, people',
    });
    expect(answer.ok && JSON.parse(answer.text).rows).toEqual([{ id: 5 }]);
  });
});

describe('K-15', () => {
  it.each([
    ['a long text', `SELECT '${'x'.repeat(300_000)}'`],
    ['a long chain of OR', `SELECT 1 WHERE ${'id = 1 OR '.repeat(20_000)} true`],
    ['a long IN list', `SELECT 1 WHERE 1 IN (${'1,'.repeat(40_000)} 1)`],
    ['deep parentheses', `SELECT ${'('.repeat(60_000)}1${')'.repeat(60_000)}`],
    ['deep signs', `SELECT ${'- '.repeat(60_000)}1`],
    ['deep subqueries', `${'SELECT * FROM ('.repeat(3_000)}SELECT 1${')'.repeat(3_000)}`],
    ['deep lists', `SELECT ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['many unions', `SELECT 1${' UNION ALL SELECT 1'.repeat(9_000)}`],
  ])('refuses %s before it costs much', async (_, sql) => {
    const answer = await lake.run({ sql });
    expect(answer.ok ? 'ran' : answer.code).toMatch(/^query\.(too_large|syntax|unknown_column)$/);
  });
});
