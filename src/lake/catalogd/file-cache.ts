import { RecentMap } from '../../base/index.ts';

/**
 * A bounded cache of what immutable files hold, parsed. The key is the file's path: a file is never changed, so an
 * entry is never stale. The least recently used goes first.
 */
export class FileCache {
  readonly #files: RecentMap<{ readonly value: unknown; readonly costBytes: number }>;

  constructor(limitBytes: number) {
    this.#files = new RecentMap(limitBytes, ({ costBytes }) => costBytes);
  }

  /** The value of the file, parsed once. `load` answers it with its cost, the file's size. */
  async get<T>(path: string, load: () => Promise<{ value: T; costBytes: number }>): Promise<T> {
    const known = this.#files.get(path);
    if (known !== undefined) return known.value as T;
    const loaded = await load();
    this.put(path, loaded.value, loaded.costBytes);
    return loaded.value;
  }

  put(path: string, value: unknown, costBytes: number): void {
    this.#files.put(path, { value, costBytes });
  }
}
