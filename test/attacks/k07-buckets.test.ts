import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// K-7, the bucket part: bucket verbs on warehouse, source, quarantine or spill objects.

let server: TestServer;
let ingestId: string;
beforeAll(async () => {
  server = await startTestServer({
    policy: {
      roles: {
        masked: { grants: [{ dataset: 'people', actions: ['read', 'write'] }] },
        filtered: { grants: [{ dataset: 'people', actions: ['read'] }] },
        whole: { grants: [{ dataset: 'people', actions: ['read'] }] },
        adder: { grants: [{ dataset: 'people', actions: ['read', 'write'] }] },
        blind: { grants: [{ dataset: 'people', actions: ['write'] }] },
        objects: { buckets: [{ bucket: '*', actions: ['read', 'write', 'delete', 'list'] }] },
      },
      masks: [
        {
          dataset: 'people',
          column: 'email',
          method: 'redact',
          except_roles: ['admin', 'filtered', 'whole'],
        },
      ],
      row_filters: [{ dataset: 'people', roles: ['filtered', 'adder'], where: "region = 'west'" }],
    },
  });
  const made = await server.api(
    'POST',
    '/ingest/file?dataset=people&on_error=quarantine&file_name=people.csv',
    {
      body: 'email,region\nann@example.com,west\nbob@example.com,east\ncarl@example.com,east,extra\n',
    },
  );
  if (made.status !== 201) throw new Error(made.text);
  ingestId = made.json.ingest_id;
});
afterAll(() => server.close());

describe('files with unmasked rows', () => {
  test('are in no bucket: no key of any bucket names one', async () => {
    const inside = await readdir(server.home, { recursive: true });
    const hidden = inside.filter((file) => /^(?:warehouse|system|store|keys)\//.test(file));
    expect(hidden.some((file) => file.endsWith('.parquet'))).toBe(true);
    for (const file of hidden) {
      for (const key of [file, `../${file}`, `../../${file}`, join(server.home, file).slice(1)]) {
        const answer = await server.api('GET', `/buckets/default/objects/${encodeURIComponent(key)}`);
        expect([key, answer.status]).toEqual([
          key,
          expect.toSatisfy((status: number) => [400, 404].includes(status)),
        ]);
      }
    }
    const list = await server.api('GET', '/buckets/default/objects');
    expect(list.json.objects).toEqual([]);
  });

  test.each(['system', 'warehouse', 'sources', 'quarantine', 'spill', 'work', 'store'])(
    'there is no bucket %s',
    async (bucket) => {
      expect((await server.api('GET', `/buckets/${bucket}/objects`)).status).toBe(404);
    },
  );

  test.each(['rejected', 'source'])(
    '%s is given only to who reads the dataset without mask and filter',
    async (what) => {
      const path = `/ingest/${ingestId}/${what}`;
      const whole = await server.key('whole');
      const read = await server.api('GET', path, { key: whole.key });
      expect(read.status).toBe(200);
      expect(read.text).toContain('carl@example.com');
      for (const role of ['masked', 'filtered', 'objects']) {
        const { key } = await server.key(role, {}, `${role}-${what}`);
        const answer = await server.api('GET', path, { key });
        expect([role, answer.status]).toEqual([
          role,
          expect.toSatisfy((status: number) => [403, 404].includes(status)),
        ]);
        expect(answer.text).not.toContain('@example.com');
      }
      expect((await server.api('GET', path, { key: null })).status).toBe(401);
    },
  );

  test('ingests are listed for who may read their dataset', async () => {
    const { key } = await server.key('objects', {}, 'lister');
    expect((await server.api('GET', '/ingest', { key })).json.ingests).toEqual([]);
    expect((await server.api('GET', '/ingest')).json.ingests).toHaveLength(1);
  });
});

test.each([
  ['whole', 2, 1, true],
  ['masked', 2, 1, false],
  ['filtered', null, null, false],
])(
  'a list of ingests tells %s nothing of rows and values that are hidden',
  async (role, rows, rejected, content) => {
    const { key } = await server.key(role, {}, `${role}-list`);
    const listed = (await server.api('GET', '/ingest', { key })).json.ingests;
    const first = listed.find((one: { ingest_id: string }) => one.ingest_id === ingestId);
    expect(first).toMatchObject({ row_count: rows, rejected_count: rejected });
    expect([first.sha256 !== null, first.size_bytes !== null]).toEqual([content, content]);
  },
);

describe('the number of rows that were there', () => {
  test.each([
    ['adder', 'a row filter applies to'],
    ['blind', 'no right to read was given to'],
  ])('is not told to %s, whom %s', async (role) => {
    const { key } = await server.key(role);
    const sent = await server.api('POST', '/ingest/file?dataset=people&file_name=more.csv', {
      key,
      body: `email,region\n${role}@example.com,west\n`,
    });
    expect(sent).toMatchObject({ status: 201, json: { effect: 'appended', rows_before: null } });
  });
});
