import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-6 over HTTP, with one engine process a lane, so that a caller who asks again gets the instance of the last query: what
// it was made under and what was left in it change nothing of the next answer.

const PEOPLE = Array.from({ length: 40 }, (_, id) => ({
  id,
  name: `name-${id}`,
  region: id % 2 ? 'north' : 'south',
}));
const SQL = 'SELECT id, name FROM people WHERE id < $1 ORDER BY id';
const FILTER = { dataset: 'people', where: 'region = identity.region', roles: ['reader'] };
const MASK = { dataset: 'people', column: 'name', method: 'null', roles: ['reader'] };
const GRANTS = [{ dataset: 'people', actions: ['read'] }];

let server: TestServer;
let north: { key: string; keyId: string };

const policy = (parts: Partial<Record<'grants' | 'masks' | 'row_filters', readonly object[]>> = {}) =>
  server.api('PUT', '/access/policies', {
    json: {
      roles: { reader: { grants: parts.grants ?? GRANTS }, agent: { grants: GRANTS } },
      masks: parts.masks ?? [],
      row_filters: parts.row_filters ?? [FILTER],
    },
  });
const ask = (sql: string, params: unknown[] = [], key = north.key, headers: Record<string, string> = {}) =>
  server.api('POST', '/query/sql', { key, json: { sql, params }, headers });
const rowsOf = (region: string | null, below: number, name = true) =>
  PEOPLE.filter((row) => row.id < below && (region === null || row.region === region)).map((row) => ({
    id: row.id,
    name: name ? row.name : null,
  }));
const ingest = (rows: readonly object[], more = '') =>
  server.api('POST', `/ingest/file?dataset=people&file_name=people.ndjson${more}`, {
    body: `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`,
    headers: { 'content-type': 'application/x-ndjson' },
  });

beforeAll(async () => {
  server = await startTestServer({ config: '[engine]\nprocesses = 1\nsmall_processes = 1\n' });
  expect((await ingest(PEOPLE)).status).toBe(201);
  expect((await policy()).status).toBe(200);
  north = await server.key('reader', { region: 'north' }, 'ann');
});
afterAll(() => server.close());

