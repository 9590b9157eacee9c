import { constants, mkdirSync } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isUuid, LakeError } from '../../base/index.ts';
import { catalogErrors } from './errors.ts';

const SCHEME = 'file://';

/**
 * The folder of all tables: `<home>/warehouse/<dataset id>/{data,metadata}`. Paths inside are ids, never names, so
 * that no name reaches the file system. Files are written once and never changed.
 */
export class Warehouse {
  readonly #folder: string;

  constructor(home: string) {
    this.#folder = join(home, 'warehouse');
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  dataFolder(datasetId: string): string {
    return join(this.#tableFolder(datasetId), 'data');
  }

  metadataPath(datasetId: string, file: string): string {
    return join(this.#tableFolder(datasetId), 'metadata', file);
  }

  /** A new table's location. */
  location(datasetId: string): string {
    return SCHEME + this.#tableFolder(datasetId);
  }

  /**
   * How a file is named inside a table's metadata. A home may have moved since the table was made: its files are
   * named under the location it was made with, and `pathOf` finds them where the home is now.
   */
  locationOf(path: string, tableLocation: string): string {
    const inside = this.#folder + sep;
    if (!path.startsWith(inside)) return SCHEME + path;
    return `${parentOf(tableLocation)}/${path.slice(inside.length).split(sep).join('/')}`;
  }

  /** The file a location of a table's metadata names. */
  pathOf(location: string, tableLocation: string): string {
    const inside = `${parentOf(tableLocation)}/`;
    if (location.startsWith(inside)) return join(this.#folder, location.slice(inside.length));
    return location.startsWith(SCHEME) ? location.slice(SCHEME.length) : location;
  }

  /** Whether the file was written here, with field ids, rather than registered in place. */
  holds(path: string): boolean {
    return path.startsWith(this.#folder + sep);
  }

  /**
   * The folders of a table. The warehouse itself is made at the start alone: while its disk is away, nothing may be written
   * in its place that is gone when the disk comes back.
   */
  async prepareFolders(datasetId: string): Promise<void> {
    try {
      await makeFolder(this.#tableFolder(datasetId));
      await mkdir(this.dataFolder(datasetId), { recursive: true, mode: 0o700 });
      await mkdir(this.metadataPath(datasetId, ''), { recursive: true, mode: 0o700 });
      await syncFolder(this.#tableFolder(datasetId));
      await syncFolder(this.#folder);
    } catch (cause) {
      throw writeFailure(cause);
    }
  }

  /**
   * Writes metadata files durably: each under a temporary name and fsynced, then all renamed, then the folder
   * fsynced. None is visible to a reader before the pointer names it: **the store's transaction is the commit point.**
   */
  async writeMetadata(
    datasetId: string,
    files: readonly { readonly file: string; readonly bytes: string | Uint8Array }[],
  ): Promise<void> {
    const temporary = (file: string) => this.metadataPath(datasetId, `.${file}.tmp`);
    try {
      await settled(files.map(({ file, bytes }) => writeSynced(temporary(file), bytes)));
      for (const { file } of files) await rename(temporary(file), this.metadataPath(datasetId, file));
      await syncFolder(this.metadataPath(datasetId, ''));
    } catch (cause) {
      for (const { file } of files) {
        await rm(temporary(file), { force: true }).catch(() => undefined);
        await rm(this.metadataPath(datasetId, file), { force: true }).catch(() => undefined);
      }
      throw writeFailure(cause);
    }
  }

  async removeMetadata(datasetId: string, files: readonly string[]): Promise<void> {
    for (const file of files) await rm(this.metadataPath(datasetId, file), { force: true });
  }

  /** The bytes of a metadata file. Throws `catalog.files_missing`. */
  async read(path: string): Promise<Buffer> {
    try {
      return await readFile(path);
    } catch (cause) {
      throw new LakeError(catalogErrors.files_missing, {
        detail: 'A metadata file of this dataset cannot be read.',
        cause,
      });
    }
  }

  /** Null for a file that is not there. */
  async sizeOf(path: string): Promise<number | null> {
    const found = await stat(path).catch(() => null);
    return found?.isFile() ? found.size : null;
  }

  async exists(path: string): Promise<boolean> {
    try {
      await access(path, constants.R_OK);
      return true;
    } catch {
      return false;
    }
  }

  /** Every file below the warehouse with its dataset's id and times; temporary files included. */
  async *files(): AsyncGenerator<{ datasetId: string; path: string; sizeBytes: number; modifiedMs: number }> {
    for (const datasetId of await entriesOf(this.#folder)) {
      if (!isUuid(datasetId)) continue;
      for (const part of ['data', 'metadata']) {
        const folder = join(this.#tableFolder(datasetId), part);
        for (const file of await entriesOf(folder)) {
          const path = join(folder, file);
          const found = await stat(path).catch(() => null);
          if (found?.isFile()) {
            yield { datasetId, path, sizeBytes: found.size, modifiedMs: found.mtimeMs };
          }
        }
      }
    }
  }

  async remove(path: string): Promise<void> {
    await unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  #tableFolder(datasetId: string): string {
    return join(this.#folder, datasetId);
  }
}

/** Waits for all before it throws, so that none writes on into a folder that is being cleaned. */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function writeFailure(cause: unknown): LakeError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new LakeError(isFull ? catalogErrors.disk_full : catalogErrors.write_failed, {
    detail: 'The metadata of the change could not be written; nothing was changed.',
    cause,
  });
}

function parentOf(location: string): string {
  return location.slice(0, location.lastIndexOf('/'));
}

async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

async function writeSynced(path: string, bytes: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
