import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mountSmallDisk, type SmallDisk } from '../../../test/faults/small-disk.ts';
import { createContentWriter, writeContent } from './content-writer.ts';

const LIMITS = { maxBytes: 10_000_000, maxBytesKey: 'storage.max_object_bytes', minFreeBytes: 0 };

let disk: SmallDisk;
beforeEach(async () => {
  disk = await mountSmallDisk(2);
});
afterEach(() => disk.unmount());

it('refuses content of which a full disk took a part, and leaves none of it', async () => {
  const path = join(disk.folder, 'content');
  await disk.fill(8_192);
  async function* body() {
    for (let chunk = 0; chunk < 5; chunk++) yield Buffer.alloc(3_000, chunk);
  }
  await expect(writeContent(body(), path, LIMITS)).rejects.toMatchObject({ code: 'storage.full' });
  expect(existsSync(path)).toBe(false);
  await disk.free();
  await writeContent(body(), path, LIMITS);
  expect((await readFile(path)).byteLength).toBe(15_000);
});

it('refuses to begin below the free space that is asked for', async () => {
  const limits = { ...LIMITS, minFreeBytes: 1_000_000_000 };
  const path = join(disk.folder, 'content');
  await expect(createContentWriter(path, limits)).rejects.toMatchObject({ code: 'storage.full' });
  expect(existsSync(path)).toBe(false);
});
