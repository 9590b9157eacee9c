import type { PendingReview } from './iteration-records.ts';
import type { Attempt } from './review-passes.ts';

/** What the room tells of, once it is kept: nothing of a reviewed text. */
export type ScrumNews =
  | { readonly kind: 'file'; readonly review: PendingReview; readonly attempts: readonly Attempt[] }
  | {
      readonly kind: 'finished';
      readonly iterationId: string;
      readonly iteration: number;
      readonly repository: string;
      readonly reviews: number;
      readonly noVerdict: number;
      readonly findings: number;
      readonly costUsd: number;
    };
