import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Answered, type ConfiguredServer, startConfigured } from './configured-server.ts';
import { keyTest, keyTests } from './key-test.ts';

/** Each test asks the same of a server with the defaults and of one with this file, and both answers are stated. */
const CHANGED = `
[server]
json_body_limit_bytes = 1024
allowed_hosts = ["lake.example", "127.0.0.1"]
allowed_origins = ["https://app.example"]
[auth]
environment = "test"
rotation_overlap_s = 0
delegation_ttl_s = 5
[storage]
default_bucket = "second"
max_object_bytes = 10
[storage.buckets.second]
path = "buckets/elsewhere"
[engine]
timeout_ms = 5000
max_timeout_ms = 6000
processes = 1
small_processes = 0
[query]
max_sql_bytes = 200
max_ast_nodes = 40
default_limit = 2
max_limit = 3
[catalog]
orphan_grace_s = 0
[ingest]
processes = 2
max_bytes = 4096
max_rows = 5
max_columns = 3
max_row_bytes = 256
max_depth = 3
sample_rows = 1
[journal]
checkpoint_every_events = 1
heads_file = "heads-elsewhere.ndjson"
[truth]
rules_file = "rules-elsewhere.toml"
[tools]
folder = "tools-elsewhere"
[access]
policy_file = "policy-elsewhere.toml"
[observer]
escalations_file = "escalations-elsewhere.toml"
`;

const RULES = `[[rules]]
name = "only-elsewhere"
task_class = "ingest"
phase = "before"
action = "flag"
message = "Seen."
when = { type = "Always" }
`;

let plain: ConfiguredServer;
let changed: ConfiguredServer;

