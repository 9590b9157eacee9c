const WORDS = 'zero one two three four five six seven eight nine ten eleven twelve'.split(' ');

/** A whole number as people write it: `14`, `1,107`, `nine`. */
export const WHOLE = String.raw`(?:(?<![\d.,])(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?![\d.]*\d))|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b)`;

/** A number with or without decimals: `3.56`, `1,234.5`, `14`. */
export const DECIMAL = String.raw`(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)`;

/** A number of a text; NaN where it is none. */
export function numberOf(text: string): number {
  const word = WORDS.indexOf(text.toLowerCase());
  return word >= 0 ? word : Number(text.replaceAll(',', '').replaceAll('−', '-'));
}

export function decimalsOf(text: string): number {
  return /\.(\d+)/.exec(text)?.[1]?.length ?? 0;
}

/** Whether two numbers differ by no more than rounding to so many decimals explains. */
export function isWithinRounding(one: number, other: number, decimals: readonly number[]): boolean {
  const allowed = decimals.reduce((sum, count) => sum + (count === 0 ? 0 : 0.5 * 10 ** -count), 0);
  return Math.abs(one - other) <= allowed + 1e-9;
}

/** Whether the words before a number say that it is not exact. */
export function isApproximate(before: string): boolean {
  return /(?:\b(?:about|around|some|nearly|almost|over|under|up to|at least|at most|more than|less than|roughly|approximately|circa)|[~≈<>≤≥±])\s*$/i.test(
    before,
  );
}
