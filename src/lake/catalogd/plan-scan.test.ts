import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileCache } from './file-cache.ts';
import { encodeManifest, type FileContent, type ManifestEntry } from './iceberg/manifest.ts';
import { encodeManifestList, manifestListEntry } from './iceberg/manifest-list.ts';
import { planScan } from './plan-scan.ts';
import { TableFiles } from './table-files.ts';
import { Warehouse } from './warehouse.ts';

const ID = '01a20000-0000-7000-8000-000000000001';
const PATH_FIELD = 2147483546;
const SCHEMA = { type: 'struct' as const, 'schema-id': 0, fields: [] };

let home: string;
let warehouse: Warehouse;
let files: TableFiles;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'plan-scan-'));
  warehouse = new Warehouse(home);
  files = new TableFiles(warehouse, new FileCache(1_000_000));
  await warehouse.prepareFolders(ID);
});
afterEach(() => rm(home, { recursive: true }));

function entry(
  name: string,
  sequence: number,
  content: FileContent = 0,
  covers?: [string, string],
): ManifestEntry {
  const bound = (text: string) => new Map([[PATH_FIELD, Buffer.from(text)]]);
  return {
    status: 0,
    snapshotId: '1',
    sequenceNumber: sequence,
    fileSequenceNumber: sequence,
    file: {
      content,
      location: location(name),
      recordCount: 1,
      sizeBytes: 1,
      columnSizes: new Map(),
      valueCounts: new Map(),
      nullCounts: new Map(),
      lowerBounds: covers === undefined ? new Map() : bound(covers[0]),
      upperBounds: covers === undefined ? new Map() : bound(covers[1]),
    },
  };
}

function location(name: string): string {
  return `${warehouse.location(ID)}/data/${name}`;
}

async function plan(data: readonly ManifestEntry[], deletes: readonly ManifestEntry[]) {
  const sync = new Uint8Array(16);
  const written = [];
  const manifests = [];
  for (const [content, entries] of [
    ['data', data],
    ['deletes', deletes],
  ] as const) {
    const bytes = encodeManifest(files.types, { schema: SCHEMA, content, entries, sync });
    const file = `${content}.avro`;
    written.push({ file, bytes });
    manifests.push(
      manifestListEntry({
        location: `${warehouse.location(ID)}/metadata/${file}`,
        sizeBytes: bytes.length,
        content,
        sequenceNumber: 9,
        snapshotId: '1',
        entries,
      }),
    );
  }
  const list = { snapshotId: '1', parentSnapshotId: null, sequenceNumber: 9, manifests, sync };
  written.push({ file: 'list.avro', bytes: encodeManifestList(files.types, list) });
  await warehouse.writeMetadata(ID, written);
  const table = { dataset_id: ID, metadata_file: '', location: warehouse.location(ID) };
  const scanned = await planScan({ files, warehouse }, table, `${warehouse.location(ID)}/metadata/list.avro`);
  const name = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  return Object.fromEntries(scanned.map((file) => [name(file.path), file.deleteFiles.map(name)]));
}

describe('planning a scan', () => {
  it('applies a position delete to files of its own or an earlier commit, and to no later one', async () => {
    const data = [entry('a', 1), entry('b', 2), entry('c', 3)];
    expect(await plan(data, [entry('d', 2, 1)])).toEqual({ a: ['d'], b: ['d'], c: [] });
  });

  it('leaves a delete file out only where its bounds of paths rule the file out', async () => {
    const data = [entry('a', 1), entry('b', 1), entry('c', 1)];
    const deletes = [
      entry('only-b', 2, 1, [location('b'), location('b')]),
      // A bound cut to sixteen characters is below every path of the table, its upper end above: all stay.
      entry('cut', 2, 1, [location('b').slice(0, 16), `${location('b').slice(0, 15)}\u007f`]),
      entry('unknown', 2, 1),
    ];
    expect(await plan(data, deletes)).toEqual({
      a: ['cut', 'unknown'],
      b: ['only-b', 'cut', 'unknown'],
      c: ['cut', 'unknown'],
    });
  });

  it('leaves out files that an entry marks deleted', async () => {
    const gone: ManifestEntry = { ...entry('b', 1), status: 2 };
    expect(await plan([entry('a', 1), gone], [{ ...entry('d', 2, 1), status: 2 }])).toEqual({ a: [] });
  });

  it('refuses equality deletes rather than to show deleted rows', async () => {
    await expect(plan([entry('a', 1)], [entry('d', 2, 2)])).rejects.toMatchObject({
      code: 'catalog.metadata_damaged',
    });
  });
});
