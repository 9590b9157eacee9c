/**
 * A bounded cache of what immutable files hold, parsed. The key is the file's path: a file is never changed, so an
 * entry is never stale. The least recently used goes first.
 */
export class FileCache {
  readonly #entries = new Map<string, { readonly value: unknown; readonly costBytes: number }>();
  readonly #limitBytes: number;
  #usedBytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The value of the file, parsed once. `load` answers it with its cost, the file's size. */
  async get<T>(path: string, load: () => Promise<{ value: T; costBytes: number }>): Promise<T> {
    const known = this.#entries.get(path);
    if (known !== undefined) {
      this.#entries.delete(path);
      this.#entries.set(path, known);
      return known.value as T;
    }
    const loaded = await load();
    this.put(path, loaded.value, loaded.costBytes);
    return loaded.value;
  }

  put(path: string, value: unknown, costBytes: number): void {
    const before = this.#entries.get(path);
    if (before !== undefined) this.#usedBytes -= before.costBytes;
    this.#entries.delete(path);
    this.#entries.set(path, { value, costBytes });
    this.#usedBytes += costBytes;
    for (const [oldest, entry] of this.#entries) {
      if (this.#usedBytes <= this.#limitBytes) break;
      this.#entries.delete(oldest);
      this.#usedBytes -= entry.costBytes;
    }
  }
}
