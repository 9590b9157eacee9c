import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';
import { auditOf } from './agency.ts';

const ENDLESS = `
name = "endless"
description = "Counts until it is stopped."
roles = ["agent"]
sql = "SELECT count(*) AS n FROM range(1000000000000) t(a) WHERE a % 7 = 3"
`;

let server: TestServer;
let caller: string;
beforeAll(async () => {
  const config = '[engine]\nprocesses = 2\nsmall_processes = 0\n';
  server = await startTestServer({ config, tools: { 'endless.toml': ENDLESS } });
  caller = (await server.key('agent')).key;
});
afterAll(() => server.close());

const running = async () => {
  const { text } = await server.api('GET', '/metrics');
  return Number(/_query_busy"?\}? (\d+)/.exec(text)?.[1]);
};

test('two queries within one request run at once, and its id stops both, for its caller alone', async () => {
  const requestId = randomUUID();
  const ask = () =>
    server.api('POST', '/tools/endless/call', {
      key: caller,
      json: {},
      headers: { 'x-request-id': requestId },
    });
  const stop = (key: string, id = requestId) => server.api('DELETE', `/query/${id}`, { key });
  const both = Promise.all([ask(), ask()]);
  await expect.poll(running).toBe(2);

  const other = (await server.key('agent', {}, 'another')).key;
  expect((await stop(other)).json).toMatchObject({ code: 'query.not_found' });
  expect(await running()).toBe(2);
  expect((await stop(caller)).json).toEqual({ query_id: requestId, cancelled: true });

  expect((await both).map(({ json }) => json.code)).toEqual(['query.cancelled', 'query.cancelled']);
  const operations = (await auditOf(server, requestId)).map(({ operation }) => operation);
  const asked = ['query.sql', 'query.sql', 'tools.call', 'tools.call'];
  expect(operations.filter((name) => asked.includes(name)).sort()).toEqual(asked);
});

test('an id that was chosen names one query of its caller', async () => {
  const query_id = randomUUID();
  const json = { sql: 'SELECT count(*) FROM range(1000000000000) t(a) WHERE a % 7 = 3', query_id };
  const first = server.api('POST', '/query/sql', { key: caller, json });
  await expect.poll(running).toBe(1);
  const second = { ...json, sql: 'SELECT 1 AS n' };
  expect((await server.api('POST', '/query/sql', { key: caller, json: second })).json).toMatchObject({
    code: 'query.id_taken',
  });
  const others = await server.api('POST', '/query/sql', { json: second });
  expect(others.json).toMatchObject({ query_id, row_count: 1 });
  await server.api('DELETE', `/query/${query_id}`, { key: caller });
  expect((await first).json).toMatchObject({ code: 'query.cancelled' });
});
