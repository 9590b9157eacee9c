import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { LakeError } from '../base/index.ts';
import { homeErrors } from './errors.ts';
import { requireFormat } from './format.ts';
import { homeLayout } from './layout.ts';

interface BackupManifest {
  readonly version: 1;
  readonly createdMs: number;
  /** Path below the backup, with `/`, → SHA-256 and size. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly sizeBytes: number }>>;
}

export interface BackupReport {
  readonly files: number;
  readonly sizeBytes: number;
  readonly journalEvents: number;
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
  /** Verifies the journal of a home that no server uses; throws where it does not hold. */
  verifyJournal(home: string): Promise<{ readonly events: number }>;
  readonly nowMs: () => number;
  onProgress(done: { readonly files: number; readonly sizeBytes: number }): void;
}

/** Not copied: spill is scratch, and the store's own files are replaced by its consistent copy. */
const LEFT_OUT = new Set(['store', join('system', 'spill')]);

/**
 * Copies a home, also one that is being served. The store is copied first: data files are written before the pointer
 * that names them and removed only after a grace period, so every file the copied store names is still there.
 */
export async function backupHome(home: string, target: string, ports: BackupPorts): Promise<BackupReport> {
  requireFormat(home);
  await requireEmpty(target);
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
  for (const path of await filesBelow(home, '')) {
    // A temporary file may go away while the home is in use; whatever the store names does not.
    const isThere = copiedFirst.includes(path) ? existsSync(join(target, path)) : await copyHomeFile(path);
    if (isThere) await record(path);
  }
  const { events } = await ports.verifyJournal(target);
  const manifest: BackupManifest = { version: 1, createdMs: ports.nowMs(), files };
  await writeDurably(join(target, 'backup.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  return { files: Object.keys(files).length, sizeBytes, journalEvents: events };
}

/** Makes a home of a backup after checking every file's SHA-256 and the journal's chain; nothing is left on a refusal. */
export async function restoreHome(backup: string, home: string, ports: BackupPorts): Promise<BackupReport> {
  await requireEmpty(home);
  const manifest = await readManifest(backup);
  let sizeBytes = 0;
  let files = 0;
  try {
    for (const [path, expected] of Object.entries(manifest.files)) {
      const target = join(home, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await copyFile(join(backup, path), target).catch(() => undefined);
      const found = existsSync(target) ? await digest(target) : null;
      if (found?.sha256 !== expected.sha256)
        throw invalid(`The file ${path} is missing or differs from what was backed up.`);
      sizeBytes += found.sizeBytes;
      files += 1;
      ports.onProgress({ files, sizeBytes });
    }
    requireFormat(home);
    const { events } = await ports.verifyJournal(home);
    return { files, sizeBytes, journalEvents: events };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function readManifest(backup: string): Promise<BackupManifest> {
  const text = await readFile(join(backup, 'backup.json'), 'utf8').catch(() => null);
  if (text === null) throw invalid('There is no backup.json: this is not a backup, or it was not finished.');
  const manifest: BackupManifest = JSON.parse(text);
  const escapes = (path: string) =>
    path.split('/').some((part) => part === '..' || part === '' || part.includes('\\'));
  if (manifest.version !== 1 || Object.keys(manifest.files).some(escapes))
    throw invalid('backup.json is not readable.');
  return manifest;
}

async function filesBelow(home: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(home, folder), { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      if (LEFT_OUT.has(path)) return [];
      if (entry.isDirectory()) return filesBelow(home, path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return found.flat().sort();
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function digest(file: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), sizeBytes };
}

async function writeDurably(file: string, text: string): Promise<void> {
  await writeFile(`${file}.part`, text, { mode: 0o600, flush: true });
  await rename(`${file}.part`, file);
  const folder = await open(dirname(file));
  await folder.sync();
  await folder.close();
}

async function requireEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length === 0) return;
  throw new LakeError(homeErrors.already_a_home, {
    detail: 'The target folder is not empty; choose a new one.',
  });
}

function invalid(detail: string): LakeError {
  return new LakeError(homeErrors.backup_invalid, { detail });
}
