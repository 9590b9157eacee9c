import { compareTexts } from '../../base/index.ts';
/**
 * One iteration among those of a repository. Rows belong to it by its id; its number alone names none, since two that
 * were run at different places may share one.
 */
export interface IterationKey {
  readonly iteration_id: string;
  readonly iteration: number;
}

/** Earlier iterations first; of one number, by their ids. */
export function byIteration(a: IterationKey, b: IterationKey): number {
  return a.iteration - b.iteration || compareTexts(a.iteration_id, b.iteration_id);
}
