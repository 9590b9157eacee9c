import type { FileHandle } from 'node:fs/promises';
import { LakeError } from '../../base/index.ts';
import { diskError } from './disk-error.ts';
import { storageErrors } from './errors.ts';

const READ_BYTES = 256 * 1024;

/**
 * The bytes of an open file from `first` to `last`, read as they are asked for; closes the file at the end, on failure
 * and on `return()`, also when reading never began. The open file stays the one that was judged, whatever takes its name.
 */
export class FileContent implements AsyncIterableIterator<Uint8Array> {
  readonly #file: FileHandle;
  #position: number;
  readonly #end: number;
  #open = true;

  constructor(file: FileHandle, range: { first: number; last: number }) {
    this.#file = file;
    this.#position = range.first;
    this.#end = range.last + 1;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#open || this.#position >= this.#end) return this.return();
    try {
      const wanted = Math.min(READ_BYTES, this.#end - this.#position);
      const { bytesRead, buffer } = await this.#file.read(
        Buffer.allocUnsafe(wanted),
        0,
        wanted,
        this.#position,
      );
      if (bytesRead === 0) {
        throw new LakeError(storageErrors.object_changed, {
          detail: 'The object became shorter while it was read; read it again.',
        });
      }
      this.#position += bytesRead;
      return { done: false, value: buffer.subarray(0, bytesRead) };
    } catch (error) {
      await this.return();
      throw diskError(error);
    }
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (this.#open) {
      this.#open = false;
      await this.#file.close();
    }
    return { done: true, value: undefined };
  }
}
