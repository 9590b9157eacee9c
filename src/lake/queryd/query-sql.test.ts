import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type LakeRequest, type QueryLake } from '../../../test/support/query-lake.ts';

let lake: QueryLake;

beforeAll(async () => {
  lake = await createQueryLake();
  await lake.add({
    name: 'people',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'email', required: false, type: 'string' },
      { id: 3, name: 'region', required: false, type: 'string' },
      { id: 4, name: 'pay', required: false, type: 'decimal(10, 2)' },
      {
        id: 5,
        name: 'address',
        required: false,
        type: {
          type: 'struct',
          fields: [
            { id: 6, name: 'city', required: false, type: 'string' },
            { id: 7, name: 'zip', required: false, type: 'string' },
          ],
        },
      },
      { id: 8, name: 'born', required: false, type: 'date' },
    ],
    files: [
      `SELECT i AS id, 'p' || i || '@mail.example' AS email, CASE WHEN i % 2 = 0 THEN 'north' ELSE 'south' END AS region,
        i * 100.25 AS pay, {'city': 'c' || i, 'zip': '1000' || i} AS address, DATE '1990-05-17' + i::INTEGER AS born FROM range(1, 5) r(i)`,
      `SELECT i AS id, NULL AS email, 'north' AS region, 1 AS pay, NULL AS address, NULL AS born FROM range(5, 7) r(i)`,
    ],
  });
  await lake.add({
    name: 'sales.orders',
    fields: [
      { id: 1, name: 'person_id', required: true, type: 'long' },
      { id: 2, name: 'file_row_number', required: false, type: 'string' },
      { id: 3, name: 'a "quoted" name', required: false, type: 'int' },
    ],
    files: [
      'SELECT i AS person_id, \'o\' || i AS file_row_number, i AS "a ""quoted"" name" FROM range(1, 4) r(i)',
    ],
    deleted: [1],
  });
  await lake.add({ name: 'empty', fields: [{ id: 1, name: 'a', required: false, type: 'int' }], files: [] });
});
afterAll(() => lake.close());

