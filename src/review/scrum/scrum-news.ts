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
    }
  | {
      readonly kind: 'case';
      readonly calibrationId: string;
      readonly caseSha256: string;
      readonly repository: string;
      readonly path: string;
      /** `model: outcome`, of each model. */
      readonly outcomes: readonly string[];
    }
  | {
      readonly kind: 'calibrated';
      readonly calibrationId: string;
      readonly repository: string;
      readonly models: readonly {
        readonly model: string;
        readonly caught: number;
        readonly missed: number;
        readonly false_alarms: number;
        readonly trust_after: number;
      }[];
    };
