import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type QueryLake } from '../support/query-lake.ts';

// K-3b: no expression of the query is evaluated on a row that a filter or a delete hides. The plan is asserted too, so
// that an upgrade of the engine which moves the barrier turns a test red.
let lake: QueryLake;

const FIELDS = [
  { id: 1, name: 'id', required: true, type: 'long' },
  { id: 2, name: 'note', required: false, type: 'string' },
  { id: 3, name: 'region', required: false, type: 'string' },
  {
    id: 4,
    name: 'tags',
    required: false,
    type: { type: 'list', 'element-id': 5, element: 'string', 'element-required': false },
  },
] as const;
const FILTER = { people: { filter: "region = 'north'" } } as const;
const VISIBLE = "SELECT i AS id, 'fine' AS note, 'north' AS region, ['fine'] AS tags FROM range(3000) r(i)";
/** Hidden rows full of what functions fail on, in the same pages and dictionaries as the visible ones. */
const POISON = `SELECT CASE WHEN i % 2 = 0 THEN 9223372036854775807 ELSE -9223372036854775808 END AS id,
  ['guess', '(', '%', '[', '{"a":', chr(92), '-', '99999999999999999999'][1 + i % 8] AS note, 'south' AS region, ['(', 'x'] AS tags
  FROM range(400) r(i)`;

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 1, threads: 1 } });
  const poisoned = `SELECT * FROM ((${POISON}) UNION ALL (${VISIBLE})) ORDER BY hash(id)`;
  await lake.add({
    name: 'people',
    fields: FIELDS,
    files: [`(${VISIBLE}) UNION ALL SELECT -7, 'x', 'south', []`],
    world: 'clean',
  });
  await lake.add({ name: 'people', fields: FIELDS, files: [poisoned], world: 'poisoned' });
  await lake.add({
    name: 'deleted',
    fields: FIELDS,
    files: [`(${POISON}) UNION ALL (${VISIBLE})`],
    deleted: Array.from({ length: 400 }, (_, at) => at),
  });
  await lake.add({
    name: 'places',
    fields: PLACES,
    files: [
      "SELECT DATE '2024-01-03' AS day, '2024-01-03' AS note, 'north' AS region, {'day': '2024-01-03'} AS visit",
    ],
  });
});
afterAll(() => lake.close());

const PLACES = [
  { id: 1, name: 'day', required: false, type: 'date' },
  { id: 2, name: 'note', required: false, type: 'string' },
  { id: 3, name: 'region', required: false, type: 'string' },
  {
    id: 4,
    name: 'visit',
    required: false,
    type: { type: 'struct', fields: [{ id: 5, name: 'day', required: false, type: 'string' }] },
  },
] as const;
it('a filter that fails on a row fails whatever the query asks for', async () => {
  const rows = "VALUES (1, '1', 'north', ['a']), (2, 'x', 'north', ['a']), (3, '3', 'north', ['a'])";
  await lake.add({
    name: 'failing',
    fields: FIELDS,
    files: [`SELECT * FROM (${rows}) AS t(id, note, region, tags)`],
  });
  const policies = { failing: { filter: 'CAST(note AS INTEGER) > 0' } };
  const codes: unknown[] = [];
  for (const where of [
    '',
    ' WHERE id = 1',
    ' WHERE id = 2',
    ' WHERE id = 3',
    ' WHERE id > 2',
    ' WHERE id = 9',
  ]) {
    const answer = await lake.run({ sql: `SELECT id FROM failing${where}`, policies });
    codes.push(answer.ok || answer.code);
  }
  expect(new Set(codes)).toEqual(new Set(['query.conversion']));
});

const EXPRESSIONS = [
  "string_split_regex('a', replace(note, 'guess', '('))",
  "string_split_regex('a', note)",
  "str_split_regex('a', note)",
  "regexp_split_to_array('a', note)",
  "regexp_extract_all('a', note)",
  "regexp_full_match('a', note)",
  "regexp_replace('a', note, 'b')",
  "regexp_matches('a', note)",
  "'a' SIMILAR TO note",
  "'a' LIKE note ESCAPE note[0:1]",
  "strftime(TIMESTAMP '2020-01-01', note)",
  "hamming(note, 'fine')",
  "mismatches(note, 'fine')",
  "jaccard(note, 'fine')",
  "substr('fine', id)",
  "left('fine', id)",
  "array_extract('fine', id)",
  'make_timestamp_ms(id)',
  'epoch_ms(id)',
  'to_timestamp(id)',
  'id + 1',
  'abs(id)',
  'id::INTEGER',
  'TRY_CAST(note AS INTEGER) + id',
  'length(note) * id',
  "json_extract('{}', '$.' || note)",
  "list_transform(tags, lambda t: string_split_regex('a', t))",
  "string_split_regex('a', tags[1])",
  "string_split_regex('a', upper(note))",
  "string_split_regex('a', CASE WHEN id >= 0 THEN note ELSE note END)",
  "string_split_regex('a', coalesce(note, ''))",
] as const;

