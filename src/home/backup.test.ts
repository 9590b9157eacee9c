import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { backupHome, restoreHome } from './backup.ts';
import { makeHome } from './init.ts';
import { homeLayout } from './layout.ts';

let folder: string;
let home: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backup-'));
  home = join(folder, 'home');
  await makeHome(home);
  await mkdir(dirname(homeLayout(home).storeFile), { recursive: true });
  await writeFile(homeLayout(home).storeFile, 'store');
  await writeFile(join(home, 'heads.ndjson'), 'one\n');
});

afterEach(() => rm(folder, { recursive: true }));

const ports = (copyStore: (from: string, to: string) => Promise<void>) => ({
  copiedFirst: () => ['heads.ndjson'],
  copyStore,
  verifyJournal: async () => ({ events: 0 }),
  nowMs: () => 0,
  onProgress: () => undefined,
});

it('tells of no checkpoint that was signed after the store was copied', async () => {
  const target = join(folder, 'backup');
  const whileServed = ports(async (from, to) => {
    await copyFile(from, to);
    await appendFile(join(home, 'heads.ndjson'), 'two\n');
  });
  await backupHome(home, target, whileServed);
  expect(await readFile(join(target, 'heads.ndjson'), 'utf8')).toBe('one\n');
  const restored = join(folder, 'restored');
  await restoreHome(target, restored, ports(copyFile));
  expect(await readFile(join(restored, 'heads.ndjson'), 'utf8')).toBe('one\n');
});

it('takes a home that has no such file yet', async () => {
  await rm(join(home, 'heads.ndjson'));
  const target = join(folder, 'backup');
  const report = await backupHome(home, target, ports(copyFile));
  expect(report.files).toBeGreaterThan(0);
  await expect(readFile(join(target, 'heads.ndjson'))).rejects.toMatchObject({ code: 'ENOENT' });
});
