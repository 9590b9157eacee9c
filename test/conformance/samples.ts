import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetOf } from '../harness/parquet-of.ts';
import type { ApiOptions, TestServer } from '../harness/server.ts';
import { modelSamples } from './model-samples.ts';
import { scrumSamples } from './scrum-samples.ts';

/** A request that reaches one operation over HTTP and is allowed for the administrator. */
export interface Sample {
  readonly method: string;
  readonly path: string;
  readonly options: ApiOptions;
  /** The same request for another resource, where each sample names the same one. */
  readonly otherPath?: string;
}

const CSV =
  'id,email,region,pay\n1,ada@example.com,north,100\n2,bob@example.org,south,200\n3,cy@example.net,north,300\n';

/** A tool over the dataset `staff`. */
const TOOL = `
name = "staff_of"
description = "Members of the staff."
roles = ["reader", "blocked"]
sql = "SELECT id, email, region FROM staff WHERE id >= $least_id ORDER BY id"

[parameters]
required = ["least_id"]

[parameters.properties.least_id]
type = "integer"
`;

export interface Fixture {
  readonly server: TestServer;
  /** Things the samples act on; each mutation gets one of its own from `fresh`. */
  readonly datasetId: string;
  readonly ingestId: string;
}

/** What the samples need: a dataset `staff` with masks and a row filter, a tool over it, a bucket object, keys. */
export async function prepareFixture(server: TestServer): Promise<Fixture> {
  const made = await ingest(server, 'staff', CSV);
  await server.api('PUT', '/buckets/default/objects/probe.txt', { body: 'hello' });
  const policy = await server.api('GET', '/access/policies');
  const roles = {
    nobody: { grants: [] },
    reader: { grants: [{ dataset: 'staff', actions: ['read'] }] },
    blocked: { grants: [{ dataset: 'staff', actions: ['read'] }] },
  };
  const put = await server.api('PUT', '/access/policies', {
    json: {
      roles: { ...withoutVersion(policy.json).roles, ...roles },
      masks: [{ dataset: 'staff', column: 'email', method: 'redact', except_roles: ['admin'] }],
      row_filters: [{ dataset: 'staff', roles: ['reader'], where: 'region = identity.region' }],
    },
  });
  if (put.status !== 200) throw new Error(`the probe policy was refused: ${put.text}`);
  await writeFile(join(server.home, 'tools', 'staff_of.toml'), TOOL);
  const reloaded = await server.api('POST', '/tools/reload');
  if (reloaded.json?.changed !== true) throw new Error(`the tool was refused: ${reloaded.text}`);
  const list = await server.api('GET', '/ingest');
  return { server, datasetId: made.dataset_id, ingestId: list.json?.ingests?.[0]?.ingest_id ?? 'none' };
}

export async function ingest(
  server: TestServer,
  dataset: string,
  csv: string,
  headers: Record<string, string> = {},
) {
  const answer = await server.api(
    'POST',
    `/ingest/file?dataset=${dataset}&mode=append&file_name=${dataset}.csv`,
    {
      body: csv,
      headers: { 'content-type': 'text/csv', ...headers },
    },
  );
  if (answer.status !== 201)
    throw new Error(`ingest of ${dataset} answered ${answer.status}: ${answer.text}`);
  return answer.json;
}

const get = (path: string): Sample => ({ method: 'GET', path, options: {} });
const send = (method: string, path: string, json: unknown): Sample => ({ method, path, options: { json } });

