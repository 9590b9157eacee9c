import type { IdGenerator, Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import { type Identity, identityLabel } from '../scope/index.ts';
import type { HeldAnswer, HeldForReview } from './truth.ts';

/** Largest answer that is kept for a review; a larger one is refused outright. */
export const MAX_REVIEWED_BYTES = 4_194_304;

/** What keeps an answer until a person decides, for the transaction that closes its request. */
export function reviewHeld(reader: MetastoreReader, ids: IdGenerator, held: HeldAnswer): HeldForReview {
  const reviewId = ids.next();
  return { reviewId, statement: inserted(reader, reviewId, held) };
}

function inserted(reader: MetastoreReader, reviewId: string, held: HeldAnswer): Statement {
  return statement(
    reader.queries.insertInto('truth_reviews').values({
      review_id: reviewId,
      request_id: held.requestId,
      created_ms: Math.floor(held.nowMs),
      operation: held.operation,
      identity: identityLabel(held.identity),
      rules_json: JSON.stringify(held.rules),
      content_type: held.contentType,
      answer_base64: Buffer.from(held.bytes).toString('base64'),
      state: 'pending',
      decided_ms: null,
      decided_by: null,
      reason: null,
    }),
  );
}

/** Forgets answers nobody decided on, and those decided on, after the retention. */
export function reviewRetention(reader: MetastoreReader, oldestMs: number): Statement {
  return statement(reader.queries.deleteFrom('truth_reviews').where('created_ms', '<', Math.floor(oldestMs)));
}

/** Whether a review is of this caller's own request. */
export function isRequester(row: { readonly identity: string }, identity: Identity): boolean {
  return row.identity === identityLabel(identity);
}

/**
 * Whether a caller stands behind a request, as who asked, as the person asked for, or as the agent that asked: none of
 * them decides on it. Compares names within the label, so that a name that reads like a pair is refused too often rather
 * than too rarely.
 */
export function isInvolved(row: { readonly identity: string }, identity: Identity): boolean {
  const behind = new Set([row.identity, ...row.identity.split(' for ')]);
  return isRequester(row, identity) || namesOf(identity).some((name) => behind.has(name));
}

function namesOf(identity: Identity): readonly string[] {
  const { name, onBehalfOf } = identity;
  return onBehalfOf === null ? [name] : [name, onBehalfOf.name];
}
