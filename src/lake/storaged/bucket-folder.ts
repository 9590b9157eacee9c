import { type BigIntStats, constants } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LakeError } from '../../base/index.ts';
import { syncFolder } from './content-writer.ts';
import { diskError, systemCode } from './disk-error.ts';
import { storageErrors } from './errors.ts';
import { type ObjectKey, RESERVED_FOLDER } from './object-key.ts';

/** A file can be replaced between two looks at it; after so many replacements in a row the caller is asked to come back. */
const MAX_LOOKS = 16;

/** What the file system says of an object's file. */
export interface FileFacts {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Inode, size and time of change: another file, or a file written to again, has another identity. */
  readonly identity: string;
}

export interface OpenFile extends FileFacts {
  readonly file: FileHandle;
}

/**
 * One bucket as a folder of the local disk. Paths are made of a key's parts below the folder's real path, and only
 * regular files reached without any symbolic link are objects.
 */
export class BucketFolder {
  readonly name: string;
  /** The real path of the folder. */
  readonly root: string;

  constructor(name: string, root: string) {
    this.name = name;
    this.root = root;
  }

  /** Throws `storage.unavailable` where the folder itself is away: nothing can be said then of what is in it. */
  async requireThere(): Promise<void> {
    const stats = await lstat(this.root).catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw diskError(error);
    });
    if (stats?.isDirectory()) return;
    throw new LakeError(storageErrors.unavailable, {
      detail: `The folder of the bucket "${this.name}" is not there; its disk may be unmounted.`,
    });
  }

  /** Opens an object's file; null where there is none. The caller closes it. */
  async open(key: ObjectKey): Promise<OpenFile | null> {
    const path = this.pathOf(key);
    for (let look = 0; look < MAX_LOOKS; look++) {
      const file = await openNoFollow(path);
      if (file === null) {
        await this.requireThere();
        return null;
      }
      try {
        const stats = await file.stat({ bigint: true });
        const standing = await this.#isOwnFile(path, stats);
        if (standing === 'same') return { file, ...factsOf(stats) };
        await file.close();
        if (standing === 'outside') return null;
      } catch (error) {
        await file.close().catch(() => undefined);
        throw diskError(error);
      }
    }
    throw new LakeError(storageErrors.object_changed, {
      detail: 'The object keeps being replaced; try again.',
    });
  }

  async facts(key: ObjectKey): Promise<FileFacts | null> {
    const opened = await this.open(key);
    if (opened === null) return null;
    await opened.file.close();
    return { sizeBytes: opened.sizeBytes, modifiedMs: opened.modifiedMs, identity: opened.identity };
  }

  /** A new path for an upload in progress, on the bucket's own disk so that it can be renamed into place. */
  async temporaryPath(id: string): Promise<string> {
    const folder = this.#temporaryFolder();
    try {
      // The bucket itself is not made anew: while its disk is away, nothing may be written in its place.
      await makeFolder(dirname(folder));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if ((await realpath(folder)) !== folder) throw linked();
    } catch (error) {
      throw diskError(error);
    }
    return join(folder, id);
  }

  /**
   * Makes a finished temporary file the object: rename, then fsync of every folder that changed. **The rename is the
   * moment the object becomes visible.**
   */
  async place(temporaryPath: string, key: ObjectKey): Promise<void> {
    const path = this.pathOf(key);
    try {
      for (let look = 0; ; look++) {
        const changed = await this.#makeFolders(key);
        try {
          await refuseFolder(path);
          await rename(temporaryPath, path);
        } catch (error) {
          // A delete of the last neighbour may have taken the emptied folder away in between.
          if (systemCode(error) === 'ENOENT' && look < MAX_LOOKS) continue;
          throw error;
        }
        for (const folder of new Set([dirname(path), ...changed])) await syncFolder(folder);
        return;
      }
    } catch (error) {
      throw placeError(error);
    }
  }

  /** Makes an object's name, or that it is gone, durable: fsync of every folder above it that is there. */
  async syncNames(key: ObjectKey): Promise<void> {
    for (let depth = key.parts.length - 1; depth >= 0; depth--) {
      try {
        await syncFolder(join(this.root, ...key.parts.slice(0, depth)));
      } catch (error) {
        if (!isAbsent(error)) throw diskError(error);
      }
    }
  }

  /** Removes an object durably, and the folders it leaves empty; false where there is none. */
  async remove(key: ObjectKey): Promise<boolean> {
    if ((await this.facts(key)) === null) return false;
    const path = this.pathOf(key);
    try {
      await unlink(path);
      await syncFolder(dirname(path));
      for (let depth = key.parts.length - 1; depth > 0; depth--) {
        await rmdir(join(this.root, ...key.parts.slice(0, depth)));
      }
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT') return true;
      throw diskError(error);
    }
  }

  /** Removes uploads that never became objects. Called at start, before anything is served. */
  async sweepTemporary(): Promise<number> {
    const names = await readdir(this.#temporaryFolder()).catch(() => []);
    for (const name of names) await rm(join(this.#temporaryFolder(), name), { force: true, recursive: true });
    return names.length;
  }

  /** Whether an upload's temporary file is still waiting to be placed. */
  async hasTemporary(id: string): Promise<boolean> {
    return lstat(join(this.#temporaryFolder(), id)).then(
      () => true,
      () => false,
    );
  }

  pathOf(key: ObjectKey): string {
    return join(this.root, ...key.parts);
  }

  #temporaryFolder(): string {
    return join(this.root, RESERVED_FOLDER, 'uploads');
  }

  /**
   * Whether the opened file is what the path names without any link on the way. The path is resolved after the file
   * was opened: a folder swapped for a link in between leads to another real path or another inode.
   */
  async #isOwnFile(path: string, opened: BigIntStats): Promise<'same' | 'replaced' | 'outside'> {
    if (!opened.isFile()) return 'outside';
    try {
      if ((await realpath(path)) !== path) return 'outside';
      const named = await lstat(path, { bigint: true });
      return named.ino === opened.ino && named.dev === opened.dev ? 'same' : 'replaced';
    } catch (error) {
      if (isAbsent(error)) return 'replaced';
      throw error;
    }
  }

  /** Makes the folders above a key one by one, refusing links; returns the folders that got a new entry. */
  async #makeFolders(key: ObjectKey): Promise<readonly string[]> {
    const changed: string[] = [];
    let folder = this.root;
    for (const part of key.parts.slice(0, -1)) {
      const parent = folder;
      folder = join(parent, part);
      try {
        await mkdir(folder, { mode: 0o700 });
        changed.push(parent);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
        const stats = await lstat(folder);
        if (stats.isSymbolicLink()) throw linked();
        if (!stats.isDirectory()) throw conflict(key);
      }
    }
    return changed;
  }
}

