/** Numbers and choices that a seed decides. */
export interface Draw {
  below(limit: number): number;
  of<T>(values: readonly T[]): T;
}

/** Numbers that depend on the seed alone (mulberry32), so that any slice of a table can be made again. */
export function createDraw(seed: number): Draw {
  let state = Math.imul(seed, 0x9e3779b1) | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => next() % limit;
  return { below, of: <T>(values: readonly T[]) => values[below(values.length)] as T };
}

/** A day of the year, `2027-03-09`. */
export function date(year: number, draw: Draw): string {
  return `${year}-${pad(1 + draw.below(12), 2)}-${pad(1 + draw.below(28), 2)}`;
}

/** The number with leading zeros. */
export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