const SHAPES: readonly ((expression: string, table: string) => string)[] = [
  (e, t) => `SELECT count(*) AS n FROM ${t} WHERE (${e}) IS NOT NULL`,
  (e, t) => `SELECT count(${e}) AS n FROM ${t}`,
  (e, t) => `SELECT count(*) AS n FROM (SELECT ${e} AS x FROM ${t} WHERE id < 10 ORDER BY x LIMIT 5)`,
  (e, t) => `WITH q AS (SELECT *, ${e} AS x FROM ${t}) SELECT count(x) AS n FROM q WHERE id IN (1, 2, 3)`,
  (e, t) => `SELECT count(*) AS n FROM ${t} WHERE id > 5 AND note = 'fine' AND (${e}) IS NOT NULL`,
  (e, t) => `SELECT count(*) AS n FROM ${t} JOIN (VALUES (1), (2)) v(i) ON id = i AND (${e}) IS NOT NULL`,
];

describe('K-3b', () => {
  it.each(EXPRESSIONS)('is no oracle on filtered rows: %s', async (expression) => {
    for (const shape of SHAPES) {
      const sql = shape(expression, 'people');
      const [clean, poisoned] = await Promise.all(
        ['clean', 'poisoned'].map((world) => lake.run({ sql, world, format: 'ndjson', policies: FILTER })),
      );
      expect(poisoned, sql).toEqual({
        ...clean,
        ...(clean?.ok === true ? { headers: expect.anything() } : {}),
      });
    }
  });

  it.each(EXPRESSIONS)('is no oracle on deleted rows: %s', async (expression) => {
    const sql = SHAPES[0]?.(expression, 'deleted') ?? '';
    const clean = await lake.run({
      sql: sql.replace('deleted', 'people'),
      world: 'clean',
      format: 'ndjson',
      policies: FILTER,
    });
    const deleted = await lake.run({ sql, format: 'ndjson' });
    expect(deleted).toEqual({ ...clean, ...(clean.ok ? { headers: expect.anything() } : {}) });
  });

  it('does not let the values of hidden rows choose the plan', async () => {
    // The largest hidden id makes `id > 100000` decidable, or not, from statistics alone.
    const sql = 'SELECT count(*) AS n FROM people WHERE id > 100000 AND note::INTEGER = 1';
    const plans = await Promise.all(
      ['clean', 'poisoned'].map((world) => lake.explain({ sql, world, policies: FILTER })),
    );
    expect(plans.map(shapeOf)[0]).toEqual(plans.map(shapeOf)[1]);
  });

  it('samples rows and not the batches that hidden rows shape', async () => {
    const sql = 'SELECT count(*) AS n FROM people TABLESAMPLE SYSTEM (50 PERCENT) REPEATABLE (7)';
    const [clean, poisoned] = await Promise.all(
      ['clean', 'poisoned'].map((world) => lake.run({ sql, world, format: 'ndjson', policies: FILTER })),
    );
    expect(clean?.ok).toBe(true);
    expect(poisoned).toEqual({ ...clean, headers: expect.anything() });
  });

  it.each([
    'SELECT note FROM people TABLESAMPLE SYSTEM (50 PERCENT)',
    'SELECT note FROM people TABLESAMPLE 50 PERCENT',
    'SELECT note FROM people USING SAMPLE 50%',
    'SELECT n FROM (SELECT note AS n FROM people USING SAMPLE 50% (system))',
    'WITH q AS (SELECT note FROM people TABLESAMPLE SYSTEM (50 PERCENT)) SELECT count(note) FROM q',
  ])('samples row by row what has hidden rows or values: %s', async (sql) => {
    for (const [policy, method] of [
      [FILTER.people, 'Bernoulli'],
      [{ masks: { note: 'redact' } }, 'Bernoulli'],
      [{}, 'System'],
    ] as const) {
      const plan = await lake.explain({ sql, world: 'clean', policies: { people: policy } });
      expect(plan.match(/Bernoulli|System/g), JSON.stringify(policy)).toEqual([method]);
    }
  });

  it('keeps every expression above the barrier', async () => {
    const plan = shapeOf(
      await lake.explain({
        sql: "SELECT upper(note) FROM people WHERE string_split_regex('a', note) IS NOT NULL AND id > 5",
        world: 'clean',
        policies: FILTER,
      }),
    );
    const [above = '', below = ''] = plan.split('STREAMING_LIMIT');
    expect(above).toContain('string_split_regex');
    expect(above).toContain('upper');
    expect(below).toContain("c3='north'");
    expect(below).toContain('c1>5');
    expect(below).not.toMatch(/string_split_regex|upper/);
  });

  it('copies below the barrier no predicate that may fail, and none on a masked column', async () => {
    const plan = shapeOf(
      await lake.explain({
        sql: "SELECT id + 1 FROM people WHERE note = 'x' AND id + 1 > 5 AND region IS NOT NULL",
        world: 'clean',
        policies: { people: { ...FILTER.people, masks: { note: 'redact' } } },
      }),
    );
    const [above = '', below = ''] = plan.split('STREAMING_LIMIT');
    expect(above).toContain("= 'x'");
    expect(below).not.toContain("'x'");
    expect(below).not.toContain('+ 1');
  });

  it.each(['GROUP BY region', 'GROUP BY ALL ORDER BY ALL'])(
    'leaves the barrier out where every expression is harmless, and reads only what the query asks for: %s',
    async (end) => {
      const sql = `SELECT region, count(*) FROM people WHERE id > 5 ${end}`;
      const plan = shapeOf(await lake.explain({ sql, world: 'clean', policies: FILTER }));
      expect(plan).not.toContain('LIMIT');
      expect(plan).toContain('c1>5');
      expect(plan).not.toContain('c2');
    },
  );

  it.each([
    'upper(COLUMNS(*)::VARCHAR)',
    "COLUMNS('note')",
    'COLUMNS(* EXCLUDE (note))',
    'COLUMNS(* REPLACE (upper(note) AS note))',
    'COLUMNS(people.*)',
  ])('keeps the barrier where more than the answer’s own columns is sorted by: %s', async (order) => {
    const sql = `SELECT id, note FROM people ORDER BY ${order}`;
    expect(shapeOf(await lake.explain({ sql, world: 'clean', policies: FILTER }))).toContain('LIMIT');
  });

  it.each([
    ['a member of a struct', "SELECT count(*) FROM places WHERE visit.day = DATE '2024-01-03'"],
    [
      'a member, by the name of its table',
      "SELECT count(*) FROM places p WHERE p.visit.day = DATE '2024-01-03'",
    ],
    [
      'another column, renamed where the table is named',
      "SELECT count(*) FROM places AS p(other, day) WHERE day = DATE '2024-01-03'",
    ],
  ])('keeps the barrier where the name of a column of harmless type is that of %s', async (_, sql) => {
    const policies = { places: FILTER.people };
    const plan = shapeOf(await lake.explain({ sql, policies }));
    expect(plan).toContain('STREAMING_LIMIT');
    expect((await lake.run({ sql, policies, format: 'json' })).ok).toBe(true);
  });

  it('keeps the barrier where a mask answers another type than the column has', async () => {
    const policies = { people: { ...FILTER.people, masks: { id: 'partial' } } } as const;
    const sql = 'SELECT count(*) FROM people WHERE id = 5';
    expect(shapeOf(await lake.explain({ sql, world: 'clean', policies }))).toContain('STREAMING_LIMIT');
  });

  it('puts nothing between the query and the files where nothing is hidden', async () => {
    const plan = shapeOf(
      await lake.explain({
        sql: "SELECT upper(note) FROM people WHERE id > 5 AND note = 'fine'",
        world: 'clean',
      }),
    );
    expect(plan).not.toMatch(/LIMIT|greatest/);
    expect(plan).toContain('c1>5');
    expect(plan).toContain("c2='fine'");
  });
});

/** The plan's words, without boxes and estimates. */
function shapeOf(plan: string): string {
  return plan
    .replace(/[┌─┐└┘│┴┬├┤]+/g, ' ')
    .replace(/~[\d,]+ rows?/g, '')
    .replace(/\s+/g, ' ');
}