async function rows(request: LakeRequest) {
  const answer = await lake.run(request);
  if (!answer.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  return JSON.parse(answer.text);
}

describe('query.sql', () => {
  it('answers with rows, columns and what was read', async () => {
    const answer = await rows({ sql: 'SELECT id, pay FROM people WHERE id <= 2 ORDER BY id' });
    expect(answer).toEqual({
      query_id: expect.any(String),
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'pay', type: 'DECIMAL(10,2)' },
      ],
      rows: [
        { id: 1, pay: '100.25' },
        { id: 2, pay: '200.50' },
      ],
      row_count: 2,
      latency_ms: expect.any(Number),
      masked_columns: [],
      snapshots: { people: '1' },
    });
    expect(Object.keys(answer)).toEqual([
      'query_id',
      'columns',
      'rows',
      'row_count',
      'latency_ms',
      'masked_columns',
      'snapshots',
    ]);
  });

  it('says when it cut the answer off', async () => {
    expect(await rows({ sql: 'SELECT id FROM people ORDER BY id', limit: 2 })).toMatchObject({
      rows: [{ id: 1 }, { id: 2 }],
      row_count: 2,
      truncated: true,
    });
    expect(await rows({ sql: 'SELECT id FROM people', limit: 6 })).not.toHaveProperty('truncated');
    expect(await rows({ sql: 'SELECT id FROM people', limit: 0 })).toMatchObject({
      rows: [],
      truncated: true,
    });
  });

  it.each([
    ['SELECT 1 AS a', [], [{ a: 1 }]],
    ['SELECT $1 + 1 AS a, $2 AS b', [41, 'x'], [{ a: 42, b: 'x' }]],
    [
      'SELECT id FROM people WHERE region = $r AND id > $n ORDER BY ALL',
      { r: 'north', n: 4 },
      [{ id: 5 }, { id: 6 }],
    ],
    ['SELECT id FROM people ORDER BY id LIMIT $1 OFFSET $2', [2, 1], [{ id: 2 }, { id: 3 }]],
    [
      'SELECT $1, upper($1), id + $2 FROM people WHERE id = $2',
      ["it's", 1],
      [{ $1: "it's", 'upper($1)': "IT'S", '(id + $2)': 2 }],
    ],
    ['SELECT x.* FROM (SELECT id + $n FROM people) x ORDER BY 1 LIMIT 1', { n: 1 }, [{ '(id + $n)': 2 }]],
    ['SELECT id FROM people WHERE email = $1', ["' OR true --"], []],
    ['SELECT id FROM people WHERE email = $1 OR $2 = email', ['a\0', 'p1@mail.example'], [{ id: 1 }]],
    ['SELECT count(*) AS n FROM people WHERE born < $1', ['1990-05-20'], [{ n: 2 }]],
    ['SELECT * FROM empty', [], []],
    ['SELECT count(*) AS n FROM empty', [], [{ n: 0 }]],
    [
      'SELECT o.person_id, file_row_number AS f, "a ""quoted"" name" AS q FROM sales.orders o ORDER BY 1',
      [],
      [
        { person_id: 1, f: 'o1', q: 1 },
        { person_id: 3, f: 'o3', q: 3 },
      ],
    ],
    [
      'SELECT sales.orders.person_id AS p FROM sales.orders ORDER BY orders.person_id LIMIT 1',
      [],
      [{ p: 1 }],
    ],
    ['WITH people AS (SELECT 7 AS id) SELECT id FROM people', [], [{ id: 7 }]],
    ['WITH p AS (SELECT id FROM people) SELECT max(id) AS m FROM p', [], [{ m: 6 }]],
    ['WITH orders AS (SELECT 7 AS person_id) SELECT max(person_id) AS m FROM sales.orders', [], [{ m: 3 }]],
    [
      'WITH "sales.orders" AS (SELECT 7 AS person_id) SELECT person_id FROM "sales.orders"',
      [],
      [{ person_id: 7 }],
    ],
    ['SELECT count(*) AS n FROM "sales.orders"', [], [{ n: 2 }]],
    [
      'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT sum(n)::INT AS s FROM r',
      [],
      [{ s: 6 }],
    ],
    [
      'SELECT (SELECT count(*) FROM sales.orders o WHERE o.person_id = p.id) AS n FROM people p WHERE id IN (1, 2) ORDER BY id',
      [],
      [{ n: 1 }, { n: 0 }],
    ],
    ["FROM people PIVOT (count(*) FOR region IN ('north', 'south')) SELECT count(*) AS n", [], [{ n: 6 }]],
    [
      'SELECT people.id FROM people JOIN sales.orders ON people.id = orders.person_id ORDER BY 1',
      [],
      [{ id: 1 }, { id: 3 }],
    ],
    ['SELECT id AS "b", id AS b FROM people LIMIT 1', [], [{ b: 1, b_1: 1 }]],
    [
      'SELECT * EXCLUDE (email, pay, address, born) REPLACE ((SELECT count(*) FROM empty) AS region) FROM people LIMIT 1',
      [],
      [{ id: 1, region: 0 }],
    ],
  ])('runs %s', async (sql, params, expected) => {
    expect((await rows({ sql, params })).rows).toEqual(expected);
  });

  it('finds the columns out again where they depend on a value', async () => {
    for (const sql of [
      'SELECT $1 AS v FROM people LIMIT 1',
      'SELECT coalesce(id, $1) AS v FROM people LIMIT 1',
    ]) {
      const types = [];
      for (const value of [1, 2.5, 3_000_000_000]) {
        types.push((await rows({ sql, params: [value] })).columns[0].type);
      }
      expect(types, sql).toEqual([sql.includes('coalesce') ? 'BIGINT' : 'INTEGER', 'DOUBLE', 'BIGINT']);
    }
  });

  it('answers a plain query with the same columns for other values, each with its own rows', async () => {
    const sql = 'SELECT id, pay, born FROM people WHERE id = $1';
    const first = await rows({ sql, params: [1] });
    for (const id of [2, 5, 2]) {
      const answer = await rows({ sql, params: [id] });
      expect(answer.columns).toEqual(first.columns);
      expect(answer.rows).toEqual((await rows({ sql: sql.replace('$1', String(id)) })).rows);
    }
  });

  it('applies masks and the row filter, and names the masked columns that were touched', async () => {
    const answer = await rows({
      sql: 'SELECT * FROM people ORDER BY id',
      policies: {
        people: {
          filter: 'region = identity.region AND id < 5',
          identity: { region: 'north' },
          masks: { email: 'email', 'address.zip': 'redact', pay: 'null', born: 'year' },
        },
      },
    });
    expect(answer.rows).toEqual([
      {
        id: 2,
        email: '***@mail.example',
        region: 'north',
        pay: null,
        address: { city: 'c2', zip: '[redacted]' },
        born: '1990-01-01',
      },
      {
        id: 4,
        email: '***@mail.example',
        region: 'north',
        pay: null,
        address: { city: 'c4', zip: '[redacted]' },
        born: '1990-01-01',
      },
    ]);
    expect(answer.masked_columns).toEqual([
      'people.email',
      'people.pay',
      'people.address.zip',
      'people.born',
    ]);
    const other = await rows({
      sql: 'SELECT id FROM people',
      policies: { people: { masks: { email: 'null' } } },
    });
    expect(other.masked_columns).toEqual([]);
  });

  it.each([
    ['SELECT id, email FROM people', ['people.email']],
    ['SELECT id FROM people', []],
    ['SELECT people FROM people', ['people.email', 'people.pay']],
    ['SELECT "PEOPLE" FROM people', ['people.email', 'people.pay']],
    ['SELECT count(p) FROM people AS p', ['people.email', 'people.pay']],
    ['SELECT id FROM people AS p ORDER BY p', ['people.email', 'people.pay']],
    ['SELECT q FROM (FROM people) AS q', ['people.email', 'people.pay']],
    ['SELECT #2 FROM people', ['people.email', 'people.pay']],
    ['SELECT b FROM people AS p(a, b)', ['people.email', 'people.pay']],
    ['SELECT a.id FROM people AS a NATURAL JOIN people AS b', ['people.email', 'people.pay']],
    ['SELECT count(*) AS n FROM people AS a JOIN people AS b USING (pay)', ['people.pay']],
    ['WITH q(a) AS (SELECT id FROM people) SELECT a FROM q', []],
    ['WITH q(a) AS (SELECT email FROM people) SELECT a FROM q', ['people.email']],
    ['WITH q(a, b) AS (FROM people) SELECT a FROM q', ['people.email', 'people.pay']],
    ['SELECT count(COLUMNS(*)) FROM people', ['people.email', 'people.pay']],
  ])('names every masked column that %s touches', async (sql, expected) => {
    const policies = { people: { masks: { email: 'null', pay: 'null' } } } as const;
    expect((await rows({ sql, policies })).masked_columns).toEqual(expected);
  });

  it('masks by an expression of the policy', async () => {
    const answer = await rows({
      sql: 'SELECT id, pay FROM people WHERE id < 3 ORDER BY id',
      policies: { people: { masks: { pay: { expression: 'round(pay / 100) * 100' } } } },
    });
    expect(answer.rows).toEqual([
      { id: 1, pay: 100 },
      { id: 2, pay: 200 },
    ]);
  });

  it.each([
    ['ndjson', '{"id":1}\n{"id":2}\n'],
    ['csv', 'id\n1\n2\n'],
  ])('answers %s', async (format, text) => {
    const answer = await lake.run({ sql: 'SELECT id FROM people WHERE id < 3 ORDER BY id', format });
    expect(answer).toMatchObject({ ok: true, text });
    const facts = JSON.parse(answer.ok ? (answer.headers['x-query-facts'] ?? '') : '');
    expect(facts).toEqual({ masked_columns: [], snapshots: { people: '1' } });
  });

  it('answers Parquet', async () => {
    const answer = await lake.run({ sql: 'SELECT id FROM people', format: 'parquet' });
    expect(answer.ok && answer.text.startsWith('PAR1') && answer.text.endsWith('PAR1')).toBe(true);
  });
});

