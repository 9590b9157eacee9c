import { type Clock, isLakeError, LakeError, type Statement } from '../base/index.ts';
import type { Truth } from '../govern/truth/index.ts';
import type { Journal } from '../lake/journald/index.ts';
import { doorErrors } from './errors.ts';
import { type Audited, marksOf } from './steps/audit.ts';

/** What a request's last transaction keeps, so that a person can decide on the answer. */
export interface ReviewHold {
  readonly statements: readonly Statement[];
  /** The refusal, which names the review. */
  readonly refusal: LakeError;
}

/** Whether a refusal says that a person must look at the answer first. */
export function isReviewRequired(error: unknown): error is LakeError {
  return isLakeError(error) && error.code === doorErrors.review_required.code;
}

/**
 * Keeps an answer that a rule wants reviewed: the answer and its journal event go into the transaction that closes the
 * request's row. Null for any other refusal. Call right before that commit.
 */
export function holdForReview(parts: {
  readonly error: unknown;
  readonly held: { readonly contentType: string; readonly bytes: Uint8Array };
  readonly audited: Audited;
  readonly truth: Truth;
  readonly journal: Journal;
  readonly clock: Clock;
}): ReviewHold | null {
  const { error, held, audited } = parts;
  if (!isReviewRequired(error)) return null;
  const { grant } = audited.judged;
  const { call, operation, identity } = grant.resolution.request.caller;
  const rules = marksOf(error) ?? [];
  const requestId = call.requestId;
  const kept = parts.truth.holdForReview({
    requestId,
    nowMs: parts.clock.nowMs(),
    operation: operation.name,
    identity,
    rules,
    ...held,
  });
  if (kept === null) return null;
  const event = parts.journal.append(
    {
      action: 'review.requested',
      subject: `review:${kept.reviewId}`,
      data: { request_id: requestId, rules: rules.map(({ rule, action }) => ({ rule, action })) },
    },
    {
      requestId,
      operation: operation.name,
      door: call.door,
      identity,
      policyVersion: grant.policyVersion,
      phase: 'done',
      intentId: null,
      truth: rules,
    },
  );
  return {
    statements: [kept.statement, ...event.statements],
    refusal: new LakeError(doorErrors.review_required, {
      detail:
        `${error.detail} The answer is held as review ${kept.reviewId}; once a person approves it, fetch it with ` +
        `GET /truth/reviews/${kept.reviewId}/answer.`,
      data: { ...error.data, review_id: kept.reviewId },
      cause: error,
    }),
  };
}
