import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { backup, restore, startServer, verifyHome } from '../../src/main.ts';
import { SMALL_ENGINE } from '../faults/child-server.ts';
import { request, startTestServer, type TestServer } from '../harness/server.ts';

const CONFIG = `${SMALL_ENGINE}
[journal]
checkpoint_every_events = 3
[storage.buckets.default]
path = "buckets/default"
[storage.buckets.outside]
path = "../outside"
`;

let folder: string;
let server: TestServer;
let copy: string;
/** What was acknowledged before the backup began, and what at least one writer did while it ran. */
const before = { rows: 0, objects: 0 };
let during = 0;

const options = (home: string) => ({ home, environment: {}, onProgress: () => undefined });
const csv = (writer: string, number: number) =>
  `id,email\n${writer}-${number},${writer}${number}@example.com\n`;

async function write(writer: string, number: number): Promise<void> {
  const made = await server.api('POST', '/ingest/file?dataset=people&mode=append&file_name=a.csv', {
    body: csv(writer, number),
    headers: { 'content-type': 'text/csv' },
  });
  if (made.status !== 201) throw new Error(made.text);
  const put = await server.api('PUT', `/buckets/default/objects/${writer}/${number}.txt`, {
    body: `${writer} ${number}`,
    headers: { 'content-type': 'text/markdown' },
  });
  if (put.status !== 201) throw new Error(put.text);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-backup-'));
  server = await startTestServer({ folder, config: CONFIG });
  for (let number = 0; number < 5; number++) await write('before', number);
  await server.api('PUT', '/buckets/outside/objects/far.txt', { body: 'far' });
  before.rows = 5;
  before.objects = 5;
  copy = join(folder, 'copy');
  let copying = true;
  const writers = ['one', 'two', 'three'].map(async (writer) => {
    for (let number = 0; copying; number++) {
      await write(writer, number);
      during += 1;
    }
  });
  while (during < 3) await write('warm', during + 100 * Math.random());
  const report = await backup({ ...options(server.home), to: copy }).finally(() => {
    copying = false;
  });
  await Promise.all(writers);
  expect(report.files).toBeGreaterThan(20);
  expect(report.notes).toEqual(['The bucket "outside" lies outside the home and is not part of the backup.']);
}, 300_000);

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test('a copy made under writers becomes a home that serves the same, and its journal holds', async () => {
  const home = join(folder, 'restored');
  const report = await restore({ ...options(home), from: copy });
  expect(report.journalEvents).toBeGreaterThan(10);
  expect((await stat(home)).mode & 0o777).toBe(0o700);
  const running = await startServer({
    home,
    environment: {},
    flags: { 'server.port': 0, 'log.level': 'silent' },
  });
  try {
    const api = (method: string, path: string, json?: unknown) =>
      request(running.url, method, path, { key: server.adminKey, ...(json === undefined ? {} : { json }) });
    // Every row that the restored pointer names is readable, those from before the copy among them.
    const sql = "SELECT count(*) AS n, count(*) FILTER (id LIKE 'before-%') AS before FROM people";
    const { rows } = (await api('POST', '/query/sql', { sql })).json;
    expect(rows[0].before).toBe(before.rows);
    expect(rows[0].n).toBeGreaterThanOrEqual(before.rows);
    const described = (await api('GET', '/catalog/datasets/by-name/people')).json;
    expect(described.row_count).toBe(rows[0].n);
    for (let number = 0; number < before.objects; number++) {
      const object = await api('GET', `/buckets/default/objects/before/${number}.txt`);
      expect([object.status, object.text]).toEqual([200, `before ${number}`]);
      expect(object.headers.get('content-type')).toBe('text/markdown');
    }
    expect((await api('POST', '/journal/verify', {})).json).toMatchObject({ valid: true, problems: [] });
    expect((await api('GET', '/journal/stats')).json.open_intents).toBe(0);
    // The copy is a whole home: it goes on by itself.
    expect((await api('POST', '/access/keys', { name: 'later', role: 'agent' })).status).toBe(201);
  } finally {
    await running.close();
  }
  expect(await verifyHome({ home, environment: {} })).toMatchObject({ valid: true });
}, 120_000);

test('every file the copied store names is in the copy', async () => {
  const manifest = JSON.parse(await readFile(join(copy, 'backup.json'), 'utf8'));
  const names = Object.keys(manifest.files);
  expect(names).toContain('store/lakehouse.db');
  expect(names.filter((name) => name.startsWith('keys/'))).toHaveLength(4);
  expect(names.some((name) => name.startsWith('system/sources/'))).toBe(true);
  expect(names.some((name) => /spill|system\/work|-wal$|\.lock$/.test(name))).toBe(false);
});

test('a changed or missing byte of any kind of file is refused by its name, and leaves nothing', async () => {
  const manifest = JSON.parse(await readFile(join(copy, 'backup.json'), 'utf8'));
  const names = Object.keys(manifest.files);
  const kinds = [
    /lakehouse\.db$/,
    /\.parquet$/,
    /\.metadata\.json$/,
    /\.avro$/,
    /^keys\//,
    /^buckets\//,
    /FORMAT$/,
  ];
  for (const kind of kinds) {
    const name = names.find((candidate) => kind.test(candidate)) ?? '';
    const file = join(copy, name);
    const bytes = await readFile(file);
    const flipped = Buffer.from(bytes);
    flipped[Math.floor(bytes.length / 2)] = (flipped[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    for (const damage of [() => writeFile(file, flipped), () => rm(file)]) {
      await damage();
      const home = join(folder, 'refused');
      await expect(restore({ ...options(home), from: copy }), name).rejects.toMatchObject({
        code: 'home.backup_invalid',
        detail: expect.stringContaining(name),
      });
      await expect(readdir(home)).rejects.toMatchObject({ code: 'ENOENT' });
      await writeFile(file, bytes, { mode: 0o600 });
    }
  }
}, 60_000);

test('a target that is in use or a file, and a folder that is no whole backup, are refused', async () => {
  const file = join(server.home, 'lakehouse.toml');
  await expect(restore({ ...options(file), from: copy })).rejects.toMatchObject({
    code: 'home.folder_unusable',
  });
  await expect(restore({ ...options(server.home), from: copy })).rejects.toMatchObject({
    code: 'home.already_a_home',
  });
  await expect(backup({ ...options(server.home), to: copy })).rejects.toMatchObject({
    code: 'home.already_a_home',
  });
  await expect(backup({ ...options(server.home), to: join(server.home, 'copy') })).rejects.toMatchObject({
    code: 'home.backup_invalid',
  });
  const unfinished = join(folder, 'unfinished');
  await cp(copy, unfinished, { recursive: true });
  await rm(join(unfinished, 'backup.json'));
  await expect(
    restore({ ...options(join(folder, 'from-unfinished')), from: unfinished }),
  ).rejects.toMatchObject({ code: 'home.backup_invalid' });
  const nothing = join(folder, 'nothing');
  await mkdir(nothing);
  await expect(backup({ ...options(nothing), to: join(folder, 'of-nothing') })).rejects.toMatchObject({
    code: 'home.not_a_home',
  });
});
