import type { Dirent } from 'node:fs';
import { lstat, opendir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type BucketFolder, type FileFacts, factsOf } from './bucket-folder.ts';
import { diskError, systemCode } from './disk-error.ts';
import { isKeyPart, parsePrefix, RESERVED_FOLDER } from './object-key.ts';

/** Names of one folder held in memory at a time; a larger folder is read again for each further chunk. */
const FOLDER_CHUNK = 2_000;

export interface ListRequest {
  readonly prefix: string;
  /** Gather what follows the prefix up to the next "/" into common prefixes. */
  readonly byFolder: boolean;
  /** Where the previous page ended; null for the first. */
  readonly after: ListPosition | null;
  readonly limit: number;
}

/** The last thing a page named: an object's key, or a common prefix with all that is below it. */
export interface ListPosition {
  readonly name: string;
  readonly isPrefix: boolean;
}

export type ListedEntry =
  | { readonly kind: 'object'; readonly key: string; readonly facts: FileFacts }
  | { readonly kind: 'prefix'; readonly prefix: string };

/**
 * One page of a bucket in the order of the keys' UTF-8 bytes. Objects that are there during the whole listing appear
 * exactly once over the pages; memory holds one page and one chunk per level of folders. Throws `storage.unavailable`.
 */
export async function listObjects(
  bucket: BucketFolder,
  request: ListRequest,
): Promise<{ entries: readonly ListedEntry[]; next: ListPosition | null }> {
  await bucket.requireThere();
  const { folders, start } = parsePrefix(request.prefix);
  const entries: ListedEntry[] = [];
  const base = join(bucket.root, ...folders);
  if (!(await isPlainFolder(base))) return { entries, next: null };
  const walk = new Walk(bucket.root, request.after);
  for await (const entry of walk.entries(folders, { start, byFolder: request.byFolder })) {
    if (entries.length === request.limit) return { entries, next: positionOf(entries.at(-1)) };
    entries.push(entry);
  }
  return { entries, next: null };
}

class Walk {
  readonly #root: string;
  readonly #after: ListPosition | null;

  constructor(root: string, after: ListPosition | null) {
    this.#root = root;
    this.#after = after;
  }

  async *entries(
    folders: readonly string[],
    options: { start: string; byFolder: boolean },
  ): AsyncGenerator<ListedEntry> {
    const above = folders.map((part) => `${part}/`).join('');
    for await (const { name, isFolder } of this.#sorted(folders, options.start)) {
      const key = above + name;
      if (!isFolder) {
        const facts = await this.#factsOf(folders, name);
        if (facts !== null) yield { kind: 'object', key, facts };
      } else if (options.byFolder) {
        if (await this.#holdsObjects([...folders, name])) yield { kind: 'prefix', prefix: `${key}/` };
      } else {
        yield* this.entries([...folders, name], { start: '', byFolder: false });
      }
    }
  }

  /** Entries of a folder beyond the position, in key order: a folder sorts as its name and "/". */
  async *#sorted(
    folders: readonly string[],
    start: string,
  ): AsyncGenerator<{ name: string; isFolder: boolean }> {
    const above = folders.map((part) => `${part}/`).join('');
    let last: Buffer | null = null;
    for (;;) {
      const chunk = new LowestNames(FOLDER_CHUNK);
      for await (const entry of readFolder(join(this.#root, ...folders))) {
        const isFolder = entry.isDirectory();
        if ((!isFolder && !entry.isFile()) || !entry.name.startsWith(start)) continue;
        if (!isKeyPart(entry.name) || (folders.length === 0 && entry.name === RESERVED_FOLDER)) continue;
        const sortName = Buffer.from(isFolder ? `${entry.name}/` : entry.name);
        if (last !== null && Buffer.compare(sortName, last) <= 0) continue;
        if (this.#isBefore(above + entry.name, isFolder)) continue;
        chunk.add({ sortName, name: entry.name, isFolder });
      }
      const names = chunk.sorted();
      yield* names;
      const final = names.at(-1);
      if (final === undefined || !chunk.wasCut) return;
      last = final.sortName;
    }
  }

  /** Whether nothing at or below an entry comes after the position. */
  #isBefore(key: string, isFolder: boolean): boolean {
    const after = this.#after;
    if (after === null) return false;
    if (!isFolder) return after.isPrefix ? precedes(key, after) : compareKeys(key, after.name) <= 0;
    const below = `${key}/`;
    if (after.isPrefix) return below.startsWith(after.name) || compareKeys(below, after.name) < 0;
    return !after.name.startsWith(below) && compareKeys(below, after.name) < 0;
  }

  async #factsOf(folders: readonly string[], name: string): Promise<FileFacts | null> {
    try {
      const stats = await lstat(join(this.#root, ...folders, name), { bigint: true });
      return stats.isFile() ? factsOf(stats) : null;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw diskError(error);
    }
  }

  async #holdsObjects(folders: readonly string[]): Promise<boolean> {
    const whole = new Walk(this.#root, null);
    const first = await whole.entries(folders, { start: '', byFolder: false }).next();
    return first.done !== true;
  }
}

/** Keeps the lowest names it was given, in bounded memory. */
class LowestNames {
  readonly #limit: number;
  #names: { sortName: Buffer; name: string; isFolder: boolean }[] = [];
  wasCut = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(entry: { sortName: Buffer; name: string; isFolder: boolean }): void {
    this.#names.push(entry);
    if (this.#names.length >= 2 * this.#limit) this.#cut();
  }

  sorted() {
    this.#cut();
    return this.#names;
  }

  #cut(): void {
    this.#names.sort((a, b) => Buffer.compare(a.sortName, b.sortName));
    if (this.#names.length > this.#limit) {
      this.#names.length = this.#limit;
      this.wasCut = true;
    }
  }
}

async function* readFolder(path: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(path);
  } catch (error) {
    // Removed or replaced by a file since its parent was read.
    if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw diskError(error);
  }
}

async function isPlainFolder(path: string): Promise<boolean> {
  try {
    return (await realpath(path)) === path && (await lstat(path)).isDirectory();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return false;
    throw diskError(error);
  }
}

function positionOf(entry: ListedEntry | undefined): ListPosition | null {
  if (entry === undefined) return null;
  return entry.kind === 'object'
    ? { name: entry.key, isPrefix: false }
    : { name: entry.prefix, isPrefix: true };
}

function precedes(key: string, prefix: ListPosition): boolean {
  return key.startsWith(prefix.name) || compareKeys(key, prefix.name) < 0;
}

function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
