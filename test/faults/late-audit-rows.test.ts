import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChildServer, makeTestHome, SMALL_ENGINE, startChild, type TestHome } from './child-server.ts';

let home: TestHome;
let server: ChildServer;

beforeAll(async () => {
  home = await makeTestHome({ config: `${SMALL_ENGINE}\n[metastore]\ncommit_timeout_ms = 2000\n` });
  server = await startChild({ home });
});
afterAll(async () => {
  await server.kill();
  await home.remove();
});

/** The store takes no write, and applies what came as soon as it does: its writer waits twice as long as callers do. */
async function whileLocked(work: () => Promise<void>): Promise<void> {
  const other = new DatabaseSync(join(home.home, 'store/lakehouse.db'));
  other.exec('BEGIN IMMEDIATE');
  await work().finally(() => {
    other.exec('ROLLBACK');
    other.close();
  });
}

const rowsOf = async (requestId: string) =>
  (await server.api('GET', `/access/audit?request_id=${requestId}`)).json?.rows;

test.each([
  ['a row that is opened before its run', 'GET', '/catalog/datasets', {}],
  ['a row that is opened beside its run', 'POST', '/query/sql', { json: { sql: 'SELECT 1 AS one' } }],
])('%s and is applied late is closed while the server runs', async (what, method, path, options) => {
  const requestId = `late-${what.includes('beside') ? 'beside' : 'before'}`;
  await whileLocked(async () => {
    const headers = { 'x-request-id': requestId };
    const answer = await server.api(method, path, { ...options, headers });
    expect(answer).toMatchObject({ status: 503, json: { code: 'metastore.outcome_unknown' } });
  });
  await expect
    .poll(() => rowsOf(requestId), { timeout: 60_000 })
    .toMatchObject([{ status: 'failed', code: 'metastore.outcome_unknown' }]);
});
