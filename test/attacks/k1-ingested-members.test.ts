import { afterAll, beforeAll, expect, test } from 'vitest';
import { parquetOf } from '../harness/parquet-of.ts';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-1: personal data inside structs and lists is found when it is ingested, so that masks by tag hold from the first query.
const ROW = {
  id: 1,
  contact: { email: 'mara@example.org', phone: '+1-555-248-4677' },
  relatives: [{ full_name: 'Omar Park', ssn: '123-45-6789' }],
};
const TAGS = {
  'contact.email': ['pii.email'],
  'contact.phone': ['pii.phone'],
  'relatives.element.full_name': ['pii.person_name'],
  'relatives.element.ssn': ['pii.ssn'],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    truth: '',
    policy: {
      roles: { analyst: { grants: [{ dataset: '*', actions: ['read'] }] } },
      masks: ['pii.email', 'pii.phone', 'pii.person_name', 'pii.ssn'].map((tag) => ({ tag, method: 'null' })),
      row_filters: [],
    },
  });
});
afterAll(() => server.close());

async function ingest(dataset: string, fileName: string, body: string | Uint8Array<ArrayBuffer>) {
  const answer = await server.api('POST', `/ingest/file?dataset=${dataset}&file_name=${fileName}`, { body });
  expect(answer.status).toBe(201);
  return answer.json;
}

async function describedColumns(dataset: string) {
  const { json } = await server.api('GET', `/catalog/datasets/by-name/${dataset}`);
  return json.columns as { name: string; tags: string[]; tag_sources: { confidence: number | null }[] }[];
}

const lines = (count: number) =>
  Array.from({ length: count }, (_, index) => `${JSON.stringify({ ...ROW, id: index })}\n`).join('');

async function parquet() {
  const sql = `SELECT 1 AS id, {'email': 'mara@example.org', 'phone': '+1-555-248-4677'} AS contact,
    [{'full_name': 'Omar Park', 'ssn': '123-45-6789'}] AS relatives`;
  return parquetOf(server, sql);
}

test.each([
  ['ndjson', async () => lines(20)],
  ['json', async () => JSON.stringify([ROW])],
  ['parquet', parquet],
] as const)('members of %s are tagged and masked from the first query', async (format, content) => {
  const answer = await ingest(`in_${format}`, `people.${format}`, await content());
  expect(answer.columns.map((column: { tags: string[] }) => column.tags)).toEqual([
    [],
    ['pii.email', 'pii.phone'],
    ['pii.person_name', 'pii.ssn'],
  ]);
  const columns = await describedColumns(`in_${format}`);
  const tagged = columns.filter((column) => column.tags.length > 0);
  expect(Object.fromEntries(tagged.map(({ name, tags }) => [name, tags]))).toEqual(TAGS);
  const { key } = await server.key('analyst');
  const sql = `SELECT contact, relatives FROM in_${format} LIMIT 1`;
  expect((await server.api('POST', '/query/sql', { key, json: { sql } })).json.rows).toEqual([
    { contact: { email: null, phone: null }, relatives: [{ full_name: null, ssn: null }] },
  ]);
});

test('a member that an append adds is tagged by what the appended rows hold', async () => {
  await ingest('grown', 'a.ndjson', '{"id":1,"contact":{"city":"Oslo"}}\n');
  const answer = await ingest('grown', 'b.ndjson', `${JSON.stringify({ id: 2, contact: ROW.contact })}\n`);
  expect(answer.columns[1]).toMatchObject({ name: 'contact', tags: ['pii.email', 'pii.phone'] });
  const again = await ingest('grown', 'b.ndjson', `${JSON.stringify({ id: 2, contact: ROW.contact })}\n`);
  expect(again).toMatchObject({ duplicate: true, columns: answer.columns });
});

test('members with names of JavaScript’s own are found and masked like any other', async () => {
  const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString'];
  const object = (of: string) => names.map((name) => `"${name}":"${of}@example.org"`).join(',');
  const content = Array.from(
    { length: 20 },
    (_, at) => `{"id":${at},"s":{"deep":{${object(`a${at}`)}}},"l":[{${object(`b${at}`)}}]}\n`,
  );
  await ingest('odd_names', 'odd.ndjson', content.join(''));
  const tagged = (await describedColumns('odd_names')).filter(({ tags }) => tags.includes('pii.email'));
  expect(tagged.map(({ name }) => name)).toEqual([
    ...names.map((name) => `s.deep.${name}`),
    ...names.map((name) => `l.element.${name}`),
  ]);
  const { key } = await server.key('analyst');
  const answer = await server.api('POST', '/query/sql', { key, json: { sql: 'SELECT * FROM odd_names' } });
  expect(answer.status).toBe(200);
  expect(answer.text).not.toContain('@example.org');
});

test('keys of maps are looked at as values are', async () => {
  const body = await parquetOf(
    server,
    `SELECT i AS id, map{'u' || i || '@example.org': i} AS seen, [map{'u' || i || '@example.org': 1}] AS listed,
      map{'k' || i: 'plain'} AS plain FROM range(20) r(i)`,
  );
  await ingest('keyed', 'keyed.parquet', body);
  const columns = await describedColumns('keyed');
  expect(Object.fromEntries(columns.map(({ name, tags }) => [name, tags]))).toEqual({
    id: [],
    seen: ['pii.email'],
    listed: ['pii.email'],
    plain: [],
  });
  const { key } = await server.key('analyst');
  const answer = await server.api('POST', '/query/sql', { key, json: { sql: 'SELECT * FROM keyed' } });
  expect(answer.status).toBe(200);
  expect(answer.text).not.toContain('@example.org');
});

test('a tag says how sure its detector was', async () => {
  await ingest('sure', 'sure.csv', 'id,email\n1,mara@example.org\n2,omar@example.org\n');
  const email = (await describedColumns('sure')).find((column) => column.name === 'email');
  expect(email?.tag_sources[0]?.confidence).toBeGreaterThan(0.5);
});