/** Every operation that is not public, with a request that reaches it. A new operation without one fails the test. */
export const samples: Readonly<Record<string, (fixture: Fixture) => Sample | Promise<Sample>>> = {
  'access.audit': () => get('/access/audit?limit=5'),
  'access.delegations.create': async ({ server }) => {
    const agent = await newAgent(server);
    return send('POST', '/access/delegations', { agent });
  },
  'access.delegations.list': () => get('/access/delegations'),
  'access.delegations.revoke': async ({ server }) => {
    const agent = await newAgent(server);
    const made = await server.api('POST', '/access/delegations', { json: { agent } });
    return { method: 'DELETE', path: `/access/delegations/${made.json?.delegation_id}`, options: {} };
  },
  'access.explain': () => send('POST', '/access/explain', { role: 'reader', dataset: 'staff' }),
  'access.keys.create': () => send('POST', '/access/keys', { name: 'probe', role: 'nobody', attributes: {} }),
  'access.keys.list': () => get('/access/keys'),
  'access.keys.revoke': async ({ server }) => ({
    method: 'DELETE',
    path: `/access/keys/${(await server.key('nobody')).keyId}`,
    options: {},
  }),
  'access.keys.rotate': async ({ server }) => ({
    method: 'POST',
    path: `/access/keys/${(await server.key('nobody')).keyId}/rotate`,
    options: {},
  }),
  'access.me': () => get('/access/me'),
  'access.policies.get': () => get('/access/policies'),
  'access.policies.put': async ({ server }) =>
    send('PUT', '/access/policies', {
      ...withoutVersion((await server.api('GET', '/access/policies')).json),
      // Another description each time, so that the policy really changes.
      roles: {
        ...withoutVersion((await server.api('GET', '/access/policies')).json).roles,
        nobody: { description: `probe ${Math.random()}`, grants: [] },
      },
    }),
  'access.roles.list': () => get('/access/roles'),
  'access.secrets.rotate': () => ({
    method: 'POST',
    path: '/access/secrets/delegation/rotate',
    options: {},
    otherPath: '/access/secrets/mask-hash/rotate',
  }),
  'buckets.list': () => get('/buckets'),
  'catalog.datasets.delete': async ({ server }) => {
    await ingest(server, 'doomed', `${CSV}${Math.random()},x@example.com,west,1\n`);
    return {
      method: 'DELETE',
      path: '/catalog/datasets/by-name/doomed',
      options: {},
      otherPath: '/catalog/datasets/by-name/staff',
    };
  },
  'catalog.datasets.describe': () => get('/catalog/datasets/by-name/staff'),
  'catalog.datasets.describe-by-id': ({ datasetId }) => get(`/catalog/datasets/${datasetId}`),
  'catalog.datasets.list': () => get('/catalog/datasets'),
  'catalog.datasets.register': async ({ server }) => {
    const name = `registered_${Math.floor(Math.random() * 1e9)}`;
    const body = await parquetOf(server, 'SELECT 1 AS a');
    await server.api('PUT', `/buckets/default/objects/${name}.parquet`, { body });
    return send('POST', '/catalog/datasets', { name, source: { bucket: 'default', key: `${name}.parquet` } });
  },
  'catalog.datasets.schema-diff': () =>
    send('POST', '/catalog/datasets/by-name/staff/schema-diff', { columns: [{ name: 'id', type: 'long' }] }),
  'catalog.datasets.snapshots': () => get('/catalog/datasets/by-name/staff/snapshots'),
  'catalog.datasets.update': () =>
    send('PATCH', '/catalog/datasets/by-name/staff', { description: `probe ${Math.random()}` }),
  // Of this dataset alone, because then there is something to look at whatever was looked at before.
  'catalog.resync-metadata': () => send('POST', '/catalog/resync-metadata', { dataset: 'staff', limit: 50 }),
  'catalog.resync-missing': async ({ server }) => {
    await makeOrphan(server);
    return send('POST', '/catalog/resync-missing', {});
  },
  'ingest.file': () => ({
    method: 'POST',
    path: '/ingest/file?dataset=staff&mode=append&file_name=staff.csv',
    otherPath: '/ingest/file?dataset=staff&mode=append&file_name=other.csv',
    options: {
      body: `id,email,region,pay\n${Math.floor(Math.random() * 1e9)},z@example.com,east,1\n`,
      headers: { 'content-type': 'text/csv' },
    },
  }),
  'ingest.list': () => get('/ingest'),
  'ingest.source': ({ ingestId }) => get(`/ingest/${ingestId}/source`),
  'ingest.rejected': async ({ server }) => {
    const bad = `id,email,region,pay\n7,q@example.com,north,1\n8,"broken\n`;
    const answer = await server.api(
      'POST',
      '/ingest/file?dataset=staff&mode=append&on_error=quarantine&file_name=b.csv',
      {
        body: `${bad}${Math.random()}`,
        headers: { 'content-type': 'text/csv' },
      },
    );
    return get(`/ingest/${answer.json?.ingest_id ?? 'none'}/rejected`);
  },
  'journal.checkpoint': () => get('/journal/checkpoint'),
  'journal.events': () => get('/journal/events?limit=3'),
  'journal.rotate_key': () => ({ method: 'POST', path: '/journal/checkpoint/rotate-key', options: {} }),
  'journal.stats': () => get('/journal/stats'),
  'journal.verify': () => send('POST', '/journal/verify', {}),
  'objects.delete': async ({ server }) => {
    await server.api('PUT', '/buckets/default/objects/doomed.txt', { body: 'x' });
    return {
      method: 'DELETE',
      path: '/buckets/default/objects/doomed.txt',
      options: {},
      otherPath: '/buckets/default/objects/probe.txt',
    };
  },
  'objects.get': () => get('/buckets/default/objects/probe.txt'),
  'objects.head': () => ({ method: 'HEAD', path: '/buckets/default/objects/probe.txt', options: {} }),
  'objects.list': () => get('/buckets/default/objects'),
  'objects.put': () => ({
    method: 'PUT',
    path: '/buckets/default/objects/put.txt',
    otherPath: '/buckets/default/objects/probe.txt',
    options: { body: `hello ${Math.random()}` },
  }),
  'observer.event': () =>
    send('POST', '/event', { source: 'probe', kind: 'probe', severity: 'info', message: `${Math.random()}` }),
  'observer.events': () => get('/events?limit=5'),
  'observer.stats': () => get('/stats'),
  'observer.stream': async ({ server }) => {
    await server.api('POST', '/event', { json: { source: 'probe', kind: 'probe', severity: 'info' } });
    return get('/events/stream?after=0&limit=1');
  },
  'query.cancel': async ({ server }) => {
    const id = `probe-${Math.floor(Math.random() * 1e9)}`;
    const sql = 'SELECT count(*) FROM range(1000000000000) t(a) WHERE a % 7 = 3';
    // Runs until it is cancelled, or for so long; nobody waits for its answer.
    const json = { sql, query_id: id, timeout_ms: 10_000 };
    server.api('POST', '/query/sql', { json }).catch(() => undefined);
    while (!/_busy"?\}? [1-9]/.test((await server.api('GET', '/metrics')).text)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return { method: 'DELETE', path: `/query/${id}`, options: {} };
  },
  'query.sql': () => send('POST', '/query/sql', { sql: 'SELECT id, email FROM staff ORDER BY id' }),
  'system.metrics': () => get('/metrics'),
  'system.session': () => get('/session'),
  ...modelSamples,
  ...scrumSamples,
  'tools.call': () => send('POST', '/tools/staff_of/call', { arguments: { least_id: 1 } }),
  'tools.list': () => get('/tools'),
  'tools.reload': async ({ server }) => {
    await appendFile(join(server.home, 'tools', 'staff_of.toml'), `# changed ${Math.random()}\n`);
    return { method: 'POST', path: '/tools/reload', options: {} };
  },
  'truth.evaluate': () =>
    send('POST', '/truth/evaluate', { task_class: 'ingest', phase: 'after', context: { row_count: 0 } }),
  'truth.reload': async ({ server }) => {
    await appendFile(join(server.home, 'truth.toml'), `# changed ${Math.random()}\n`);
    return { method: 'POST', path: '/truth/reload', options: {} };
  },
  'truth.rules': () => get('/truth/rules'),
};

/** A policy as `PUT` takes it, of what `GET` answers. */
function withoutVersion(policy: Record<string, unknown>) {
  const { roles = {}, masks = [], row_filters = [] } = policy;
  return { roles: roles as Record<string, unknown>, masks, row_filters };
}

/** A warehouse file that no dataset names and that is older than any grace. */
async function makeOrphan({ home }: TestServer): Promise<void> {
  const folder = join(home, 'warehouse', randomUUID(), 'data');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'left-over.parquet');
  await writeFile(file, 'left over');
  await utimes(file, 0, 0);
}

async function newAgent(server: TestServer): Promise<string> {
  const name = `agent-${Math.floor(Math.random() * 1e9)}`;
  await server.key('agent', {}, name);
  return name;
}
