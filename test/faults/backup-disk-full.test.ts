import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { initHome } from '../../src/main.ts';
import { lakehouse } from '../harness/command-line.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

// F-2: a copy that does not fit leaves neither keys nor rows behind, and says what to do.

let folder = '';
let disk: SmallDisk;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-full-'));
  await initHome({ home: join(folder, 'home') });
  await writeFile(join(folder, 'home', 'warehouse', 'rows'), Buffer.alloc(2_500_000));
  disk = await mountSmallDisk(2);
});
afterAll(async () => {
  await disk.unmount();
  await rm(folder, { recursive: true, force: true });
});

const refused = async (...args: string[]) => {
  const { exitCode, stderr } = await lakehouse([...args, '--json']);
  return { exitCode, ...JSON.parse(stderr) };
};
const full = { exitCode: 1, code: 'home.copy_failed', detail: expect.stringContaining('free space') };

test.each([
  ['a file', 1_000_000],
  ['the store', 100_000],
])('a backup whose disk is full at %s leaves nothing', async (_at, leaveBytes) => {
  await disk.fill(leaveBytes);
  const to = join(disk.folder, 'copy');
  expect(await refused('backup', '--home', join(folder, 'home'), '--to', to)).toMatchObject(full);
  expect(await readdir(disk.folder)).toEqual(['filler']);
  await disk.free();
});

test('a restore onto a full disk leaves nothing, also where the home is the disk itself', async () => {
  const from = join(folder, 'copy');
  expect((await lakehouse(['backup', '--home', join(folder, 'home'), '--to', from])).exitCode).toBe(0);
  expect(await refused('restore', '--home', disk.folder, '--from', from)).toMatchObject(full);
  expect(await readdir(disk.folder)).toEqual([]);
});
