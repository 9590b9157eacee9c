import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LakeError } from '../../base/index.ts';
import { diskError } from './disk-error.ts';
import { storageErrors } from './errors.ts';

/** How much is written between two looks at the free space of the disk. */
const FREE_SPACE_CHECK_BYTES = 64 * 1024 * 1024;
const WRITE_BUFFER_BYTES = 1024 * 1024;

export interface WriteLimits {
  readonly maxBytes: number;
  /** The configuration key that holds the limit, for the refusal. */
  readonly maxBytesKey: string;
  readonly minFreeBytes: number;
}

/** A file that was written whole and is durable under its present name. */
export interface WrittenContent {
  readonly path: string;
  readonly sizeBytes: number;
  /** Base64; null where it was not asked for. */
  readonly md5: string | null;
}

/** A file whose bytes are all written, and that others may read, while the disk still takes them. */
export interface SealedContent extends WrittenContent {
  /** Settles when the bytes are durable (fsync); nothing may refer to the file before. */
  readonly durable: Promise<void>;
}

/** Writes one new file piece by piece. Nothing exists under any other name until someone renames it. */
export interface ContentWriter {
  readonly path: string;
  /** Throws `storage.too_large`, `storage.full`, `storage.unavailable`. */
  write(bytes: Uint8Array): Promise<void>;
  /** Hands all bytes to the system and begins to flush them to the disk; closes after that. */
  seal(): Promise<SealedContent>;
  /** Flushes to the disk (fsync) and closes. */
  finish(): Promise<WrittenContent>;
  /** Closes and removes the file; harmless after `finish`, which it undoes. */
  abandon(): Promise<void>;
}

/** Makes a file that must not exist yet (mode 0600). Throws `storage.full` below the free space that must remain. */
export async function createContentWriter(
  path: string,
  limits: WriteLimits,
  options: { md5?: boolean } = {},
): Promise<ContentWriter> {
  const file = await guarded(async () => {
    await requireFreeSpace(dirname(path), limits.minFreeBytes);
    return open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  });
  return new FileContentWriter(path, file, limits, options.md5 === true);
}

/** Writes a whole stream to a new file; leaves nothing behind when the stream, the disk or a limit ends it early. */
export async function writeContent(
  body: AsyncIterable<Uint8Array>,
  path: string,
  limits: WriteLimits,
  options: { md5?: boolean } = {},
): Promise<WrittenContent> {
  const writer = await createContentWriter(path, limits, options);
  try {
    for await (const chunk of body) await writer.write(chunk);
    return await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

class FileContentWriter implements ContentWriter {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #limits: WriteLimits;
  readonly #md5;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** The write in progress: bytes are received while the ones before them are written. */
  #flushing: Promise<void> = Promise.resolve();
  #sizeBytes = 0;
  #nextSpaceCheckBytes = FREE_SPACE_CHECK_BYTES;
  #closed = false;

  constructor(path: string, file: FileHandle, limits: WriteLimits, md5: boolean) {
    this.path = path;
    this.#file = file;
    this.#limits = limits;
    this.#md5 = md5 ? createHash('md5') : null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#sizeBytes += bytes.byteLength;
    if (this.#sizeBytes > this.#limits.maxBytes) {
      throw new LakeError(storageErrors.too_large, {
        detail: `The content is larger than ${this.#limits.maxBytesKey} = ${this.#limits.maxBytes} bytes.`,
      });
    }
    this.#md5?.update(bytes);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    if (this.#pendingBytes < WRITE_BUFFER_BYTES) return;
    await this.#flushing;
    this.#flushing = this.#flush();
    // Thrown by the next call that waits for it.
    this.#flushing.catch(() => undefined);
  }

  async seal(): Promise<SealedContent> {
    await this.#flushing;
    await this.#flush();
    const durable = guarded(async () => {
      await this.#file.sync();
      await this.#close();
    });
    durable.catch(() => undefined);
    return {
      path: this.path,
      sizeBytes: this.#sizeBytes,
      md5: this.#md5?.digest('base64') ?? null,
      durable,
    };
  }

  async finish(): Promise<WrittenContent> {
    const { durable, ...written } = await this.seal();
    await durable;
    return written;
  }

  async abandon(): Promise<void> {
    await this.#flushing.catch(() => undefined);
    await this.#close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const buffers = this.#pending;
    const expected = this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    await guarded(async () => {
      if (this.#sizeBytes >= this.#nextSpaceCheckBytes) {
        this.#nextSpaceCheckBytes = this.#sizeBytes + FREE_SPACE_CHECK_BYTES;
        await requireFreeSpace(dirname(this.path), this.#limits.minFreeBytes);
      }
      await writeAll(this.#file, buffers, expected);
    });
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}

/** A write may be short without failing; the rest is then written again, so that a full disk shows as its own error. */
async function writeAll(file: FileHandle, buffers: readonly Uint8Array[], expected: number): Promise<void> {
  const { bytesWritten } = await file.writev(buffers);
  if (bytesWritten === expected) return;
  let rest = Buffer.concat(buffers).subarray(bytesWritten);
  while (rest.byteLength > 0) rest = rest.subarray((await file.write(rest)).bytesWritten);
}

async function requireFreeSpace(folder: string, minFreeBytes: number): Promise<void> {
  const disk = await statfs(folder);
  if (disk.bavail * disk.bsize >= minFreeBytes) return;
  throw new LakeError(storageErrors.full, {
    detail: `Less than storage.min_free_bytes = ${minFreeBytes} bytes of disk are free; nothing was kept.`,
  });
}

/** Makes a folder's entries durable: after a rename, a new file or a removal in it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a file that another process wrote durable, and its name too. Returns its size. */
export async function syncFile(path: string): Promise<number> {
  return guarded(async () => {
    const handle = await open(path, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(path));
    return (await stat(path)).size;
  });
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error);
  }
}
