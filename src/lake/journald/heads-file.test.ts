import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mountSmallDisk, type SmallDisk } from '../../../test/faults/small-disk.ts';
import { headsLine, type SignedCheckpoint } from './checkpoint.ts';
import { appendHeads } from './heads-file.ts';

let disk: SmallDisk;
beforeEach(async () => {
  disk = await mountSmallDisk(1);
});
afterEach(() => disk.unmount());

const checkpoint = (number: number): SignedCheckpoint => ({
  writer: 'main',
  number,
  seq: number,
  hash: 'a'.repeat(64),
  time_ms: 1,
  previous: 'b'.repeat(64),
  key_id: 'c'.repeat(16),
  signature: 'd'.repeat(88),
});

it('does not take lines for written that a full disk took a part of, and writes them whole once there is space', async () => {
  const file = join(disk.folder, 'heads');
  const first = [checkpoint(1)];
  const more = Array.from({ length: 40 }, (_, at) => checkpoint(at + 2));
  await appendHeads(file, first);
  // One page: the disk takes the beginning of the lines and no error tells it.
  await disk.fill(4_096);
  await expect(appendHeads(file, more)).rejects.toMatchObject({ code: 'ENOSPC' });
  await disk.free();
  await appendHeads(file, more);
  const lines = [...first, ...more].map((one) => `${headsLine(one)}\n`);
  expect(await readFile(file, 'utf8')).toBe(lines.join(''));
});