describe('patterns', () => {
  beforeAll(() =>
    lake.add({
      name: 'patterns',
      fields: [
        { id: 1, name: 'id', required: true, type: 'long' },
        { id: 2, name: 'text', required: false, type: 'string' },
        { id: 3, name: 'pattern', required: false, type: 'string' },
      ],
      files: [
        "SELECT * FROM (VALUES (1, 'valueword', '%' || chr(0)), (2, 'b', 'patternword' || chr(0))) v(id, text, pattern)",
      ],
    }),
  );

  // Where a column holds ASCII alone, the engine takes NUL for the escape character of ILIKE.
  it.each([
    ['text ILIKE chr(0)', []],
    ['text ILIKE $1', ['\0']],
    ["text NOT ILIKE '%' || chr(0)", []],
    ['text ILIKE pattern', []],
    ['text ILIKE (SELECT min(pattern) FROM patterns)', []],
    ["text LIKE '%!' ESCAPE '!'", []],
    ["text LIKE 'a' ESCAPE 'no'", []],
    ["text ILIKE pattern ESCAPE 'no'", []],
  ])('refuses %s in words that help, and without a value', async (condition, params) => {
    const sql = `SELECT id FROM patterns WHERE ${condition}`;
    const answer = await lake.run({ sql, params });
    expect(answer).toMatchObject({
      ok: false,
      code: 'query.invalid_input',
      detail: expect.stringMatching(/pattern of LIKE or ILIKE .*escape.*NUL/),
    });
    expect(JSON.stringify(answer)).not.toMatch(/valueword|patternword/);
  });

  it.each([
    ['text LIKE chr(0)', []],
    ['text SIMILAR TO pattern', []],
    ['lower(text) NOT LIKE lower(pattern)', [{ id: 1 }, { id: 2 }]],
    ["text NOT ILIKE pattern ESCAPE '!'", [{ id: 1 }, { id: 2 }]],
    ["text ILIKE 'VALUE%'", [{ id: 1 }]],
  ])('answers %s', async (condition, expected) => {
    const { rows: found } = await rows({ sql: `SELECT id FROM patterns WHERE ${condition} ORDER BY id` });
    expect(found).toEqual(expected);
  });
});

