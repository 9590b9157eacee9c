import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BucketFolder } from './bucket-folder.ts';
import { type ListedEntry, type ListPosition, listObjects } from './object-listing.ts';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'listing-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let made = 0;
async function bucketOf(keys: readonly string[]): Promise<BucketFolder> {
  const root = join(folder, String(made++));
  await mkdir(root);
  for (const key of keys) {
    await mkdir(dirname(join(root, key)), { recursive: true });
    await writeFile(join(root, key), key);
  }
  return new BucketFolder('b', root);
}

test('lists nothing through a link, however far above', async () => {
  const bucket = await bucketOf(['here/a']);
  await mkdir(join(folder, 'outside/sub'), { recursive: true });
  await writeFile(join(folder, 'outside/sub/secret'), 'secret');
  await symlink(join(folder, 'outside'), join(bucket.root, 'link'));
  for (const prefix of ['link/', 'link/sub/', 'link/sub/s', '']) {
    const found = await pages(bucket, { prefix, byFolder: false, limit: 10 });
    expect(found).toEqual(prefix === '' ? ['here/a'] : []);
  }
});

async function pages(bucket: BucketFolder, request: { prefix: string; byFolder: boolean; limit: number }) {
  const names: string[] = [];
  let after: ListPosition | null = null;
  do {
    const page: { entries: readonly ListedEntry[]; next: ListPosition | null } = await listObjects(bucket, {
      ...request,
      after,
    });
    expect(page.entries.length).toBeLessThanOrEqual(request.limit);
    names.push(...page.entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix)));
    after = page.next;
  } while (after !== null);
  return names;
}

/** What a listing must be, said without any folder. */
function expected(keys: readonly string[], prefix: string, byFolder: boolean): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const slash = key.indexOf('/', prefix.length);
      return byFolder && slash !== -1 ? key.slice(0, slash + 1) : key;
    });
  return [...new Set(names)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

describe('listing', () => {
  test('pages of any size give every key once, in byte order, with and without folders', async () => {
    const part = fc.constantFrom('a', 'a.b', 'a-b', 'b', 'bb', 'é', '\u{1f600}', '\uffee', 'z');
    const key = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 12 }),
        fc.constantFrom('', 'a', 'a/', 'b', 'bb/', 'x'),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        async (drawn, prefix, byFolder, limit) => {
          // A folder and an object cannot share a name on a disk.
          const keys = drawn.filter((one) => !drawn.some((other) => other.startsWith(`${one}/`)));
          const bucket = await bucketOf(keys);
          expect(await pages(bucket, { prefix, byFolder, limit })).toEqual(expected(keys, prefix, byFolder));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a folder of more names than one chunk is listed whole', async () => {
    const keys = Array.from({ length: 2_100 }, (_, index) => `k${String(index).padStart(5, '0')}`);
    const bucket = await bucketOf(keys);
    expect(await pages(bucket, { prefix: '', byFolder: false, limit: 1_000 })).toEqual(keys);
  });

  test('links, empty folders, the reserved folder and names that are no keys are not shown', async () => {
    const bucket = await bucketOf(['seen/a', '.lakehouse/uploads/x']);
    await mkdir(join(bucket.root, 'empty'));
    await writeFile(join(bucket.root, 'bad\nname'), 'x');
    await symlink('/etc', join(bucket.root, 'etc'));
    await symlink('/etc/passwd', join(bucket.root, 'passwd'));
    expect(await pages(bucket, { prefix: '', byFolder: false, limit: 10 })).toEqual(['seen/a']);
    expect(await pages(bucket, { prefix: '', byFolder: true, limit: 10 })).toEqual(['seen/']);
    expect(await pages(bucket, { prefix: 'etc/', byFolder: false, limit: 10 })).toEqual([]);
  });
});
