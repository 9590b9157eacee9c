import type { ReviewRow } from './review-row.ts';

/** How far scores of unchanged input scatter under one bar. */
export interface NoiseFloor {
  readonly bar_hash: string;
  /** Standard deviation of replicates of one blob, pooled over blobs; null where none was read twice. */
  readonly sigma: number | null;
  /** Degrees of freedom behind it. */
  readonly freedom: number;
}

/** A change smaller than this is nobody's improvement, however quiet the reader. */
const LEAST_CHANGE = 1.5;

/** The noise of every bar. Rows that carry over a reading of unchanged input count once. */
export function noiseFloors(reviews: readonly ReviewRow[]): ReadonlyMap<string, NoiseFloor> {
  const byBar = Map.groupBy(reviews, ({ bar_hash: bar }) => bar);
  return new Map([...byBar].map(([bar, rows]) => [bar, noiseOf(bar, rows)]));
}

/** τ = max(1.5, 2σ√(2/k)): what the medians of k replicates must differ by to be called a change. */
export function changeThreshold(sigma: number | null, replicates: number): number {
  return Math.max(LEAST_CHANGE, 2 * (sigma ?? 0) * Math.sqrt(2 / Math.max(1, replicates)));
}

function noiseOf(bar: string, rows: readonly ReviewRow[]): NoiseFloor {
  const readings = new Map(
    rows.map(({ path, packed_hash: packed, scores }) => [`${path}\n${packed}\n${scores.join()}`, scores]),
  );
  // Sums of floating-point numbers depend on their order, and the order of rows must not matter.
  const sorted = [...readings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, scores]) => scores);
  let squares = 0;
  let freedom = 0;
  for (const scores of sorted.filter(({ length }) => length > 1)) {
    const mean = meanOf(scores) ?? 0;
    squares += scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
    freedom += scores.length - 1;
  }
  return { bar_hash: bar, sigma: freedom === 0 ? null : Math.sqrt(squares / freedom), freedom };
}

/** The mean; null of none. Adds from the least, so that equal numbers in any order have one mean. */
export function meanOf(numbers: readonly number[]): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
}