describe('versions', () => {
  beforeAll(async () => {
    await lake.add({
      name: 'versioned',
      fields: [{ id: 1, name: 'old_name', required: false, type: 'int' }],
      files: ['SELECT 1 AS old_name'],
    });
    await lake.add({
      name: 'versioned',
      fields: [
        { id: 1, name: 'new_name', required: false, type: 'long' },
        { id: 2, name: 'added', required: false, type: 'string' },
      ],
      files: ["SELECT 2 AS new_name, 'x' AS added"],
    });
  });

  it.each([
    ['SELECT * FROM versioned', [], [{ new_name: 2, added: 'x' }]],
    ['SELECT * FROM versioned AT (VERSION => 1)', [], [{ old_name: 1 }]],
    ['SELECT * FROM versioned AT (VERSION => $1)', ['1'], [{ old_name: 1 }]],
    ["SELECT * FROM versioned AT (TIMESTAMP => TIMESTAMP '1970-01-01 00:00:01.5')", [], [{ old_name: 1 }]],
    [
      'SELECT a.old_name, b.new_name FROM versioned AS a AT (VERSION => 1), versioned AS b',
      [],
      [{ old_name: 1, new_name: 2 }],
    ],
  ])('reads %s', async (sql, params, expected) => {
    expect((await rows({ sql, params })).rows).toEqual(expected);
  });

  it('masks a renamed column at every version', async () => {
    const policies = { versioned: { masks: { new_name: 'null' as const } } };
    expect((await rows({ sql: 'SELECT * FROM versioned AT (VERSION => 1)', policies })).rows).toEqual([
      { old_name: null },
    ]);
  });

  it.each([
    ['SELECT * FROM versioned AT (VERSION => 99)', 'catalog.snapshot_not_found'],
    ["SELECT * FROM versioned AT (VERSION => 'x')", 'query.version_invalid'],
    ['SELECT * FROM versioned AT (VERSION => id)', 'query.version_invalid'],
    ["SELECT * FROM versioned AT (TIMESTAMP => 'yesterday')", 'query.version_invalid'],
  ])('refuses %s', async (sql, code) => {
    expect(await lake.run({ sql })).toMatchObject({ ok: false, code });
  });

  it('does not tell by a version whether a dataset exists', async () => {
    const answer = await lake.run({
      sql: 'SELECT * FROM versioned AT (VERSION => 99)',
      policies: { versioned: null },
    });
    expect(answer).toMatchObject({ ok: false, code: 'door.dataset_not_found' });
  });

  it('denies a version to which the row filter cannot be bound', async () => {
    const answer = await lake.run({
      sql: 'SELECT * FROM versioned AT (VERSION => 1)',
      policies: { versioned: { filter: "added = 'x'" } },
    });
    expect(answer).toMatchObject({ ok: false, code: 'query.policy_unbound' });
  });
});

