// Figures of the packages as models.json writes them.

/** Dollars per token as dollars per million, by moving the decimal point; undefined for what is no price. */
export function usdPerMillion(perToken: unknown): number | undefined {
  if (typeof perToken !== 'number' || !(perToken >= 0) || perToken > 0.01) return undefined;
  const [mantissa = '', exponent = '0'] = String(perToken).split('e');
  return Number(`${mantissa}e${Number(exponent) + 6}`);
}

/** A number of tokens; null for what is none. */
export function tokensFrom(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 100_000_000
    ? value
    : null;
}

/** The object without members that are undefined. */
export function withoutUndefined<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [K in keyof T]: Exclude<T[K], undefined> };
}
