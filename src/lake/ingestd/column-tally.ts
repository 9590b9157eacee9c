import { type CellType, cellTypeOf, joinTypes } from './value-type.ts';

/** A value that fits no better type than text is tolerated as a fault of its row up to one in so many. */
const TOLERATED_ONE_IN = 100;

/** Digits that lose something as a number: leading zeros, a plus sign. */
const CODE = /^(?:[-+]?0\d|\+\d)[\d ()./-]*$/;

/** Counts what the texts of one column can be read as, and decides its type for the whole file. */
export class ColumnTally {
  readonly #counts = new Map<CellType, number>();
  #values = 0;
  #hasLongInteger = false;
  #hasCodes = false;

  add(text: string | null): void {
    if (text === null || text === '') return;
    const type = cellTypeOf(text);
    this.#values++;
    this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1);
    if (type === 'string' && CODE.test(text)) this.#hasCodes = true;
    // More than 15 digits do not survive as a double beside fractions.
    if (type === 'long' && text.length > 15) this.#hasLongInteger = true;
  }

  /**
   * The type that reads every value, or, where nearly all values are of one better type than text, that type: the few
   * others are then faults of their rows. `strict` tolerates none.
   */
  type(policy: 'strict' | 'abort' | 'quarantine'): CellType {
    if (this.#values === 0) return 'string';
    const all = this.#join([...this.#counts.keys()]);
    // `00501` among numbers shows that the column holds codes, not that a row is wrong.
    if (all !== 'string' || policy === 'strict' || this.#hasCodes) return all;
    const texts = this.#counts.get('string') ?? 0;
    const typed = this.#join([...this.#counts.keys()].filter((type) => type !== 'string'));
    const tolerated = Math.floor(this.#values / TOLERATED_ONE_IN);
    const limit = policy === 'quarantine' && this.#values >= 3 ? Math.max(1, tolerated) : tolerated;
    return texts > 0 && texts <= limit ? typed : 'string';
  }

  #join(types: readonly CellType[]): CellType {
    const [first, ...others] = types;
    if (first === undefined) return 'string';
    return others.reduce((joined, type) => joinTypes(joined, type, !this.#hasLongInteger), first);
  }
}