describe('refusals', () => {
  it.each([
    ['SELEC 1', 'query.syntax', { line: 1, column: 1 }],
    ['FROM people\nSELECT', 'query.syntax', { line: 2, column: 1 }],
    ['SELECT', 'query.syntax', { line: 1, column: 1, position: 0 }],
    ["SELECT 'é😀',\n 'é' 'b FROM people", 'query.syntax', { line: 2, column: 6 }],
    ['SELECT\n  nope FROM people', 'query.unknown_column', { name: 'nope', line: 2, column: 3 }],
    ["SELECT 'abc'::INTEGER", 'query.conversion', {}],
    ['SELECT 1; SELECT 2', 'query.not_a_query', {}],
    ["SELECT pg_catalog.upper('x')", 'query.unknown_function', {}],
    ["SELECT system.main.upper('x')", 'query.unknown_function', {}],
    ["SELECT memory.main.upper('x')", 'query.unknown_function', {}],
    ['SELECT other.count(id) FROM people', 'query.unknown_function', {}],
    ['SELECT other.row_number() OVER () FROM people', 'query.unknown_function', {}],
    ['SELECT system.main.unnest([1])', 'query.unknown_function', {}],
    ['SELECT * FROM system.main.range(3)', 'query.function_refused', {}],
    ['SELECT * FROM other.unnest([1])', 'query.function_refused', {}],
    ["SELECT current_setting('threads')", 'query.function_refused', { line: 1, column: 8 }],
    ['FROM (SHOW ALL TABLES)', 'query.construct_refused', {}],
    ['SELECT * FROM (DESCRIBE people)', 'query.construct_refused', {}],
    ['SELECT * FROM (SUMMARIZE people)', 'query.construct_refused', {}],
    ['DESCRIBE people', 'query.construct_refused', {}],
    ['SELECT CASE WHEN id > 1 THEN TRY(coalesce(ln(pay), 1)) END FROM people', 'query.construct_refused', {}],
    ['SELECT * FROM (VALUES (DEFAULT)) AS v', 'query.construct_refused', {}],
    ['FROM people PIVOT (count(*) FOR region IN regions)', 'query.construct_refused', {}],
    ['', 'query.not_a_query', {}],
    ['SELECT sum(id, id) FROM people', 'query.type_error', {}],
    ['SELECT no_such_function(1)', 'query.unknown_function', { line: 1, column: 8 }],
    ['SELECT $1', 'query.parameter_invalid', {}],
    ['SELECT id FROM people GROUP BY region', 'query.invalid_plan', {}],
    ['SELECT 9223372036854775807 + id FROM people', 'query.out_of_range', {}],
  ])('answers %s with %s', async (sql, code, data) => {
    const answer = await lake.run({ sql: sql === '' ? ' ' : sql });
    expect(answer).toMatchObject({ ok: false, code, data });
  });

  it.each([
    ['SELECT * FROM order', '"order" is a reserved word: where a name is meant, write it in double quotes.'],
    ['SELECT é, Group FROM people', '"Group" is a reserved word'],
    ['SELECT table FROM people', '"table" is a reserved word'],
    ['SELECT * FROM people WHERE order = 1', '"order" is a reserved word'],
    ['SELECT * FROM people AT (VERSION => 1) p', 'stands before its AT clause: FROM people p AT (…)'],
    ['SELECT * FROM people AT (TIMESTAMP => now()) AS p', 'stands before its AT clause'],
    ['SELECT FROM people', 'A SELECT says no columns: write them, or *, between SELECT and FROM'],
  ])('says of %s what may help', async (sql, hint) => {
    const answer = await lake.run({ sql });
    expect(answer).toMatchObject({ code: 'query.syntax', detail: expect.stringContaining(hint) });
  });

  it.each([
    'SELECT region.upper() FROM people',
    'SELECT p.region.upper() FROM people p',
    'SELECT nope.upper(1)',
  ])('says how to write the call in %s', async (sql) => {
    const answer = await lake.run({ sql });
    expect(answer).toMatchObject({
      code: 'query.unknown_function',
      detail: expect.stringContaining('write upper(…)'),
      data: { line: 1, column: 8 },
    });
  });

  it('says that parameters are all named or all positions', async () => {
    const answer = await lake.run({ sql: 'SELECT $1, $a', params: [1] });
    expect(answer).toMatchObject({
      code: 'query.not_a_query',
      detail: expect.stringContaining('parameters are all named or all positions'),
    });
  });

  it('gives no place where it knows none', async () => {
    const answer = await lake.run({ sql: 'SELECT * FROM a.b.c.d' });
    expect(answer).toMatchObject({
      code: 'query.syntax',
      detail: 'The statement is not valid SQL.',
      data: {},
    });
  });

  it.each(['SELECT id, FROM FROM people', 'SELECT * FROM people a b', 'SELECT id FROM people WHERE'])(
    'does not guess at a name in %s',
    async (sql) => {
      const answer = await lake.run({ sql });
      expect(answer).toMatchObject({ code: 'query.syntax' });
      expect(answer).not.toMatchObject({ detail: expect.stringContaining('reserved') });
    },
  );

  it('refuses parameters that the statement does not have', async () => {
    expect(await lake.run({ sql: 'SELECT $1', params: [1, 2] })).toMatchObject({
      code: 'query.parameter_invalid',
    });
    expect(await lake.run({ sql: 'SELECT $a', params: { b: 1 } })).toMatchObject({
      code: 'query.parameter_invalid',
    });
    expect(await lake.run({ sql: 'SELECT $a', params: { a: 1, A: 2 } })).toMatchObject({
      code: 'query.parameter_invalid',
    });
  });

  it('ends a query at its time and when its caller goes', async () => {
    const sql = 'SELECT count(*) FROM range(100000000000) r(i) WHERE hash(i) = 1';
    expect(await lake.run({ sql, timeout_ms: 100 })).toMatchObject({ ok: false, code: 'query.timeout' });
    const abort = new AbortController();
    const running = lake.run({ sql, signal: abort.signal });
    setImmediate(() => abort.abort());
    expect(await running).toMatchObject({ ok: false, code: 'query.cancelled' });
  });
});