beforeAll(async () => {
  [plain, changed] = await Promise.all([
    startConfigured(''),
    startConfigured(CHANGED, {
      files: {
        'rules-elsewhere.toml': RULES,
        'escalations-elsewhere.toml':
          '[[escalations]]\nname = "elsewhere"\nwhen = { signature = "*" }\ntimes = 5\nwithin_s = 60\n',
        'policy-elsewhere.toml': '[roles.only-elsewhere]\ngrants = []\n',
      },
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([plain?.close(), changed?.close()]);
});

async function both<T>(look: (server: ConfiguredServer) => Promise<T>): Promise<readonly [T, T]> {
  return [await look(plain), await look(changed)];
}

/** The status of what was done, or the refusal's code and detail. */
function explained({ status, json }: Answered): string {
  return status < 300 ? String(status) : `${json.code}: ${json.detail}`;
}

function outcome({ status, json }: Answered): string | number {
  return status < 300 ? status : String(json.code);
}

keyTest('server.json_body_limit_bytes: a larger JSON body is refused', async () => {
  const json = { task_class: 'ingest', phase: 'after', context: { text: 'x'.repeat(2_000) } };
  const look = async (server: ConfiguredServer) =>
    (await server.ask('POST', '/truth/evaluate', { json })).status;
  expect(await both(look)).toEqual([200, 413]);
});

keyTest('server.allowed_hosts: a Host of the list is answered', async () => {
  const { request } = await import('node:http');
  const look = (server: ConfiguredServer) =>
    new Promise((resolve, reject) => {
      const asked = request({
        port: server.port,
        host: '127.0.0.1',
        path: '/health',
        headers: { host: 'lake.example' },
      });
      asked.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      asked.end();
    });
  expect(await both(look)).toEqual([421, 200]);
});

keyTest('server.allowed_origins: a page of the origin may ask', async () => {
  const headers = { origin: 'https://app.example' };
  expect(await both(async (server) => (await server.ask('GET', '/health', { headers })).status)).toEqual([
    403, 200,
  ]);
});

keyTest('auth.environment: keys carry it', async () => {
  const json = { name: 'ann', role: 'admin' };
  const look = async (server: ConfiguredServer) =>
    String((await server.ask('POST', '/access/keys', { json })).json.key).slice(0, 8);
  expect(await both(look)).toEqual(['lh_live_', 'lh_test_']);
});

keyTest('auth.rotation_overlap_s: a rotated key works for so long', async () => {
  const look = async (server: ConfiguredServer) => {
    const made = await server.ask('POST', '/access/keys', { json: { name: 'bob', role: 'admin' } });
    await server.ask('POST', `/access/keys/${made.json.key_id}/rotate`);
    return (await server.ask('GET', '/access/me', { headers: { 'x-api-key': made.json.key } })).status;
  };
  expect(await both(look)).toEqual([200, 401]);
});

keyTest('storage.default_bucket: the bucket used where none is named', async () => {
  const look = async (server: ConfiguredServer) => {
    const { buckets } = (await server.ask('GET', '/buckets')).json;
    return buckets.find((one: { default: boolean }) => one.default).name;
  };
  expect(await both(look)).toEqual(['default', 'second']);
});

keyTest('storage.buckets.*.path: objects are kept in that folder of the home', async () => {
  await changed.ask('PUT', '/buckets/second/objects/a.txt', { body: 'x' });
  await expect(access(join(changed.home, 'buckets/elsewhere'))).resolves.toBeUndefined();
  await expect(access(join(plain.home, 'buckets/elsewhere'))).rejects.toThrow();
});

keyTest('storage.max_object_bytes: a larger object is refused', async () => {
  const look = async (server: ConfiguredServer) => {
    const bucket = server === plain ? 'default' : 'second';
    return (await server.ask('PUT', `/buckets/${bucket}/objects/b.txt`, { body: '12345678901' })).status;
  };
  expect(await both(look)).toEqual([201, 413]);
});

keyTest('engine.max_timeout_ms: a query may not ask for longer', async () => {
  expect(await both(async (server) => outcome(await server.sql('SELECT 1', { timeout_ms: 7_000 })))).toEqual([
    200,
    'query.limit_invalid',
  ]);
});

keyTests(
  [
    [
      'query.max_sql_bytes: a longer statement is refused',
      `SELECT 1 -- ${'x'.repeat(200)}`,
      {},
      'at most 200',
    ],
    [
      'query.max_ast_nodes: a larger statement is refused',
      `SELECT ${Array(50).fill('1').join('+')}`,
      {},
      'at most 40',
    ],
    ['query.max_limit: a larger limit is refused', 'SELECT 1', { limit: 4 }, 'at most 3 rows'],
  ],
  async (_title, sql, options, reason) => {
    const [byDefault, refused] = await both(async (server) => explained(await server.sql(sql, options)));
    expect(byDefault).toBe('200');
    expect(refused).toContain(reason);
  },
);

keyTest('query.default_limit: rows answered where no limit is asked for', async () => {
  const look = async (server: ConfiguredServer) =>
    (await server.sql('SELECT * FROM range(4)')).json.row_count;
  expect(await both(look)).toEqual([4, 2]);
});

const rows = (count: number) => `a,b\n${Array.from({ length: count }, (_, row) => `${row},x`).join('\n')}\n`;

keyTests(
  [
    ['ingest.max_bytes: a larger upload is refused', `a,b\n${'1,xxxxxxxx\n'.repeat(500)}`, {}],
    ['ingest.max_rows: more rows are refused', rows(6), {}],
    ['ingest.max_columns: more columns are refused', 'a,b,c,d\n1,2,3,4\n', {}],
    ['ingest.max_row_bytes: a longer row is refused', `a,b\n1,${'x'.repeat(300)}\n`, {}],
    [
      'ingest.max_depth: deeper JSON is refused',
      '{"a":{"b":{"c":{"d":1}}}}\n',
      { file_name: 'rows.ndjson', format: 'ndjson' },
    ],
  ],
  async (title, content, fields) => {
    const dataset = title.split(':')[0]?.replace('ingest.', 'd_') ?? '';
    const [byDefault, refused] = await both(async (server) =>
      explained(await server.ingest(dataset, content, fields)),
    );
    expect(byDefault).toBe('201');
    expect(refused).toContain(`${title.split(':')[0]} = `);
  },
);

keyTest('ingest.sample_rows: as many rows are looked at for personal data', async () => {
  const content = `c1\n${['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@mail.example`).join('\n')}\n`;
  const look = async (server: ConfiguredServer) =>
    (await server.ingest('people', content)).json.columns[0].tags;
  expect(await both(look)).toEqual([['pii.email'], []]);
});

keyTest('journal.heads_file: checkpoint heads are written there', async () => {
  await changed.ask('GET', '/journal/checkpoint');
  const look = (server: ConfiguredServer) =>
    access(join(server.home, 'heads-elsewhere.ndjson')).then(
      () => true,
      () => false,
    );
  expect(await both(look)).toEqual([false, true]);
});

keyTest('journal.checkpoint_every_events: so many events are signed at once', async () => {
  const unsigned = async (server: ConfiguredServer) =>
    (await server.ask('GET', '/journal/stats')).json.unsigned_events;
  for (const server of [plain, changed]) {
    await server.ask('POST', '/access/keys', { json: { name: 'signed', role: 'admin' } });
  }
  while ((await unsigned(changed)) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await unsigned(plain)).toBeGreaterThan(0);
});

keyTest('truth.rules_file: its rules are in force', async () => {
  const look = async (server: ConfiguredServer) =>
    (await server.ask('GET', '/truth/rules')).json.rules.some(
      (one: { name: string }) => one.name === 'only-elsewhere',
    );
  expect(await both(look)).toEqual([false, true]);
});

keyTest('tools.folder: its tools are in force', async () => {
  const look = async (server: ConfiguredServer) => (await server.ask('GET', '/tools')).json.tools.length;
  expect(await both(look)).toEqual([4, 0]);
});

keyTest('observer.escalations_file: its rules say what adds up', async () => {
  const look = async (server: ConfiguredServer) => {
    const event = { source: 'ci', kind: 'failed', severity: 'error', signature: 'build' };
    await server.ask('POST', '/event', { json: { events: Array.from({ length: 5 }, () => event) } });
    const told = async () =>
      (await server.ask('GET', '/events?source=observer')).json.events.map(
        (one: { data: { rule: string } }) => one.data.rule,
      );
    await expect.poll(told).toHaveLength(1);
    return told();
  };
  expect(await both(look)).toEqual([['repeated-failure'], ['elsewhere']]);
});

keyTest('access.policy_file: its policy is applied at the first start', async () => {
  const look = async (server: ConfiguredServer) =>
    JSON.stringify((await server.ask('GET', '/access/roles')).json).includes('only-elsewhere');
  expect(await both(look)).toEqual([false, true]);
});

keyTest('catalog.orphan_grace_s: younger files of no dataset are kept', async () => {
  const look = async (server: ConfiguredServer) => {
    await server.ingest('gone', 'a\n1\n');
    await server.ask('DELETE', '/catalog/datasets/by-name/gone');
    return (await server.ask('POST', '/catalog/resync-missing', { json: {} })).json.swept_files > 0;
  };
  expect(await both(look)).toEqual([false, true]);
});

keyTest('auth.delegation_ttl_s: a delegation lives so long at most', async () => {
  const look = async (server: ConfiguredServer) => {
    const agent = await server.ask('POST', '/access/keys', { json: { name: 'agent-7', role: 'agent' } });
    const json = { agent_key_id: agent.json.key_id, ttl_s: 900 };
    const made = await server.ask('POST', '/access/delegations', { json });
    return Math.round((Date.parse(made.json.expires_at) - Date.now()) / 1000) > 10;
  };
  expect(await both(look)).toEqual([true, false]);
});

keyTests(
  [
    ['engine.processes: query processes run', 'query'],
    ['engine.small_processes: processes are kept for small queries', 'small'],
    ['ingest.processes: ingest processes run', 'ingest'],
  ],
  async (_title, lane) => {
    const look = async (server: ConfiguredServer) =>
      Number(
        new RegExp(`${lane}_processes"?\\}? (\\d+)`).exec((await server.ask('GET', '/metrics')).json)?.[1],
      );
    expect(await both(look)).toEqual({ query: [2, 1], small: [1, 0], ingest: [1, 2] }[lane]);
  },
);
