import { execFileSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configSchema } from '../../config/index.ts';
import { BucketFolder } from './bucket-folder.ts';
import { openBuckets } from './buckets.ts';
import { FileContent } from './file-content.ts';
import { parseObjectKey } from './object-key.ts';
import { listObjects } from './object-listing.ts';

let folder: string;
let bucket: BucketFolder;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bucket-')));
  await mkdir(join(folder, 'root'));
  await mkdir(join(folder, 'outside'));
  await writeFile(join(folder, 'outside', 'secret'), 'secret');
  bucket = new BucketFolder('b', join(folder, 'root'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(key: string, content: string): Promise<void> {
  const path = await bucket.temporaryPath(`t${Math.random()}`);
  await writeFile(path, content);
  await bucket.place(path, parseObjectKey(key));
}

async function read(key: string): Promise<string | null> {
  const opened = await bucket.open(parseObjectKey(key));
  if (opened === null) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of new FileContent(opened.file, { first: 0, last: opened.sizeBytes - 1 }))
    chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a bucket’s folder', () => {
  test('keeps, replaces and removes objects, and leaves no empty folder', async () => {
    await put('a/b/c', 'one');
    await put('a/b/c', 'two');
    expect(await read('a/b/c')).toBe('two');
    expect(await bucket.remove(parseObjectKey('a/b/c'))).toBe(true);
    expect(await bucket.remove(parseObjectKey('a/b/c'))).toBe(false);
    expect(await readdir(bucket.root)).toEqual(['.lakehouse']);
  });

  test.each([
    ['a linked file', 'link', 'secret'],
    ['a file in a linked folder', 'dir/secret', ''],
  ])('follows no link: %s', async (_name, key, target) => {
    const link = key.split('/')[0] ?? '';
    await symlink(join(folder, 'outside', target), join(bucket.root, link));
    expect(await bucket.open(parseObjectKey(key))).toBeNull();
    expect(await bucket.remove(parseObjectKey(key))).toBe(false);
    expect(await readFile(join(folder, 'outside', 'secret'), 'utf8')).toBe('secret');
  });

  test('writes through no link', async () => {
    await symlink(join(folder, 'outside'), join(bucket.root, 'dir'));
    await expect(put('dir/new', 'x')).rejects.toMatchObject({ code: 'storage.invalid_key' });
    await symlink(join(folder, 'outside', 'secret'), join(bucket.root, 'link'));
    await put('link', 'mine');
    expect(await readFile(join(folder, 'outside', 'secret'), 'utf8')).toBe('secret');
    expect(await read('link')).toBe('mine');
  });

  test('is not made anew while it is gone, and takes uploads again once it is back', async () => {
    await rename(bucket.root, join(folder, 'away'));
    await expect(bucket.temporaryPath('upload')).rejects.toMatchObject({ code: 'storage.unavailable' });
    expect(await readdir(folder)).toEqual(['away', 'outside']);
    const listing = listObjects(bucket, { prefix: '', byFolder: false, after: null, limit: 10 });
    await expect(listing).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(read('any')).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(bucket.remove(parseObjectKey('any'))).rejects.toMatchObject({ code: 'storage.unavailable' });
    await rename(join(folder, 'away'), bucket.root);
    await put('back', 'x');
    expect(await read('back')).toBe('x');
  });

  test('a pipe and a folder are no objects', async () => {
    execFileSync('mkfifo', [join(bucket.root, 'pipe')]);
    await mkdir(join(bucket.root, 'dir'));
    expect(await bucket.open(parseObjectKey('pipe'))).toBeNull();
    expect(await bucket.open(parseObjectKey('dir'))).toBeNull();
  });

  test('an object and a folder cannot share a name', async () => {
    await put('a/b', 'x');
    await expect(put('a', 'x')).rejects.toMatchObject({ code: 'storage.key_conflict' });
    await expect(put('a/b/c', 'x')).rejects.toMatchObject({ code: 'storage.key_conflict' });
  });

  test('a reader sees the object it opened to its end, whatever takes its name', async () => {
    await put('big', 'a'.repeat(1_000_000));
    const opened = await bucket.open(parseObjectKey('big'));
    if (opened === null) throw new Error('no object');
    const content = new FileContent(opened.file, { first: 0, last: opened.sizeBytes - 1 });
    const first = await content.next();
    await put('big', 'b'.repeat(1_000_000));
    let text = Buffer.from(first.value).toString();
    for await (const chunk of content) text += Buffer.from(chunk).toString();
    expect(text).toBe('a'.repeat(1_000_000));
    expect((await read('big'))?.[0]).toBe('b');
  });

  test('a reader that never began gives its file back', async () => {
    await put('a', 'x');
    const opened = await bucket.open(parseObjectKey('a'));
    if (opened === null) throw new Error('no object');
    await new FileContent(opened.file, { first: 0, last: 0 }).return();
    expect(opened.file.fd).toBe(-1);
  });

  test('deletes and writes in one folder do not fail each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await put(`shared/deep/${index}`, 'x');
        await bucket.remove(parseObjectKey(`shared/deep/${index}`));
      }),
    );
    expect(await readdir(bucket.root)).toEqual(['.lakehouse']);
  });
});

describe('the folders of buckets', () => {
  const open = (buckets: Record<string, { path: string }>) =>
    openBuckets(
      join(folder, 'home'),
      configSchema.parse({ storage: { default_bucket: 'one', buckets } }).storage,
    );

  test.each([
    ['the home', { one: { path: '.' } }],
    ['a folder around the home', { one: { path: '..' } }],
    ['the warehouse', { one: { path: 'warehouse' } }],
    ['the system folder', { one: { path: 'system/sources' } }],
    ['all buckets at once', { one: { path: 'buckets' } }],
    ['another bucket’s folder', { one: { path: 'buckets/a' }, two: { path: 'buckets/a/b' } }],
  ])('refuses %s', async (_name, buckets) => {
    await expect(open(buckets)).rejects.toMatchObject({ code: 'storage.unsafe_configuration' });
  });

  test('refuses the warehouse behind a link', async () => {
    await mkdir(join(folder, 'home', 'warehouse'), { recursive: true });
    await symlink(join(folder, 'home', 'warehouse'), join(folder, 'alias'));
    await expect(open({ one: { path: '../alias' } })).rejects.toMatchObject({
      code: 'storage.unsafe_configuration',
    });
  });

  test('takes siblings of which one name begins with the other', async () => {
    const buckets = await open({ one: { path: '../data/b' }, two: { path: '../data/bb' } });
    expect(buckets.names).toEqual(['one', 'two']);
    const key = parseObjectKey('x');
    await rename(join(folder, 'outside', 'secret'), join(folder, 'data', 'bb', 'x'));
    expect(await buckets.get('one').open(key)).toBeNull();
    expect(await buckets.get('two').facts(key)).toMatchObject({ sizeBytes: 6 });
  });
});
