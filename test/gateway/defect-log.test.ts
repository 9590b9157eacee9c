import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChildServer, makeTestHome, startChild, type TestHome } from '../faults/child-server.ts';

// A record that no version of lakehouse wrote makes a room fail as a defect would: by an error that is no refusal.

let home: TestHome;
let server: ChildServer;

beforeAll(async () => {
  home = await makeTestHome();
  server = await startChild({ home });
});
afterAll(async () => {
  await server?.stop();
  await home?.remove();
});

/** What the server logged at level error or above, in order. */
function errorsLogged(): readonly Record<string, unknown>[] {
  return server
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => Number(level) >= 50);
}

const NEW_KEY = { json: { name: 'ann', role: 'admin' }, headers: { 'idempotency-key': 'one' } };

test.each([
  {
    failure: 'an error of no kind',
    damage: "UPDATE audit_rows SET datasets_json = '{'",
    request: { method: 'GET', path: '/access/audit', options: { headers: {} } },
    logged: { operation: 'access.audit', code: 'door.internal' },
  },
  {
    failure: 'a refusal of kind internal',
    damage: 'DROP TABLE idempotency_records',
    request: { method: 'POST', path: '/access/keys', options: NEW_KEY },
    logged: { operation: 'access.keys.create', code: 'metastore.statement_failed' },
  },
])('$failure is answered with 500 and logged once, with its request id', async (given) => {
  const { method, path, options } = given.request;
  await server.api('GET', '/access/audit');
  const store = new DatabaseSync(join(home.home, 'store', 'lakehouse.db'));
  store.exec(given.damage);
  store.close();
  const requestId = `defect-of-${given.logged.operation}`;
  const headers = { ...options.headers, 'x-request-id': requestId };
  const answer = await server.api(method, path, { ...options, headers });
  expect([answer.status, answer.json.instance], answer.text).toEqual([500, requestId]);
  // Lines are written synchronously, before the answer: one that came later would still precede this answer.
  await server.api('GET', '/health', { key: null });
  const logged = errorsLogged().filter(({ request_id: id }) => id === requestId);
  const err = expect.objectContaining({ stack: expect.any(String) });
  expect(logged).toEqual([expect.objectContaining({ ...given.logged, err })]);
  expect(answer.text).not.toContain('stack');
});
