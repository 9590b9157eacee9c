import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// Data files that are gone or cut off, and states of a dataset that its earlier ingests are no part of any more.
let server: TestServer;
let analyst: string;
beforeAll(async () => {
  server = await startTestServer();
  const policy = { roles: { reader: { grants: [{ dataset: 'kept', actions: ['read'] }] } } };
  await server.api('PUT', '/access/policies', { json: policy });
  analyst = (await server.key('reader')).key;
});
afterAll(() => server.close());

async function ingest(dataset: string, content: string, mode = 'append') {
  const query = new URLSearchParams({ dataset, mode, file_name: 'a.csv' });
  const answer = await server.api('POST', `/ingest/file?${query}`, { body: content });
  expect(answer.status, answer.text).toBe(201);
  return answer.json;
}

const query = (sql: string, key?: string, format?: string) =>
  server.api('POST', '/query/sql', {
    json: { sql, ...(format === undefined ? {} : { format }) },
    ...(key && { key }),
  });

async function ids(dataset: string) {
  const answer = await query(`SELECT id FROM ${dataset} ORDER BY id`);
  return answer.status === 200 ? answer.json.rows.map(({ id }: { id: number }) => id) : answer.json.code;
}

const dataFile = ({ dataset_id, ingest_id }: { dataset_id: string; ingest_id: string }) =>
  join(server.home, 'warehouse', dataset_id, 'data', `${ingest_id}.parquet`);

describe('a data file that is not as it was written', () => {
  test.each(['gone', 'cut off'])('and is %s: a query names the dataset and what to do', async (how) => {
    const dataset = how === 'gone' ? 'lost' : 'cut';
    const made = await ingest(dataset, 'id\n1\n');
    await ingest(dataset, 'id\n2\n');
    if (how === 'gone') await rm(dataFile(made));
    else await truncate(dataFile(made), 100);
    for (const format of ['json', 'ndjson', 'csv', 'parquet']) {
      const answer = await query(`SELECT * FROM ${dataset}`, undefined, format);
      expect(answer).toMatchObject({
        status: 500,
        json: { code: 'catalog.files_missing', dataset, missing_files: 1 },
      });
      expect(answer.json.detail).toContain(dataset);
      expect(answer.text).not.toContain(server.home);
    }
    // Who may not know of it hears what a name that does not exist is told.
    const hidden = await query(`SELECT * FROM ${dataset}`, analyst);
    expect([hidden.status, hidden.json.code, hidden.json.detail]).toEqual(
      await query('SELECT * FROM nothing', analyst).then((one) => [
        one.status,
        one.json.code,
        one.json.detail.replace('nothing', dataset),
      ]),
    );
  });

  test('a failure of the query’s own stays what it is', async () => {
    await ingest('sound', 'id\n1\n');
    expect(await query("SELECT regexp_matches('a', '(') FROM sound")).toMatchObject({
      json: { code: 'query.invalid_input' },
    });
  });

  test('comes back with the same content, once, beside the other rows', async () => {
    const made = await ingest('healed', 'id\n1\n');
    await ingest('healed', 'id\n2\n');
    await rm(dataFile(made));
    await server.restart();
    const again = await ingest('healed', 'id\n1\n');
    expect(again).toMatchObject({ duplicate: false, effect: 'restored', row_count: 1 });
    expect(await ids('healed')).toEqual([1, 2]);
    expect(await ingest('healed', 'id\n1\n')).toMatchObject({ duplicate: true, ingest_id: again.ingest_id });
    expect(await ids('healed')).toEqual([1, 2]);
    const described = await server.api('GET', '/catalog/datasets/by-name/healed');
    expect(described.json).toMatchObject({ row_count: 2 });
  });

  test('comes back once where many send it at once', async () => {
    const made = await ingest('raced', 'id\n1\n');
    await rm(dataFile(made));
    const answers = await Promise.all([1, 2, 3, 4].map(() => ingest('raced', 'id\n1\n')));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await ids('raced')).toEqual([1]);
  });

  test('comes back by a replacement with the same content', async () => {
    const made = await ingest('swapped', 'id\n1\n', 'replace');
    await rm(dataFile(made));
    expect(await ingest('swapped', 'id\n1\n', 'replace')).toMatchObject({
      duplicate: false,
      effect: 'replaced',
    });
    expect(await ids('swapped')).toEqual([1]);
    expect(await readdir(join(server.home, 'warehouse', made.dataset_id, 'data'))).toHaveLength(1);
  });
});

describe('content that a rollback took out of the dataset', () => {
  test('is taken again, and is a duplicate again where the rollback brought it back', async () => {
    const first = await ingest('rolled', 'id\n1\n');
    const second = await ingest('rolled', 'id\n2\n');
    const rollBack = (snapshot: string) =>
      server.api('PATCH', '/catalog/datasets/by-name/rolled', { json: { rollback_to: snapshot } });
    await rollBack(first.snapshot_id);
    expect(await ids('rolled')).toEqual([1]);
    expect(await ingest('rolled', 'id\n2\n')).toMatchObject({ duplicate: false, effect: 'appended' });
    expect(await ids('rolled')).toEqual([1, 2]);
    await ingest('rolled', 'id\n3\n', 'replace');
    await rollBack(second.snapshot_id);
    expect(await ingest('rolled', 'id\n1\n')).toMatchObject({ duplicate: true });
    // Its first ingest is part of the dataset again, its last one is not.
    expect(await ingest('rolled', 'id\n2\n')).toMatchObject({ duplicate: true, ingest_id: second.ingest_id });
    expect(await ids('rolled')).toEqual([1, 2]);
    // The last one is what the next is guarded by.
    await rollBack(first.snapshot_id);
    expect(await ingest('rolled', 'id\n2\n')).toMatchObject({ duplicate: false, effect: 'appended' });
    expect(await ids('rolled')).toEqual([1, 2]);
  });
});
