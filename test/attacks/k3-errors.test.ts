import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type QueryLake } from '../support/query-lake.ts';

// K-3: an error shows a stable code; no row value, no policy text, no name or path of ours.
let lake: QueryLake;

const POLICIES = {
  people: {
    filter: "region = 'policyword' OR region = identity.region",
    identity: { region: 'attributeword' },
    masks: { pay: { expression: 'pay * 1000000007' }, email: 'hash' },
  },
} as const;
const FORBIDDEN = [
  'valueword',
  '4242',
  'policyword',
  'attributeword',
  '1000000007',
  'scan_',
  'read_parquet',
  '.parquet',
  '/tmp',
  'sha256',
  'unhex',
  ' c2',
  'f.c',
];

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 1, threads: 1 } });
  await lake.add({
    name: 'people',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'email', required: false, type: 'string' },
      { id: 3, name: 'pay', required: false, type: 'long' },
      { id: 4, name: 'region', required: false, type: 'string' },
      { id: 5, name: 'note', required: false, type: 'string' },
    ],
    files: [
      "SELECT 4242 + i AS id, 'valueword' || i AS email, 4242 AS pay, 'attributeword' AS region, 'valueword' || i AS note FROM range(5) r(i)",
    ],
  });
});
afterAll(() => lake.close());

describe('K-3', () => {
  it.each([
    ['SELECT CAST(note AS INTEGER) FROM people', 'query.conversion'],
    ['SELECT note::DATE FROM people', 'query.conversion'],
    ['SELECT note::UUID FROM people', 'query.conversion'],
    ['SELECT email::INTEGER FROM people', 'query.conversion'],
    ['SELECT id * 9223372036854775807 FROM people', 'query.out_of_range'],
    ['SELECT pay::TINYINT FROM people', 'query.conversion'],
    ['SELECT id::DECIMAL(4, 3) FROM people', 'query.conversion'],
    ['SELECT sqrt(-id) FROM people', 'query.out_of_range'],
    ['SELECT chr(id::INTEGER * 1000) FROM people', 'query.invalid_input'],
    ["SELECT strptime(note, '%Y') FROM people", 'query.invalid_input'],
    ["SELECT regexp_matches(note, '(' || note) FROM people", 'query.invalid_input'],
    ["SELECT note LIKE '%x' ESCAPE 'x' FROM people", 'query.invalid_input'],
    ["SELECT id FROM people WHERE note NOT ILIKE '%!' ESCAPE '!'", 'query.invalid_input'],
    ["SELECT id FROM people WHERE note LIKE '%' ESCAPE note", 'query.invalid_input'],
    // The parser writes these as Infinity, which is no JSON.
    ['SELECT 1e400', 'query.out_of_range'],
    ['SELECT id FROM people WHERE pay > -1e999::DOUBLE', 'query.out_of_range'],
    ['SELECT error(note) FROM people', 'query.function_refused'],
    ["SELECT json_extract(note, '$.a') FROM people", 'query.invalid_input'],
    ['SELECT note::JSON FROM people', 'query.conversion'],
    ['SELECT nope FROM people', 'query.unknown_column'],
    ['SELECT people.nope FROM people', 'query.unknown_column'],
    ['SELECT c2 FROM people', 'query.unknown_column'],
    ['SELECT f.c2 FROM people', 'query.unknown_column'],
    ['SELECT id FROM people, people q', 'query.ambiguous'],
    ['SELECT id, count(*) FROM people', 'query.invalid_plan'],
    ['SELECT (SELECT id FROM people)', 'query.invalid_input'],
    ['SELECT id FROM people UNION SELECT id, note FROM people', 'query.invalid_plan'],
    ['SELECT id + note FROM people', 'query.type_error'],
    ['SELECT list_extract(id, 1) FROM people', 'query.type_error'],
    ['SELECT note::nosuchtype FROM people', 'query.invalid_plan'],
    ["SELECT id FROM people WHERE id = 'valueword'", 'query.conversion'],
    ['SELECT make_date(id::INTEGER, 13, 45) FROM people', 'query.conversion'],
    ['SELECT repeat(note, 2000000000) FROM people', 'query.out_of_range'],
  ])('%s', async (sql, code) => {
    for (const format of ['json', 'csv', 'parquet']) {
      const answer = await lake.run({ sql, format, policies: POLICIES });
      if (answer.ok) throw new Error(`ran: ${answer.text.slice(0, 200)}`);
      expect(answer.code).toBe(code);
      const shown = `${answer.detail} ${JSON.stringify(answer.data)}`.toLowerCase();
      for (const word of FORBIDDEN) if (!sql.includes(word.trim())) expect(shown).not.toContain(word);
    }
  });

  it('names columns without an alias after the caller’s own text', async () => {
    const sql = 'SELECT (SELECT count(*) FROM people p WHERE p.id = q.id), q.id + 1 FROM people q LIMIT 1';
    const answer = await lake.run({ sql, policies: POLICIES });
    expect(answer.ok && JSON.parse(answer.text).columns.map(({ name }: { name: string }) => name)).toEqual([
      '(SELECT count_star() FROM people AS p WHERE (p.id = q.id))',
      '(q.id + 1)',
    ]);
  });
});