describe('K-6: an instance that is kept', () => {
  it('answers under the policy of now: a mask, a filter less, a grant less', async () => {
    for (const [change, expected] of [
      [{}, rowsOf('north', 10)],
      [{ masks: [MASK] }, rowsOf('north', 10, false)],
      [{ row_filters: [] }, rowsOf(null, 10)],
      [{ grants: [] }, null],
      [{}, rowsOf('north', 10)],
    ] as const) {
      await ask(SQL, [10]);
      expect((await policy(change)).status).toBe(200);
      const after = await ask(SQL, [10]);
      expect(after.status).toBe(expected === null ? 404 : 200);
      if (expected !== null) expect(after.json.rows).toEqual(expected);
    }
  });

  it('serves an agent each person’s rows, one after the other', async () => {
    const persons = await Promise.all(
      ['north', 'south'].map((region) => server.key('reader', { region }, `person-${region}`)),
    );
    const agent = await server.key('agent', {}, 'helper');
    const tokens = await Promise.all(
      persons.map(async ({ key }) => {
        const made = await server.api('POST', '/access/delegations', { key, json: { agent: 'helper' } });
        expect(made.status, made.text).toBe(201);
        return made.json.token as string;
      }),
    );
    for (let round = 0; round < 3; round += 1) {
      for (const [at, region] of ['north', 'south'].entries()) {
        const answer = await ask(SQL, [12], agent.key, { 'x-on-behalf-of': tokens[at] ?? '' });
        expect(answer.json.rows, answer.text).toEqual(rowsOf(region, 12));
      }
      expect((await ask(SQL, [12], agent.key)).json.rows).toEqual(rowsOf(null, 12));
    }
  });

  it('is of no use to a key that was revoked, and none to another key of the same name', async () => {
    const old = await server.key('reader', { region: 'south' }, 'bob');
    const other = await server.key('reader', { region: 'north' }, 'bob');
    expect((await ask(SQL, [6], old.key)).json.rows).toEqual(rowsOf('south', 6));
    expect((await ask(SQL, [6], other.key)).json.rows).toEqual(rowsOf('north', 6));
    expect((await ask(SQL, [6], old.key)).json.rows).toEqual(rowsOf('south', 6));
    expect((await server.api('DELETE', `/access/keys/${old.keyId}`)).status).toBe(200);
    expect((await ask(SQL, [6], old.key)).status).toBe(401);
    expect((await ask(SQL, [6], other.key)).json.rows).toEqual(rowsOf('north', 6));
  });

  it('holds nothing of a statement that failed, was left in the middle, or tried to leave something', async () => {
    const leaving = [
      'CREATE TEMP TABLE people AS SELECT 1 AS id',
      'SET VARIABLE x = 1',
      'PREPARE p AS SELECT 1',
      "SELECT set_config('threads', '9')",
      'SELECT setseed(0.5)',
      'SELECT CAST(name AS INTEGER) FROM people',
      'SELECT 1; CREATE MACRO lower(x) AS 1',
    ];
    for (const [at, statement] of leaving.entries()) {
      expect((await ask(statement)).status, statement).toBeGreaterThanOrEqual(400);
      const given = new AbortController();
      const left = await fetch(`${server.url}/query/sql`, {
        method: 'POST',
        headers: { 'x-api-key': north.key, 'content-type': 'application/json' },
        body: JSON.stringify({
          sql: 'SELECT a.name AS left_behind FROM people a, people b, people c, people d',
          format: ['ndjson', 'csv'][at % 2],
        }),
        signal: given.signal,
      });
      await left.body?.getReader().read();
      given.abort();
      const answer = await ask(SQL, [10 + at]);
      expect(answer.text).not.toContain('left_behind');
      expect(answer.json.rows, statement).toEqual(rowsOf('north', 10 + at));
    }
  });

  it('takes a value for what it is, whatever it looks like, and gives it back as it came', async () => {
    const values = [
      ...[
        "it's",
        "'; DROP TABLE people; --",
        "\\' OR 1=1 --",
        "''",
        '"',
        '$$x$$',
        '$1',
        '$p1',
        '?',
        '/*',
        '--',
      ],
      ...[
        '$scan_aaaaaaaaaaaaaaaaaaaaaaaa_p0',
        'scan_aaaaaaaaaaaaaaaaaaaaaaaa_0',
        "E'\\x41'",
        '\u0001',
        'a\nb',
        'a\0b',
      ],
      ...['\u2028\u202e', '’ OR ’1’=’1', '😀', 'x'.repeat(1_001), 'NULL', 'true'],
    ];
    for (const value of values) {
      const shown = await ask("SELECT $1 AS v, [$1] AS l, {'a': $1} AS s FROM people LIMIT 1", [value]);
      expect(shown.json.rows, JSON.stringify(value)).toEqual([{ v: value, l: [value], s: { a: value } }]);
      const compared = await ask('SELECT id FROM people WHERE name = $1 OR region = $1', [value]);
      expect(compared.json.rows, JSON.stringify(value)).toEqual([]);
    }
  });

  it('knows the columns of the same text anew when the dataset has others', async () => {
    const sql = 'SELECT * FROM people WHERE id = $1';
    expect((await ask(sql, [1])).json.rows).toEqual([{ ...PEOPLE[1] }]);
    expect((await ingest([{ id: 99, name: 'new', region: 'north', pay: 7 }])).status).toBe(201);
    const after = await ask(sql, [1]);
    expect(after.json.rows).toEqual([{ ...PEOPLE[1], pay: null }]);
    expect(after.json.columns.map(({ name }: { name: string }) => name)).toEqual([
      'id',
      'name',
      'region',
      'pay',
    ]);
    expect((await ask(sql, [99])).json.rows).toMatchObject([{ pay: 7 }]);
    const listed = await server.api('GET', '/catalog/datasets/by-name/people/snapshots');
    const widths = await Promise.all(
      listed.json.snapshots.map(async ({ snapshot_id: id }: { snapshot_id: string }) => {
        const answer = await ask(`SELECT * FROM people AT (VERSION => ${id}) WHERE id = $1`, [1]);
        return answer.json.columns.length;
      }),
    );
    expect(widths.toSorted()).toEqual([3, 4]);
  });
});
