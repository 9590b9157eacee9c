import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { TruthReviewRow } from '../../../metastore/tables/truth.ts';
import {
  type AnyOperation,
  identityLabel,
  mutationOperation,
  permissionRule,
  readOperation,
} from '../../scope/index.ts';
import { truthErrors } from '../errors.ts';
import { isInvolved, isRequester } from '../reviews.ts';

export interface ReviewParts {
  readonly reader: MetastoreReader;
  readonly clock: Clock;
}

const STATES = ['pending', 'approved', 'rejected'] as const;
const noTruth = {
  before: { none: 'A decision of a person about a rule.' },
  after: { none: 'A decision of a person about a rule.' },
} as const;
const reviewId = z.string().min(1).max(64);

const shownReview = z.strictObject({
  review_id: z.string(),
  request_id: z.string(),
  created_at: z.string(),
  operation: z.string(),
  identity: z.string(),
  rules: z.array(z.strictObject({ rule: z.string(), action: z.string() })),
  state: z.enum(STATES),
  decided_by: z.string().nullable(),
  decided_at: z.string().nullable(),
  reason: z.string().nullable(),
});

/** `truth.reviews`: what waits for a decision, or was decided. */
export function listReviews({ reader }: ReviewParts): AnyOperation {
  return readOperation({
    name: 'truth.reviews',
    summary: 'List answers held for review',
    description: 'Answers that a rule held back, newest first; without their content.',
    input: z.strictObject({
      state: z.enum(STATES).default('pending'),
      limit: z.int().min(1).max(1_000).default(100),
    }),
    output: z.strictObject({ reviews: z.array(shownReview) }),
    access: permissionRule('truth.review'),
    truth: noTruth,
    async run(scope, { state, limit }) {
      scope.requirePermission('truth.review');
      const rows = await reader.read(
        reader.queries
          .selectFrom('truth_reviews')
          .selectAll()
          .where('state', '=', state)
          .orderBy('created_ms', 'desc')
          .limit(limit),
      );
      return { kind: 'value', value: { reviews: rows.map(shown) }, rowCount: rows.length };
    },
  });
}

/** `truth.reviews.get`: one held answer with its content, for who decides. */
export function getReview(parts: ReviewParts): AnyOperation {
  return readOperation({
    name: 'truth.reviews.get',
    summary: 'Read an answer held for review',
    description: 'The held answer as its caller would have got it, and the rules that hold it.',
    input: z.strictObject({ review_id: reviewId }),
    output: shownReview.extend({ content_type: z.string(), content: z.string().nullable() }),
    access: permissionRule('truth.review'),
    truth: noTruth,
    async run(scope, input) {
      scope.requirePermission('truth.review');
      const row = await find(parts.reader, input.review_id);
      const content =
        row.answer_base64 === '' ? null : Buffer.from(row.answer_base64, 'base64').toString('utf8');
      return {
        kind: 'value',
        value: { ...shown(row), content_type: row.content_type, content },
        rowCount: 1,
      };
    },
  });
}

/** `truth.reviews.decide`: lets an answer go to its caller, or refuses it for good; journaled with the reason. */
export function decideReview(parts: ReviewParts): AnyOperation {
  return mutationOperation({
    name: 'truth.reviews.decide',
    summary: 'Approve or reject a held answer',
    description:
      'Who asked can fetch an approved answer; a rejected one is erased. Nobody decides on their own request, nor their agent.',
    input: z.strictObject({
      review_id: reviewId,
      decision: z.enum(['approve', 'reject']),
      reason: z.string().trim().min(1).max(500),
    }),
    output: z.strictObject({
      review_id: z.string(),
      state: z.enum(['approved', 'rejected']),
      journal_event_id: z.string().nullable(),
    }),
    access: permissionRule('truth.review'),
    truth: noTruth,
    async prepare(scope, input) {
      scope.requirePermission('truth.review');
      return {
        async attempt() {
          const row = await find(parts.reader, input.review_id);
          if (isInvolved(row, scope.identity)) throw ownRequest();
          if (row.state !== 'pending') throw decided(row);
          const state = input.decision === 'approve' ? 'approved' : 'rejected';
          const update = parts.reader.queries
            .updateTable('truth_reviews')
            .set({
              state,
              decided_ms: Math.floor(parts.clock.nowMs()),
              decided_by: identityLabel(scope.identity),
              reason: input.reason,
              ...(state === 'rejected' ? { answer_base64: '' } : {}),
            })
            .where('review_id', '=', input.review_id)
            .where('state', '=', 'pending');
          return {
            statements: [statement(update, { rows: 1, refusal: 'review_decided' })],
            event: {
              action: `review.${state}`,
              subject: `review:${input.review_id}`,
              data: { request_id: row.request_id, rules: JSON.parse(row.rules_json), reason: input.reason },
            },
            output: (eventId) => ({ review_id: input.review_id, state, journal_event_id: eventId }),
          };
        },
      };
    },
  });
}

/** `truth.reviews.answer`: the approved answer, for who asked. */
export function takeReviewed(parts: ReviewParts): AnyOperation {
  return readOperation({
    name: 'truth.reviews.answer',
    summary: 'Fetch an answer after its review',
    description:
      'The answer of your own request, once it is approved; 409 while it waits or where it was rejected.',
    input: z.strictObject({ review_id: reviewId }),
    output: z.unknown(),
    access: {
      kind: 'authenticated',
      reason: 'Answers only what the same identity asked for, once approved.',
    },
    truth: noTruth,
    async run(scope, input) {
      const row = await find(parts.reader, input.review_id);
      if (!isRequester(row, scope.identity)) throw notFound(input.review_id);
      if (row.state !== 'approved') throw decided(row);
      const bytes = Buffer.from(row.answer_base64, 'base64');
      return { kind: 'stream', contentType: row.content_type, chunks: chunksOf(bytes), rowCount: () => 1 };
    },
  });
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function find(reader: MetastoreReader, id: string): Promise<TruthReviewRow> {
  const [row] = await reader.read(
    reader.queries.selectFrom('truth_reviews').selectAll().where('review_id', '=', id),
  );
  if (row === undefined) throw notFound(id);
  return row;
}

function shown(row: TruthReviewRow) {
  return {
    review_id: row.review_id,
    request_id: row.request_id,
    created_at: new Date(Number(row.created_ms)).toISOString(),
    operation: row.operation,
    identity: row.identity,
    rules: JSON.parse(row.rules_json),
    state: row.state,
    decided_by: row.decided_by,
    decided_at: row.decided_ms === null ? null : new Date(Number(row.decided_ms)).toISOString(),
    reason: row.reason,
  };
}

function notFound(id: string): LakeError {
  return new LakeError(truthErrors.review_not_found, {
    detail: `There is no review "${id}" of yours. GET /truth/reviews lists those you may decide on.`,
  });
}

function decided(row: TruthReviewRow): LakeError {
  return new LakeError(truthErrors.review_state, {
    detail:
      row.state === 'pending'
        ? 'This answer still waits for its review.'
        : `This answer was ${row.state} by ${row.decided_by}.`,
    data: { state: row.state },
  });
}

function ownRequest(): LakeError {
  return new LakeError(truthErrors.own_review, {
    detail: 'You asked for this answer, or your agent did for you; another person has to decide on it.',
  });
}
