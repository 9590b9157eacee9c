import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parquetOf } from '../harness/parquet-of.ts';
import { type ApiAnswer, startTestServer, type TestServer } from '../harness/server.ts';
import { SMALL_ENGINE } from './child-server.ts';

const CALLERS = 100;

describe('F-6: changes at the same time', () => {
  let server: TestServer;
  beforeAll(async () => {
    // All of them wait for the one ingest process.
    server = await startTestServer({
      config: `${SMALL_ENGINE}queue_length = 200\nqueue_timeout_ms = 600000\n`,
    });
  });
  afterAll(() => server.close());

  const together = (count: number, ask: (number: number) => Promise<ApiAnswer>) =>
    Promise.all(Array.from({ length: count }, (_, number) => ask(number)));

  const ingest = (dataset: string, mode: string, csv: string) =>
    server.api('POST', `/ingest/file?dataset=${dataset}&mode=${mode}&file_name=a.csv`, {
      body: csv,
      headers: { 'content-type': 'text/csv' },
    });

  async function eventsOf(action: string): Promise<{ subject: string; data: Record<string, unknown> }[]> {
    return (await server.api('GET', `/journal/events?action=${action}&limit=1000`)).json.events;
  }

  test(`${CALLERS} appends to one dataset: every row is there once, each with its snapshot`, async () => {
    const answers = await together(CALLERS, (number) => ingest('appended', 'append', `id\n${number}\n`));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 201));
    const json = { sql: 'SELECT count(*) AS n, count(DISTINCT id) AS ids, sum(id) AS total FROM appended' };
    const { rows } = (await server.api('POST', '/query/sql', { json })).json;
    const total = String((CALLERS * (CALLERS - 1)) / 2);
    expect(rows.map(String)).toHaveLength(1);
    expect(Number(rows[0].n)).toBe(CALLERS);
    expect(Number(rows[0].ids)).toBe(CALLERS);
    expect(String(rows[0].total)).toBe(total);
    expect(new Set(answers.map((answer) => answer.json.snapshot_id)).size).toBe(CALLERS);
    expect(new Set(answers.map((answer) => answer.json.journal_event_id)).size).toBe(CALLERS);
    expect(await eventsOf('dataset.ingested')).toHaveLength(CALLERS);
  }, 600_000);

  test(`${CALLERS} registrations of one name: one dataset, which all of them are told`, async () => {
    const body = await parquetOf(server, 'SELECT 1 AS a');
    expect((await server.api('PUT', '/buckets/default/objects/one.parquet', { body })).status).toBe(201);
    const json = { name: 'registered', source: { bucket: 'default', key: 'one.parquet' } };
    const answers = await together(CALLERS, () => server.api('POST', '/catalog/datasets', { json }));
    const statuses = Map.groupBy(answers, (answer) => answer.status);
    expect(
      [...statuses.keys()].every((status) => [200, 201].includes(status)),
      answers[0]?.text,
    ).toBe(true);
    expect(statuses.get(201)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.json.dataset_id)).size).toBe(1);
    const { datasets } = (await server.api('GET', '/catalog/datasets')).json;
    expect(datasets.filter(({ dataset }: { dataset: string }) => dataset === 'registered')).toHaveLength(1);
    expect(await eventsOf('dataset.registered')).toHaveLength(1);
  }, 300_000);

  test('two equal uploads at once: one ingest, and the other says so', async () => {
    const csv = `id,word\n${Array.from({ length: 2_000 }, (_, id) => `${id},w${id}\n`).join('')}`;
    const answers = await together(2, () => ingest('uploaded', 'append', csv));
    expect(answers.map((answer) => answer.status)).toEqual([201, 201]);
    expect(answers.map((answer) => answer.json.duplicate).sort()).toEqual([false, true]);
    expect(new Set(answers.map((answer) => answer.json.snapshot_id)).size).toBe(1);
    const rows = await server.api('POST', '/query/sql', {
      json: { sql: 'SELECT count(*) AS n FROM uploaded' },
    });
    expect(rows.json.rows).toEqual([{ n: 2_000 }]);
  }, 120_000);

  test('one Idempotency-Key sent twice at once: one effect', async () => {
    const ask = () =>
      server.api('POST', '/access/keys', {
        json: { name: 'once', role: 'agent' },
        headers: { 'idempotency-key': 'once' },
      });
    const answers = await together(8, ask);
    expect(answers.every((answer) => [201, 409].includes(answer.status))).toBe(true);
    const { keys } = (await server.api('GET', '/access/keys')).json;
    expect(keys.filter((key: { name: string }) => key.name === 'once')).toHaveLength(1);
    expect((await ask()).status).toBe(201);
  }, 60_000);

  test.each([
    ['POST', '/ingest/file?dataset=meanwhile', 'system/sources'],
    ['PUT', '/buckets/default/objects/meanwhile.csv', 'buckets/default/.lakehouse/uploads'],
  ])(
    'a key whose answer another gateway recorded meanwhile (%s %s): told so, then given that answer',
    async (method, path, folder) => {
      const key = (name: string) => ({
        'content-type': 'text/csv',
        'idempotency-key': `${name} ${path}`.replaceAll(' ', '-'),
      });
      const first = await server.api(method, path, { body: 'id\n1\n', headers: key('first') });
      expect(first.status).toBe(201);
      const files = async () => (await readdir(join(server.home, folder))).length;
      const before = await files();
      const body = new TransformStream<Uint8Array, Uint8Array>();
      const writer = body.writable.getWriter();
      const racing = server.api(method, path, { body: body.readable, headers: key('raced') });
      await writer.write(Buffer.from('id\n'));
      await expect.poll(files).toBe(before + 1);
      recordAgain(server.home, key('first')['idempotency-key'], key('raced')['idempotency-key']);
      await writer.write(Buffer.from('1\n'));
      await writer.close();
      const raced = await racing;
      expect({ status: raced.status, code: raced.json.code }).toEqual({
        status: 409,
        code: 'door.idempotency_in_flight',
      });
      const again = await server.api(method, path, { body: 'id\n1\n', headers: key('raced') });
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.text).toBe(first.text);
    },
  );

  test('two creations of one dataset with other columns: one wins, the other is refused with the difference', async () => {
    const answers = await together(2, (number) =>
      ingest('made', 'create', number === 0 ? 'a\n1\n' : 'b\nx\n'),
    );
    const [won, lost] = answers.toSorted((one, other) => one.status - other.status);
    expect([won?.status, lost?.status], lost?.text).toEqual([201, 409]);
    const described = await server.api('GET', '/catalog/datasets/by-name/made');
    expect(described.json.columns).toHaveLength(1);
  }, 60_000);

  test('the journal holds after all of it', async () => {
    const verified = await server.api('POST', '/journal/verify', { json: {} });
    expect(verified.json, verified.text).toMatchObject({ valid: true, problems: [] });
  });
});

/** Records an answer under another key, as a gateway on the same store does that was sent the same request. */
function recordAgain(home: string, key: string, other: string): void {
  const database = new DatabaseSync(join(home, 'store', 'lakehouse.db'), { timeout: 10_000 });
  try {
    database
      .prepare(
        'INSERT INTO idempotency_records (identity, operation, idempotency_key, fingerprint, status, headers_json, ' +
          'response_json, created_ms) SELECT identity, operation, ?, fingerprint, status, headers_json, response_json, ' +
          'created_ms FROM idempotency_records WHERE idempotency_key = ?',
      )
      .run(other, key);
  } finally {
    database.close();
  }
}
