import {
  appendFile,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
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
  notes: () => ['a note'],
  verifyJournal: async () => ({ events: 0, problem: null }),
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

it('says what is not in the copy, and takes no target inside the home', async () => {
  await symlink(folder, join(home, 'elsewhere'));
  const target = join(folder, 'backup');
  const { notes } = await backupHome(home, target, ports(copyFile));
  expect(notes).toEqual(['a note', 'elsewhere is a symbolic link and was not copied.']);
  await expect(backupHome(home, join(home, 'backups', 'one'), ports(copyFile))).rejects.toMatchObject({
    code: 'home.backup_invalid',
  });
});

it('leaves scratch files out, and makes folders that are their owner’s alone', async () => {
  await mkdir(join(home, 'system', 'work'), { recursive: true });
  await writeFile(join(home, 'system', 'work', 'half'), 'half');
  const target = join(folder, 'backup');
  await mkdir(target, { mode: 0o755 });
  await backupHome(home, target, ports(copyFile));
  await expect(stat(join(target, 'system', 'work'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await stat(target)).mode & 0o777).toBe(0o700);
});

it.each([
  ['no JSON', '{'],
  ['another shape', '{"version":1,"createdMs":0,"files":[]}'],
  ['another version', '{"version":2,"createdMs":0,"files":{}}'],
  ['a path out of the home', '{"version":1,"createdMs":0,"files":{"../x":{"sha256":"","sizeBytes":0}}}'],
  ['an absolute path', '{"version":1,"createdMs":0,"files":{"/etc/x":{"sha256":"","sizeBytes":0}}}'],
])('refuses a backup.json of %s', async (_, text) => {
  const target = join(folder, 'backup');
  await backupHome(home, target, ports(copyFile));
  await writeFile(join(target, 'backup.json'), text);
  const restored = join(folder, 'restored');
  await expect(restoreHome(target, restored, ports(copyFile))).rejects.toMatchObject({
    code: 'home.backup_invalid',
  });
  await expect(readdir(restored)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('takes no target that a link leads into the home, and leaves none there', async () => {
  await symlink(home, join(folder, 'link'));
  const backup = backupHome(home, join(folder, 'link', 'keys', 'copy'), ports(copyFile));
  await expect(backup).rejects.toMatchObject({ code: 'home.backup_invalid' });
  expect(await readdir(join(home, 'keys'))).toEqual([]);
});
