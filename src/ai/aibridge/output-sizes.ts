import { RecentMap } from '../../base/index.ts';

/** How long answers of a task have been, by model, so that a hold need not cover the longest one a model could write. */
export interface OutputSizes {
  observe(task: string, model: string, outputTokens: number): void;
  /** A size that answers of the task rarely pass; null before enough were seen. */
  usual(task: string, model: string): number | null;
}

const KEPT = 256;
const ENOUGH = 20;
/** Tasks and models remembered. */
const MAX_KEYS = 4_096;
const RANK = 0.95;
/** An answer beyond the rank is not cut at once. */
const HEADROOM = 2;
const LEAST_TOKENS = 256;

export function createOutputSizes(): OutputSizes {
  const seen = new RecentMap<number[]>(MAX_KEYS);
  return {
    observe(task, model, outputTokens) {
      const key = JSON.stringify([task, model]);
      const sizes = seen.get(key) ?? [];
      sizes.push(outputTokens);
      if (sizes.length > KEPT) sizes.shift();
      seen.put(key, sizes);
    },
    usual(task, model) {
      const sizes = seen.get(JSON.stringify([task, model])) ?? [];
      if (sizes.length < ENOUGH) return null;
      const ranked = sizes.toSorted((a, b) => a - b);
      const size = ranked[Math.ceil(RANK * ranked.length) - 1] ?? LEAST_TOKENS;
      return Math.max(LEAST_TOKENS, HEADROOM * size);
    },
  };
}
