import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Change, makeChange, occurrences, send } from './change.ts';
import { type ChildServer, makeTestHome, SMALL_ENGINE, startChild, type TestHome } from './child-server.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

const KINDS = ['object', 'ingest', 'key'] as const;
const STORAGE_FULL = /^(storage\.full|catalog\.disk_full|metastore\.storage_full|ingest\.\w+|gateway\.\w+)$/;

let disk: SmallDisk;
let home: TestHome;
let server: ChildServer;

async function serve(storage: string): Promise<void> {
  home = await makeTestHome({ folder: disk.folder, config: `${SMALL_ENGINE}\n[storage]\n${storage}\n` });
  server = await startChild({ home, environment: { NODE_COMPILE_CACHE: '' } });
}

beforeEach(async () => {
  disk = await mountSmallDisk(48);
});
afterEach(async () => {
  await server.kill();
  await disk.unmount();
});

test('nothing acknowledged is lost and nothing refused stays when the disk fills up', async () => {
  await serve('min_free_bytes = 0');
  const kept: Change[] = [];
  const refused: Change[] = [];
  /** Made but not made durable: there or not, and once when it is sent again. */
  const unknown: Change[] = [];
  const seen = new Set<string>();
  const change = async (kind: Change['kind'], name: string) => {
    const made = makeChange(kind, name, 'filling');
    const answer = await send(server, made);
    if (answer.status < 300) return void kept.push(made);
    expect([503, 507], `${kind}: ${answer.text}`).toContain(answer.status);
    seen.add(`${kind}: ${answer.status} ${answer.json.code}`);
    if (answer.json.code === 'metastore.outcome_unknown') return void unknown.push(made);
    expect(answer.json.code).toMatch(STORAGE_FULL);
    refused.push(made);
  };
  for (const kind of KINDS) await change(kind, `${kind}-before`);
  expect(kept).toHaveLength(KINDS.length);
  for (const leaveBytes of [200_000, 60_000, 20_000, 0]) {
    await disk.free();
    await disk.fill(leaveBytes);
    for (let number = 0; number < 4; number++) {
      for (const kind of KINDS) await change(kind, `${kind}-${leaveBytes}-${number}`);
    }
  }
  expect(refused.length).toBeGreaterThan(KINDS.length);
  const large = await server.api('PUT', '/buckets/default/objects/large', { body: 'x'.repeat(4_000_000) });
  expect(large.status, large.text).toBe(507);

  await disk.free();
  await expectStates(kept, refused);
  for (const one of [...refused, ...unknown]) expect((await send(server, one)).status).toBeLessThan(300);
  const all = [...kept, ...refused, ...unknown];
  await expectStates(all, []);
  await server.kill();
  server = await startChild({ home, environment: { NODE_COMPILE_CACHE: '' } });
  await expectStates(all, []);
  expect(await readdir(join(home.home, 'buckets', 'default', '.lakehouse', 'uploads'))).toEqual([]);
  console.log([...seen].sort().join('\n'));
}, 300_000);

test('uploads are refused before the disk is full, and reading goes on', async () => {
  await serve('min_free_bytes = 16777216');
  await send(server, makeChange('object', 'there', ''));
  await send(server, makeChange('ingest', 'rows', 'kept'));
  await disk.fill(8_388_608);
  const object = await send(server, makeChange('object', 'late', ''));
  expect([object.status, object.json.code]).toEqual([507, 'storage.full']);
  const ingest = await send(server, makeChange('ingest', 'late', 'kept'));
  expect([ingest.status, ingest.json.code], ingest.text).toEqual([507, 'storage.full']);
  const rows = await server.api('POST', '/query/sql', { json: { sql: 'SELECT count(*) AS n FROM kept' } });
  expect(rows.json.rows).toEqual([{ n: 5 }]);
  expect((await server.api('GET', '/buckets/default/objects/there')).status).toBe(200);
  await disk.free();
  expect((await send(server, makeChange('ingest', 'late', 'kept'))).status).toBe(201);
}, 120_000);

async function expectStates(kept: readonly Change[], refused: readonly Change[]): Promise<void> {
  const found = await occurrences(server, [...kept, ...refused]);
  for (const change of kept) expect(found.get(change), change.name).toBe(1);
  for (const change of refused) expect(found.get(change), change.name).toBe(0);
  const verified = await server.api('POST', '/journal/verify', { json: {} });
  expect(verified.json, verified.text).toMatchObject({ valid: true, problems: [] });
}
