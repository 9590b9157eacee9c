import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareFixture, type Sample, samples } from '../conformance/samples.ts';
import { providersConfig, ROUTING } from '../harness/model-server.ts';
import type { ApiAnswer, TestServer } from '../harness/server.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider/scripted-provider.ts';
import { type ChildServer, makeTestHome, SMALL_ENGINE, startChild, type TestHome } from './child-server.ts';
import { attachStrace, diskThreads, requireStrace, type Strace } from './strace.ts';

// G-4: with a store that takes no write there is no journal and no audit, so nothing is answered: neither a mutation,
// which would not be recorded, nor a read, whose bytes nobody could account for later.

const COMMIT_TIMEOUT_MS = 700;
/** Text that only data of the fixture holds. */
const DATA = /ada@example|bob@example|cy@example|hello|region/;

let upstream: ScriptedProvider;
let home: TestHome;
let server: ChildServer;

beforeEach(async () => {
  requireStrace();
  upstream = await startScriptedProvider();
  const store = `[metastore]\ncommit_timeout_ms = ${COMMIT_TIMEOUT_MS}`;
  home = await makeTestHome({ config: `${SMALL_ENGINE}\n${store}\n${providersConfig(upstream.url)}` });
  writeFileSync(join(home.home, 'routing.toml'), ROUTING);
  server = await startChild({ home });
});
afterEach(async () => {
  await server.kill();
  await upstream.close();
  await home.remove();
});

test.each([
  ['refuses every write', 'inject=pwrite64:error=EIO'],
  ['has no space', 'inject=pwrite64:error=ENOSPC'],
  ['cannot make a write durable', 'inject=fsync,fdatasync:error=EIO'],
  ['hangs in every fsync', 'inject=fsync,fdatasync:delay_enter=20s'],
])(
  'no operation answers with data while the store %s',
  async (_, fault) => {
    const requests = await prepareRequests();
    const store = await breakStore(fault);
    const wrong: string[] = [];
    for (const [name, sample] of requests) {
      const answer = await server.api(sample.method, sample.path, sample.options);
      const holds = refusedWithoutData(answer, sample.method);
      if (!holds) wrong.push(`${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
    expect(wrong).toEqual([]);
    expect(requests.size).toBeGreaterThan(40);
    expect((await server.api('GET', '/health', { key: null })).status).toBe(200);
    expect((await server.api('GET', '/ready', { key: null })).status).toBe(503);
    await store.detach();
    await expectRecovered();
  },
  300_000,
);

function refusedWithoutData(answer: ApiAnswer, method: string): boolean {
  if (![503, 507].includes(answer.status)) return false;
  if (method === 'HEAD') return answer.text === '' && answer.headers.get('etag') === null;
  return (
    (answer.headers.get('content-type') ?? '').startsWith('application/problem+json') &&
    /^metastore\.\w+$/.test(answer.json?.code) &&
    !DATA.test(answer.text)
  );
}

/** A request of every operation that is not public (the conformance test holds the samples to that), made while all is well. */
async function prepareRequests(): Promise<ReadonlyMap<string, Sample>> {
  const fixture = await prepareFixture(asTestServer());
  const requests = new Map<string, Sample>();
  for (const [name, make] of Object.entries(samples)) requests.set(name, await make(fixture));
  for (const format of ['ndjson', 'csv', 'parquet']) {
    const json = { sql: 'SELECT * FROM staff', format };
    requests.set(`query.sql as ${format}`, { method: 'POST', path: '/query/sql', options: { json } });
  }
  for (const [name, params] of Object.entries({
    whoami: {},
    query: { sql: 'SELECT * FROM staff' },
    staff_of: { least_id: 1 },
  })) {
    const json = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: params } };
    requests.set(`mcp ${name}`, { method: 'POST', path: '/mcp', options: { json } });
  }
  return requests;
}

function breakStore(fault: string): Promise<Strace> {
  const { store } = diskThreads(server.pid);
  const calls = /inject=([\w,]+):/.exec(fault)?.[1];
  return attachStrace({ pid: server.pid, thread: store, args: ['-e', `trace=${calls}`, '-e', fault] });
}

async function expectRecovered(): Promise<void> {
  // A store that hung answers late, once: until then it is rightly called unavailable.
  await expect.poll(async () => (await server.api('GET', '/ready', { key: null })).status).toBe(200);
  const made = await server.api('POST', '/access/keys', { json: { name: 'after', role: 'agent' } });
  expect(made.status, made.text).toBe(201);
  const rows = await server.api('POST', '/query/sql', { json: { sql: 'SELECT count(*) AS n FROM staff' } });
  expect(rows.json?.rows, rows.text).toHaveLength(1);
  const verified = await server.api('POST', '/journal/verify', { json: {} });
  expect(verified.json, verified.text).toMatchObject({ valid: true, problems: [] });
}

/** What the samples need of a server. */
function asTestServer(): TestServer {
  const { adminKey } = home;
  return {
    url: server.url,
    home: home.home,
    adminKey,
    api: server.api,
    async key(role, attributes = {}, name = role) {
      const made = await server.api('POST', '/access/keys', { json: { name, role, attributes } });
      return { key: made.json.key, keyId: made.json.key_id };
    },
    restart: () => Promise.reject(new Error('not here')),
    restartWith: () => Promise.reject(new Error('not here')),
    close: () => server.stop(),
    remove: () => home.remove(),
  };
}