/** Metadata of a file as the listing and the records know it. */
export function factsOf(stats: BigIntStats): FileFacts {
  return {
    sizeBytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeMs),
    identity: `${stats.ino}:${stats.size}:${stats.mtimeNs}`,
  };
}

/** The facts of the file at a path; null where none lies there, or a link took its place. */
export async function factsOfFile(path: string): Promise<FileFacts | null> {
  const stats = await lstat(path, { bigint: true }).catch(() => null);
  return stats?.isFile() ? factsOf(stats) : null;
}

async function openNoFollow(path: string): Promise<FileHandle | null> {
  try {
    // Non-blocking, so that a pipe someone put into the folder does not hang the request.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw diskError(error);
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
}

async function refuseFolder(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => null);
  if (stats?.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'ENAMETOOLONG'].includes(systemCode(error) ?? '');
}

function placeError(error: unknown): LakeError {
  if (['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) {
    return new LakeError(storageErrors.key_conflict, {
      detail: 'The key names a folder that holds other objects, or a part of it names an object.',
      cause: error,
    });
  }
  return diskError(error);
}

function conflict(key: ObjectKey): LakeError {
  return new LakeError(storageErrors.key_conflict, {
    detail: `A part of the key "${key.text}" already names an object, which cannot hold others.`,
  });
}

function linked(): LakeError {
  return new LakeError(storageErrors.invalid_key, {
    detail: 'A part of the key names a symbolic link; links are never followed.',
  });
}
