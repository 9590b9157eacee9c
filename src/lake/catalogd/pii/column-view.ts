import type { ColumnName } from './column-name.ts';

/** A column as the kinds see it. */
export interface ColumnView {
  readonly originalName: string;
  readonly name: ColumnName;
  /** Lower-case type name. */
  readonly type: string;
  /** Distinct, trimmed, non-empty, at most `MAX_VALUES` of at most `MAX_TEXT_LENGTH` characters. */
  readonly values: readonly string[];
}

const MAX_VALUES = 400;
const MAX_TEXT_LENGTH = 400;
const MAX_PARTS = 20;

/** Distinct values as text, thinned out evenly; lists and objects count as their parts. */
export function sampledValues(samples: readonly unknown[]): readonly string[] {
  const step = Math.max(1, samples.length / (4 * MAX_VALUES));
  const found = new Set<string>();
  for (let at = 0; at < samples.length && found.size < MAX_VALUES; at += step) {
    for (const text of texts(samples[Math.floor(at)], 0)) {
      const trimmed = text.slice(0, MAX_TEXT_LENGTH).trim();
      if (trimmed !== '') found.add(trimmed);
    }
  }
  return [...found];
}

function texts(value: unknown, depth: number): readonly string[] {
  if (value === null || value === undefined || typeof value === 'boolean') return [];
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? [] : [value.toISOString()];
  if (typeof value !== 'object') return [String(value)];
  if (depth >= 3) return [];
  return Object.values(value)
    .slice(0, MAX_PARTS)
    .flatMap((part) => texts(part, depth + 1));
}
