import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { isLakeError, LakeError } from '../base/index.ts';
import { makeEmptyFolder } from './empty-folder.ts';
import { homeErrors } from './errors.ts';
import { requireFormat } from './format.ts';
import { homeLayout, isBelow } from './layout.ts';

const manifestSchema = z.strictObject({
  version: z.literal(1),
  createdMs: z.number(),
  /** Path below the backup, with `/`, → SHA-256 and size. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), sizeBytes: z.number() })),
});
type BackupManifest = z.infer<typeof manifestSchema>;

export interface BackupReport {
  readonly files: number;
  readonly sizeBytes: number;
  readonly journalEvents: number;
  /** What belongs to the home and is not in the copy: sentences for whoever made it. */
  readonly notes: readonly string[];
}

/** What backup and restore need of the store and the journal; passed in, so that this room opens neither. */
export interface BackupPorts {
  /**
   * Files below the home that say what the store holds (the journal's heads): copied before it, so that they never
   * tell of a checkpoint that the copied store does not have.
   */
  copiedFirst(): readonly string[];
  /** Writes a consistent copy of the store, also while a server uses it. */
  copyStore(from: string, to: string): Promise<void>;
  /** Verifies the journal of a home that no server uses; the first place where it does not hold, with what is wrong there. */
  verifyJournal(home: string): Promise<{ readonly events: number; readonly problem: string | null }>;
  /** What the configuration keeps outside the home, as notes for the report. */
  notes(): readonly string[];
  readonly nowMs: () => number;
  onProgress(done: { readonly files: number; readonly sizeBytes: number }): void;
}

const TARGET_IN_USE = 'The target folder is not empty; choose a new one.';

/** Not copied: spill and work are scratch, and the store's own files are replaced by its consistent copy. */
const LEFT_OUT = new Set(['store', join('system', 'spill'), join('system', 'work')]);

/**
 * Copies a home, also one that is being served. The store is copied first: data files are written before the pointer
 * that names them and removed only after a grace period, so every file the copied store names is still there.
 */
export async function backupHome(home: string, target: string, ports: BackupPorts): Promise<BackupReport> {
  requireFormat(home);
  const insideHome = () => invalid('A backup cannot lie in the home that it copies; name another folder.');
  if (isBelow(home, target)) throw insideHome();
  await makeEmptyFolder(target, TARGET_IN_USE);
  return orNothing(target, async () => {
    // A link on the way may lead into the home.
    if (isBelow(await realpath(home), await realpath(target))) throw insideHome();
    return copyHome(home, target, ports);
  });
}

async function copyHome(home: string, target: string, ports: BackupPorts): Promise<BackupReport> {
  const from = homeLayout(home);
  const to = homeLayout(target);
  const copyHomeFile = async (path: string) => {
    await mkdir(dirname(join(target, path)), { recursive: true, mode: 0o700 });
    return copied(join(home, path), join(target, path));
  };
  const copiedFirst = ports.copiedFirst();
  for (const path of copiedFirst) await copyHomeFile(path);
  await mkdir(dirname(to.storeFile), { recursive: true, mode: 0o700 });
  await ports.copyStore(from.storeFile, to.storeFile);
  const files: Record<string, { sha256: string; sizeBytes: number }> = {};
  let sizeBytes = 0;
  const record = async (path: string) => {
    const entry = await digest(join(target, path));
    files[path.split(sep).join('/')] = entry;
    sizeBytes += entry.sizeBytes;
    ports.onProgress({ files: Object.keys(files).length, sizeBytes });
  };
  await record(relative(target, to.storeFile));
  const links: string[] = [];
  for (const path of await filesBelow(home, '', links)) {
    // A temporary file may go away while the home is in use; whatever the store names does not.
    const isThere = copiedFirst.includes(path) ? existsSync(join(target, path)) : await copyHomeFile(path);
    if (isThere) await record(path);
  }
  const events = await verifiedEvents(target, ports);
  await syncFolders(target, Object.keys(files));
  const manifest: BackupManifest = { version: 1, createdMs: ports.nowMs(), files };
  await writeDurably(join(target, 'backup.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  return {
    files: Object.keys(files).length,
    sizeBytes,
    journalEvents: events,
    notes: [...ports.notes(), ...links.map((path) => `${path} is a symbolic link and was not copied.`)],
  };
}

/** Makes a home of a backup after checking every file's SHA-256 and the journal's chain; nothing is left on a refusal. */
export async function restoreHome(backup: string, home: string, ports: BackupPorts): Promise<BackupReport> {
  const manifest = await readManifest(backup);
  await makeEmptyFolder(home, TARGET_IN_USE);
  return orNothing(home, async () => {
    let sizeBytes = 0;
    let files = 0;
    for (const [path, expected] of Object.entries(manifest.files)) {
      const target = join(home, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      const found = (await copied(join(backup, path), target)) ? await digest(target) : null;
      if (found?.sha256 !== expected.sha256)
        throw invalid(`The file ${path} is missing or differs from what was backed up.`);
      sizeBytes += found.sizeBytes;
      files += 1;
      ports.onProgress({ files, sizeBytes });
    }
    requireFormat(home);
    const events = await verifiedEvents(home, ports);
    await syncFolders(home, Object.keys(manifest.files));
    return { files, sizeBytes, journalEvents: events, notes: ports.notes() };
  });
}

/** Unmasked rows and keys that are half of a copy are of use to nobody but who should not have them. */
async function orNothing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await emptied(folder).catch(() => undefined);
    throw copyFailure(error);
  }
}

/** What the folder holds goes, also where the name is a link to it or a disk is mounted there; then the folder, where it can. */
async function emptied(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
  await rmdir(folder);
}

function copyFailure(error: unknown): unknown {
  const code = isLakeError(error)
    ? null
    : error instanceof Error && 'code' in error
      ? String(error.code)
      : null;
  const isFull =
    code === 'ENOSPC' || code === 'EDQUOT' || (isLakeError(error) && error.kind === 'storage_full');
  if (!isFull && code === null) return error;
  return new LakeError(homeErrors.copy_failed, {
    detail: isFull
      ? 'The disk of the target is full. Nothing was left there: free space, or choose another disk.'
      : `A file could not be copied (${code}). Nothing was left in the target folder.`,
    cause: error,
  });
}

async function verifiedEvents(home: string, ports: BackupPorts): Promise<number> {
  const { events, problem } = await ports.verifyJournal(home);
  if (problem === null) return events;
  throw invalid(
    `The journal does not verify: ${problem}. \`lakehouse journal verify --home DIR\` names every place.`,
  );
}

async function readManifest(backup: string): Promise<BackupManifest> {
  const text = await readFile(join(backup, 'backup.json'), 'utf8').catch(() => null);
  if (text === null) throw invalid('There is no backup.json: this is not a backup, or it was not finished.');
  const manifest = manifestSchema.safeParse(parsed(text));
  const escapes = (path: string) =>
    path.split('/').some((part) => part === '..' || part === '.' || part === '' || part.includes('\\'));
  if (!manifest.success || Object.keys(manifest.data.files).some(escapes))
    throw invalid('The file backup.json is damaged.');
  return manifest.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Regular files below a folder, in order; symbolic links are gathered apart. */
async function filesBelow(home: string, folder: string, links: string[]): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(join(home, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (LEFT_OUT.has(path)) continue;
    if (entry.isSymbolicLink()) links.push(path);
    else if (entry.isDirectory()) found.push(...(await filesBelow(home, path, links)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** False where there is no such file. The copy is its owner's alone, whatever the disk made of it that it comes from. */
async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
    await chmod(to, 0o600);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Reads a copy back, and makes it durable. */
async function digest(file: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const handle = await open(file);
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Makes the names of files durable: fsync of every folder from theirs up to the root. */
async function syncFolders(root: string, files: readonly string[]): Promise<void> {
  const folders = new Set([root]);
  for (const file of files) {
    for (let folder = dirname(file); folder !== '.'; folder = dirname(folder))
      folders.add(join(root, folder));
  }
  for (const folder of folders) await syncFolder(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  await writeFile(`${file}.part`, text, { mode: 0o600, flush: true });
  await rename(`${file}.part`, file);
  await syncFolder(dirname(file));
}

function invalid(detail: string): LakeError {
  return new LakeError(homeErrors.backup_invalid, { detail });
}
