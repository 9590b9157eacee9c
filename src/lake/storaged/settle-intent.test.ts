import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createIdGenerator, createLogger, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { type Metastore, openMetastore } from '../../metastore/index.ts';
import { BucketFolder } from './bucket-folder.ts';
import { createStoraged, type Storaged } from './create-storaged.ts';

let home: string;
let store: Metastore;
let storaged: Storaged;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'settle-'));
  const config = configSchema.parse({});
  const log = createLogger({ level: 'silent' });
  const clock = systemClock;
  const file = join(home, 'metastore.db');
  store = await openMetastore({
    file,
    config: { ...config.metastore, commit_timeout_ms: 20_000 },
    clock,
    log,
  });
  const ids = createIdGenerator({ clock, random: randomBytes });
  storaged = await createStoraged({ home, config: config.storage, reader: store, clock, ids });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await store.close();
  await rm(home, { recursive: true, force: true });
});

const bucket = (path: string) => join(home, 'buckets/default', path);
const content = 'the new content';
const put = {
  action: 'object.put',
  subject: 'object:default/a/b',
  data: {
    bucket: 'default',
    key: 'a/b',
    upload_id: 'upload',
    sha256: createHash('sha256').update(content).digest('hex'),
    size_bytes: content.length,
    content_type: 'text/plain',
  },
};

describe('an object put that a crash cut off (F-1)', () => {
  test('before the rename: it did not happen, and the upload is swept', async () => {
    await mkdir(bucket('.lakehouse/uploads'), { recursive: true });
    await writeFile(bucket('.lakehouse/uploads/upload'), content);
    expect(await storaged.settleIntent(put)).toMatchObject({ outcome: 'not_performed', statements: [] });
    expect(await storaged.sweep()).toBe(1);
  });

  test('after the rename: it happened, and the object is known by its checksum', async () => {
    await mkdir(bucket('a'), { recursive: true });
    await writeFile(bucket('a/b'), content);
    const synced = vi.spyOn(BucketFolder.prototype, 'syncNames');
    const settled = await storaged.settleIntent(put);
    // The crash may have come before the folders were on the disk.
    expect(synced).toHaveBeenCalledOnce();
    expect(settled).toMatchObject({ outcome: 'performed', event: { data: { outcome: 'performed' } } });
    expect(await store.commit(settled?.statements ?? [])).toMatchObject({ committed: true });
    const rows = await store.read(store.queries.selectFrom('storage_objects').selectAll());
    expect(rows).toMatchObject([{ object_key: 'a/b', sha256: put.data.sha256, content_type: 'text/plain' }]);
  });

  test.each([
    ['another object stands there', 'something else'],
    ['nothing stands there', null],
  ])('and since then %s: it was superseded', async (_name, other) => {
    await mkdir(bucket('a'), { recursive: true });
    if (other !== null) await writeFile(bucket('a/b'), other);
    expect(await storaged.settleIntent(put)).toMatchObject({ outcome: 'superseded', statements: [] });
  });
});

describe('a delete that a crash cut off', () => {
  const intent = (etag: string) => ({
    action: 'object.deleted',
    subject: 'object:default/a',
    data: { bucket: 'default', key: 'a', etag, size_bytes: 1 },
  });

  test('is told by whether the object is there', async () => {
    const synced = vi.spyOn(BucketFolder.prototype, 'syncNames');
    expect(await storaged.settleIntent(intent('"x"'))).toMatchObject({ outcome: 'performed' });
    expect(synced).toHaveBeenCalledOnce();
    await writeFile(bucket('a'), 'x');
    expect(await storaged.settleIntent(intent('"x"'))).toMatchObject({ outcome: 'superseded' });
  });
});

test('an intent of another room is left to it', async () => {
  expect(
    await storaged.settleIntent({ action: 'dataset.registered', subject: 'dataset:1', data: {} }),
  ).toBeNull();
});
