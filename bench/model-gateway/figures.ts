import type { BenchRow } from '../bench-row.ts';

/** A row of ours beside a peer's. */
export function row(name: string, ours: number, peer: number, target: string, unit?: string): BenchRow {
  const ratio = peer === 0 && ours === 0 ? 1 : ours / peer;
  return { name, ours, peer, ratio, target, ...(unit === undefined ? {} : { unit }) };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
