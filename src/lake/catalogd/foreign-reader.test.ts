import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { icebergManifests, icebergRead } from 'icebird';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CatalogFixture, column, openCatalogFixture } from './catalog.fixture.ts';

/** icebird, an independent reader of the format, reads tables written here. It fetches; files answer as a server would. */
let lake: CatalogFixture;
beforeEach(async () => {
  lake = await openCatalogFixture();
  vi.stubGlobal('fetch', fetchFile);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await lake.close();
});

async function fetchFile(url: string, init: { method?: string; headers?: Headers } = {}): Promise<Response> {
  const path = fileURLToPath(url);
  const { size } = await stat(path);
  if (init.method === 'HEAD') return new Response(null, { headers: { 'content-length': String(size) } });
  const bytes = await readFile(path);
  const range = /bytes=(\d+)-(\d*)/.exec(new Headers(init.headers).get('range') ?? '');
  if (range === null) return new Response(bytes);
  const end = range[2] === '' ? size : Number(range[2]) + 1;
  return new Response(bytes.subarray(Number(range[1]), end), { status: 206 });
}

async function metadataOf(name: string, snapshot?: string) {
  const metadata = JSON.parse(await readFile(await lake.metadataFile(name), 'utf8'));
  if (snapshot !== undefined) metadata['current-snapshot-id'] = Number(snapshot);
  return metadata;
}

async function read(name: string, snapshot?: string) {
  const metadata = await metadataOf(name, snapshot);
  return icebergRead({ tableUrl: metadata.location, metadata });
}

const COLUMNS = [column('id', 'int'), column('name', 'string')];

describe('another reader of the format', () => {
  it('reads rows of several appends, and of an earlier snapshot', async () => {
    const first = await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 2 AS id, 'b' AS name" });
    const rows = await read('t');
    expect(rows.sort((a, b) => Number(a.id) - Number(b.id))).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
    ]);
    expect(await read('t', first.snapshotId ?? '')).toEqual([{ id: 1, name: 'a' }]);
  });

  it('finds a renamed column in files of before, and none of an added one', async () => {
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.update('t', {
      rename_columns: [{ from: 'name', to: 'title' }],
      add_columns: [{ name: 'name', type: 'long' }],
    });
    expect(await read('t')).toEqual([{ id: 1, title: 'a', name: undefined }]);
    const columns = [...COLUMNS.slice(0, 1), column('title', 'string'), column('name', 'long')];
    await lake.write({ name: 't', columns, query: "SELECT 2 AS id, 'b' AS title, 7::BIGINT AS name" });
    const rows = await read('t');
    expect(rows.find((row) => row.id === 2)).toEqual({ id: 2, title: 'b', name: 7n });
  });

  it('reads merged manifests, with the sequence number of each file’s own commit', async () => {
    for (let n = 0; n < 17; n++) {
      await lake.write({ name: 't', columns: COLUMNS, query: `SELECT ${n} AS id, 'a' AS name` });
    }
    expect(await read('t')).toHaveLength(17);
    const manifests = await icebergManifests(await metadataOf('t'));
    const sequences = manifests.flatMap(({ entries }) =>
      entries.map((entry) => Number(entry.sequence_number)),
    );
    expect(sequences.sort((a, b) => a - b)).toEqual(Array.from({ length: 17 }, (_, n) => n + 1));
    expect(manifests.length).toBeLessThan(17);
  });

  it('sees the state before after a rollback', async () => {
    const first = await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 1 AS id, 'a' AS name" });
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 2 AS id, 'b' AS name" });
    await lake.update('t', { rollback_to: first.snapshotId });
    expect(await read('t')).toEqual([{ id: 1, name: 'a' }]);
    await lake.write({ name: 't', columns: COLUMNS, query: "SELECT 3 AS id, 'c' AS name" });
    expect((await read('t')).map((row) => row.id).sort()).toEqual([1, 3]);
  });
});
