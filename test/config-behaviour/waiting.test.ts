import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { type Answered, type ConfiguredServer, observed } from './configured-server.ts';
import { keyTest } from './key-test.ts';

const ONE_PROCESS = '[engine]\nprocesses = 1\nsmall_processes = 0\n';

async function metric(server: ConfiguredServer, name: string): Promise<number> {
  const { json } = await server.ask('GET', '/metrics');
  return Number(new RegExp(`_${name}"?\\}? (\\d+)`).exec(json)?.[1]);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** What becomes of a query that finds the only process taken; it is freed once `when` says so. */
async function secondQuery(
  server: ConfiguredServer,
  when: (second: Promise<Answered>) => Promise<unknown>,
): Promise<string> {
  const heavy = new AbortController();
  const body = JSON.stringify({ sql: 'SELECT count(*) FROM range(1000000000000) t(a) WHERE a % 7 = 3' });
  const headers = { 'x-api-key': server.adminKey, 'content-type': 'application/json' };
  const first = fetch(`${server.url}/query/sql`, {
    method: 'POST',
    body,
    headers,
    signal: heavy.signal,
  }).catch(() => null);
  await until(async () => (await metric(server, 'query_busy')) === 1);
  const second = server.sql('SELECT 1 AS n');
  await when(second);
  heavy.abort();
  await first;
  const { status, json } = await second;
  return status < 300 ? 'answered' : json.code;
}

keyTest('engine.queue_length: so many queries may wait for a process', async () => {
  const look = (server: ConfiguredServer) =>
    secondQuery(server, (second) =>
      Promise.race([second, until(async () => (await metric(server, 'query_queued')) === 1)]),
    );
  expect(await observed(ONE_PROCESS, look)).toBe('answered');
  expect(await observed(`${ONE_PROCESS}queue_length = 0\n`, look)).toBe('engine.busy');
});

keyTest('engine.queue_timeout_ms: a query waits so long for a process', async () => {
  const hasty = `${ONE_PROCESS}queue_timeout_ms = 50\n`;
  // The hasty one is refused while the process is taken; the patient one outlasts all of that and is answered.
  const refused = Promise.withResolvers<unknown>();
  const [patient, impatient] = await Promise.all([
    observed(ONE_PROCESS, (server) => secondQuery(server, () => refused.promise)),
    observed(hasty, (server) => secondQuery(server, (second) => second.finally(() => refused.resolve(null)))),
  ]);
  expect([patient, impatient]).toEqual(['answered', 'engine.queue_timeout']);
});

keyTest('engine.process_memory_mb: a process that grows beyond it is killed', async () => {
  const look = async (server: ConfiguredServer) =>
    (await server.sql('SELECT len(range(40000000)) AS n')).json.code ?? 'answered';
  expect(await observed(`${ONE_PROCESS}memory_limit_mb = 64\n`, look)).toBe('answered');
  expect(await observed(`${ONE_PROCESS}memory_limit_mb = 64\nprocess_memory_mb = 256\n`, look)).toBe(
    'query.memory',
  );
});

keyTest('metastore.commit_timeout_ms: a commit that takes longer is refused', async () => {
  const released = Promise.withResolvers<unknown>();
  /** Makes a key while another program holds the store's write lock; `during` says how long. */
  const commit = async (server: ConfiguredServer, during: (asked: Promise<Answered>) => Promise<unknown>) => {
    const other = new DatabaseSync(join(server.home, 'store', 'lakehouse.db'));
    other.exec('BEGIN IMMEDIATE');
    const asked = server.ask('POST', '/access/keys', { json: { name: 'ann', role: 'admin' } });
    await during(asked);
    other.exec('ROLLBACK');
    other.close();
    const { status, json } = await asked;
    return status < 300 ? status : json.code;
  };
  // What the default gives up as unknown, the patient one still waits for.
  const [byDefault, patient] = await Promise.all([
    observed('', (server) => commit(server, (asked) => asked.finally(() => released.resolve(null)))),
    observed('[metastore]\ncommit_timeout_ms = 60000\n', (server) => commit(server, () => released.promise)),
  ]);
  expect([byDefault, patient]).toEqual(['metastore.outcome_unknown', 201]);
});
