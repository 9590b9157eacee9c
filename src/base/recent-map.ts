/**
 * A bounded map in the order of last use: what was put or asked for longest ago is forgotten first. An entry that is larger
 * than `largest` is not kept.
 */
export class RecentMap<T> {
  readonly #entries = new Map<string, T>();
  readonly #capacity: number;
  readonly #sizeOf: (value: T, key: string) => number;
  readonly #largest: number;
  #size = 0;

  /** `capacity` in the unit of `sizeOf`; entries, where every entry is as large as any other. */
  constructor(capacity: number, sizeOf: (value: T, key: string) => number = () => 1, largest = Infinity) {
    this.#capacity = capacity;
    this.#sizeOf = sizeOf;
    this.#largest = largest;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Answers the value. */
  put(key: string, value: T): T {
    this.#forget(key);
    const size = this.#sizeOf(value, key);
    if (size > this.#largest) return value;
    this.#entries.set(key, value);
    this.#size += size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= this.#capacity) break;
      this.#forget(oldest);
    }
    return value;
  }

  #forget(key: string): void {
    const value = this.#entries.get(key);
    if (value === undefined) return;
    this.#entries.delete(key);
    this.#size -= this.#sizeOf(value, key);
  }
}
