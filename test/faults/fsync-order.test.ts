import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, type Change, makeChange } from './change.ts';
import { type ChildServer, makeTestHome, startChild, type TestHome } from './child-server.ts';
import { ANSWERING, attachStrace, DONE, parseTrace, requireStrace, type TracedCall } from './strace.ts';

// A kill test passes with no fsync at all: what a process wrote survives its death. This one looks at the order of the
// calls that make it survive a power cut.

const CALLS = `fsync,fdatasync,rename,renameat,renameat2,unlink,pwrite64,${ANSWERING}`;
const STORE = /lakehouse\.db-wal>/;

let home: TestHome;
let server: ChildServer;
let ingests = 1;

beforeAll(async () => {
  requireStrace();
  home = await makeTestHome();
  server = await startChild({ home, environment: { UV_THREADPOOL_SIZE: '1' } });
  await ask(server, makeChange('ingest', 'warm', 'ordered'));
});
afterAll(async () => {
  await server.stop();
  await home.remove();
});

test('an ingest is acknowledged after its files, their folders and the store are on the disk', async () => {
  const calls = await callsOf(makeChange('ingest', 'traced', 'ordered'));
  const dataFile = place(calls, 'fsync', /\/data\/[^/]+\.parquet>/);
  const dataFolder = place(calls, 'fsync', /\/data>\)/);
  const source = place(calls, 'fsync', /\/system\/sources\/[^/]+>/);
  const sourceFolder = place(calls, 'fsync', /\/system\/sources>\)/);
  const metadata = last(calls, 'fsync', /\/metadata>\)/);
  const store = place(calls, 'fsync', STORE, Math.max(dataFolder, sourceFolder, metadata));
  const answer = acknowledgement(calls);
  expectOrder({ dataFile, dataFolder, store, answer });
  expectOrder({ source, sourceFolder, store, answer });
  for (const name of [/-m0\.avro/, /snap-[^/]+\.avro/, /\.metadata\.json/]) {
    const file = place(calls, 'fsync', name);
    const named = place(calls, 'rename', name);
    expectOrder({ file, named, metadata, store, answer });
  }
  expectDurable(calls);
});

test('an object is acknowledged after its content, its name and the store are on the disk', async () => {
  const calls = await callsOf(makeChange('object', 'folder/traced', ''));
  const content = place(calls, 'fsync', /\/uploads\/[^/]+>/);
  const intent = place(calls, 'fsync', STORE);
  const named = place(calls, 'rename', /folder\/traced"/);
  const folder = place(calls, 'fsync', /\/default\/folder>\)/);
  const above = place(calls, 'fsync', /\/buckets\/default>\)/);
  const store = place(calls, 'fsync', STORE, Math.max(folder, above));
  const answer = acknowledgement(calls);
  expectOrder({ content, intent, named, folder, store, answer });
  expectOrder({ named, above, store, answer });
  expectDurable(calls);
});

test('a new dataset is acknowledged after its folders are on the disk', async () => {
  const calls = await callsOf(makeChange('ingest', 'first', 'unseen'));
  const table = place(calls, 'fsync', /\/warehouse\/[^/>]+>\)/);
  const warehouse = place(calls, 'fsync', /\/warehouse>\)/);
  const store = place(calls, 'fsync', STORE, Math.max(table, warehouse));
  const answer = acknowledgement(calls);
  expectOrder({ table, store, answer });
  expectOrder({ warehouse, store, answer });
});

test('a delete is acknowledged after the name is gone from the disk', async () => {
  await ask(server, makeChange('object', 'gone/traced', ''));
  const calls = await traced(async () => {
    const answer = await server.api('DELETE', '/buckets/default/objects/gone/traced');
    expect(answer.status, answer.text).toBe(200);
  });
  const removed = place(calls, 'unlink', /gone\/traced"/);
  const folder = place(calls, 'fsync', /\/default\/gone>\)/, removed);
  const store = place(calls, 'fsync', STORE, folder);
  expectOrder({ removed, folder, store, answer: acknowledgement(calls) });
  expectDurable(calls);
});

test('a key is acknowledged after the store is on the disk', async () => {
  const calls = await callsOf(makeChange('key', 'traced', ''));
  expectOrder({ store: place(calls, 'fsync', STORE), answer: acknowledgement(calls) });
  expectDurable(calls);
});

async function callsOf(change: Change): Promise<readonly TracedCall[]> {
  // What the server tells its observer of an ingest is written later, and must not stand among the steps of the next change.
  const told = async () => (await server.api('GET', '/events?source=ingest')).json.events.length;
  await expect.poll(told).toBe(ingests);
  if (change.kind === 'ingest') ingests += 1;
  return traced(async () => expect(await ask(server, change)).toBe(true));
}

async function traced(work: () => Promise<void>): Promise<readonly TracedCall[]> {
  const trace = await attachStrace({ pid: server.pid, args: ['-yy', '-e', `trace=${CALLS}`] });
  await work();
  return parseTrace(await trace.detach(DONE));
}

const matches = (call: string, pattern: RegExp) => (traced: TracedCall) =>
  (call === 'fsync' ? /^f(data)?sync$/ : new RegExp(`^${call}`)).test(traced.call) &&
  pattern.test(traced.text) &&
  !traced.failed;

const place = (calls: readonly TracedCall[], call: string, pattern: RegExp, after = -1) =>
  calls.findIndex((traced, at) => at > after && matches(call, pattern)(traced));
const last = (calls: readonly TracedCall[], call: string, pattern: RegExp) =>
  calls.findLastIndex(matches(call, pattern));

const acknowledgement = (calls: readonly TracedCall[]) =>
  calls.findIndex((traced) => traced.text.includes(DONE));

function expectOrder(steps: Readonly<Record<string, number>>): void {
  const names = Object.entries(steps);
  for (const [name, at] of names) expect(at, `${name} was not seen`).toBeGreaterThanOrEqual(0);
  const order = names.toSorted(([, one], [, other]) => one - other).map(([name]) => name);
  expect(order).toEqual(Object.keys(steps));
}

/** Whatever was written to the store's log was synced before the answer. */
function expectDurable(calls: readonly TracedCall[]): void {
  const before = calls.slice(0, acknowledgement(calls));
  const written = before.findLastIndex((traced) => traced.call === 'pwrite64' && /db-wal>/.test(traced.text));
  expect(written).toBeGreaterThanOrEqual(0);
  expect(last(before, 'fsync', STORE)).toBeGreaterThan(written);
}
