import {
  type Clock,
  collectBytes,
  isLakeError,
  type JsonObject,
  LakeError,
  type Logger,
} from '../base/index.ts';
import type { Invocation, ReadAnswer } from '../govern/scope/index.ts';
import { scopeIssuer } from '../govern/scope/index.ts';
import { MAX_REVIEWED_BYTES, type RuleExtent, type Truth } from '../govern/truth/index.ts';
import type { Journal } from '../lake/journald/index.ts';
import type { Answer, StreamAnswer } from './door.ts';
import { doorErrors } from './errors.ts';
import { holdForReview, isReviewRequired } from './hold-for-review.ts';
import type { Lifetime } from './lifetime.ts';
import type { Purse } from './purse.ts';
import { releaseJudged } from './release-judged.ts';
import { grantParts, type Rights } from './scope-parts.ts';
import { type Audited, type Auditor, type AuditResult, marksOf } from './steps/audit.ts';
import { extentAfter, fieldsOfPieces, judgeAfter, type TruthMark } from './steps/judge.ts';

interface ReadParts {
  readonly audited: Audited;
  readonly auditor: Auditor;
  /** Null for an operation that calls no model. */
  readonly purse: Purse | null;
  readonly truth: Truth;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
  readonly log: Logger;
  readonly rights: Rights;
  readonly nested: Invocation<unknown>['nested'];
}

/** How a run ended; truth's marks are added by `finish`. */
type Ending = Omit<AuditResult, 'truth'> & { readonly truth?: AuditResult['truth'] };

/**
 * Runs a read whose audit row is open, or is being opened beside it; the row is durable before the first byte of the answer
 * leaves, and closed, durably, before the last.
 */
export async function runRead(parts: ReadParts): Promise<Answer> {
  const { audited, purse, lifetime } = parts;
  const { request, resolved } = audited.judged.grant.resolution;
  const { operation, call, identity } = request.caller;
  if (operation.kind !== 'read') throw new Error(`${operation.name} is not a read`);
  const scope = scopeIssuer.read({
    ...grantParts({ ...parts, judged: audited.judged, signal: lifetime.signal }),
    spend: purse === null ? null : (plan) => purse.spend(plan),
  });
  let marks: readonly TruthMark[] | null = audited.judged.marks;
  let held: { contentType: string; bytes: Uint8Array } | null = null;
  const judge = (context: JsonObject | undefined, extent: RuleExtent, whole: () => typeof held) => {
    try {
      marks = judgeAfter(parts.truth, audited.judged, context, extent);
    } catch (error) {
      if (extent === 'whole') held = whole();
      throw error;
    }
  };
  /** Closes the row with all that is due; answers the refusal as the caller is told it. */
  const finish = async (result: Ending, error: unknown = null): Promise<unknown> => {
    lifetime.end();
    scopeIssuer.close(scope);
    const { truth = marks } = result;
    // In the order of the statements: the journal takes no event that is older than its last.
    const settled = purse?.due(truth) ?? [];
    const review = held === null ? null : holdForReview({ ...parts, error, held });
    const due = [...settled, ...(review?.statements ?? [])];
    try {
      await parts.auditor.close(audited, { ...result, truth }, due);
    } catch (closing) {
      purse?.givenUp();
      throw closing;
    }
    purse?.recorded();
    if (review !== null) parts.journal.committed(1);
    return review?.refusal ?? error;
  };
  let source: AsyncIterable<unknown> | null = null;
  try {
    const { body } = call;
    const extent = extentAfter(parts.truth, audited.judged);
    const nested: Invocation<unknown>['nested'] = async (...asked) => {
      await audited.durable();
      return parts.nested(...asked);
    };
    const pieces = fieldsOfPieces(parts.truth, audited.judged);
    const invocation = { resolved, body, extentAfter: extent, fieldsOfPieces: pieces, nested };
    const answer: ReadAnswer<unknown> = await operation.run(scope, request.input, invocation);
    if (answer.kind !== 'value') source = answer.chunks;
    // Whatever was read meanwhile: no byte of it leaves before the row is durable.
    await audited.durable();
    if (answer.kind === 'judged-stream') {
      const { headers = {}, contentType } = answer;
      const released = releaseJudged(answer.chunks, extent, (context, seen, bytes) =>
        judge(context, seen, () => ({ contentType, bytes: bytes() })),
      );
      const broken = (error: LakeError) => answer.broken(error);
      const from = { chunks: released, source: answer.chunks, rowCount: () => null, broken };
      const stream = recorded(from, lifetime, finish);
      return { kind: 'stream', status: 200, headers, contentType, identity, ...stream };
    }
    try {
      judge(answer.truthContext, 'whole', () => heldValue(answer));
    } catch (error) {
      if (answer.kind === 'stream' && isReviewRequired(error)) held = await streamForReview(answer);
      throw error;
    }
    lifetime.signal.throwIfAborted();
    if (answer.kind === 'stream') {
      const { status = 200, headers = {}, contentType } = answer;
      const stream = recorded({ ...answer, source: answer.chunks, broken: null }, lifetime, finish);
      return { kind: 'stream', status, headers, contentType, identity, ...stream };
    }
    const value = operation.output.parse(answer.value);
    await finish({ status: 'ok', code: null, rowCount: answer.rowCount ?? null });
    const { status = 200, headers = {} } = answer;
    return { kind: 'value', status, headers, value, replayed: false, identity };
  } catch (error) {
    const reason = lifetime.reason() ?? error;
    // What the answer would have come from, an engine process for one, is free for others.
    await source?.[Symbol.asyncIterator]()
      .return?.()
      .catch((end: unknown) => {
        parts.log.warn({ err: end }, 'an answer that was refused did not end well');
      });
    throw await finish(failure(reason), reason).catch((closing: unknown) => {
      parts.log.error({ err: closing }, 'audit row not closed');
      return reason;
    });
  }
}

/** A plain answer as it would have been sent; null for a stream, of which nothing was read yet. */
function heldValue(answer: Exclude<ReadAnswer<unknown>, { kind: 'judged-stream' }>) {
  if (answer.kind === 'stream') return null;
  return { contentType: 'application/json', bytes: Buffer.from(JSON.stringify(answer.value)) };
}

/** What a stream would have sent, for a person to look at; null where that is too large to keep. */
async function streamForReview(answer: Extract<ReadAnswer<unknown>, { kind: 'stream' }>) {
  const bytes = await collectBytes(answer.chunks, MAX_REVIEWED_BYTES);
  return bytes === null ? null : { contentType: answer.contentType, bytes };
}

/** A stream's bytes, however they came about. */
interface Recordable {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What the chunks come from: a generator between would not tell it that none of them is read. */
  readonly source: AsyncIterable<unknown>;
  rowCount(): number | null;
  /** The refusal in the stream's own words; null where it has none. */
  readonly broken: ((error: LakeError) => Uint8Array) | null;
}

/**
 * The answer's chunks; ends only after the audit row is closed, and by throwing where it cannot be. An answer that is
 * given up before its first chunk closes its row too, which a plain generator would not.
 */
function recorded(
  answer: Recordable,
  lifetime: Lifetime,
  finish: (result: Ending, error?: unknown) => Promise<unknown>,
): Pick<StreamAnswer, 'chunks' | 'endUnread'> {
  /** Of an answer that is given up: by its caller, or because its time is over. */
  const cancelled = (): Ending => {
    const reason = lifetime.reason();
    const ending =
      reason === null ? { status: 'cancelled' as const, code: doorErrors.cancelled.code } : failure(reason);
    return { ...ending, rowCount: answer.rowCount() };
  };
  /** Of an answer whose caller asked for its head alone. */
  const unread = (): Ending => {
    const reason = lifetime.reason();
    return reason === null ? { status: 'ok', code: null, rowCount: null } : failure(reason);
  };
  const chunks = finished({ answer, lifetime, finish, cancelled });
  let started = false;
  const giveUp = async (ending: () => Ending) => {
    if (!started) {
      started = true;
      await answer.source[Symbol.asyncIterator]().return?.();
      await finish(ending());
    }
    return chunks.return(undefined);
  };
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      started = true;
      return chunks.next();
    },
    return: () => giveUp(cancelled),
  };
  return {
    chunks: { [Symbol.asyncIterator]: () => iterator },
    endUnread: async () => void (await giveUp(unread)),
  };
}

/**
 * The answer's chunks, and `finish` after the last. Declared here and not within its one caller: each generator function that
 * is made anew keeps what it closes over, the whole request, until the next full collection of garbage.
 */
async function* finished(parts: {
  readonly answer: Recordable;
  readonly lifetime: Lifetime;
  readonly finish: (result: Ending, error?: unknown) => Promise<unknown>;
  readonly cancelled: () => Ending;
}): AsyncGenerator<Uint8Array> {
  const { answer, lifetime, finish, cancelled } = parts;
  let result: Ending | null = null;
  let begun = false;
  let reason: unknown = null;
  try {
    for await (const chunk of answer.chunks) {
      lifetime.signal.throwIfAborted();
      yield chunk;
      begun = true;
    }
    result = { status: 'ok', code: null, rowCount: answer.rowCount() };
  } catch (error) {
    reason = lifetime.reason() ?? error;
    result = { ...failure(reason), rowCount: answer.rowCount() };
  } finally {
    // Without a result the reader went away: the generator was returned from.
    reason = await finish(result ?? cancelled(), reason);
  }
  if (reason === null) return;
  if (begun && answer.broken !== null) {
    yield answer.broken(asRefusal(reason));
    // Adapters hold the last chunk back; an empty one lets the refusal go before the reset.
    yield new Uint8Array(0);
  }
  throw reason;
}

function failure(error: unknown): Ending {
  if (!isLakeError(error)) return { status: 'failed', code: doorErrors.internal.code, rowCount: null };
  const status = error.kind === 'cancelled' ? 'cancelled' : 'failed';
  const truth = marksOf(error);
  return { status, code: error.code, rowCount: null, ...(truth === null ? {} : { truth }) };
}

function asRefusal(error: unknown): LakeError {
  if (isLakeError(error)) return error;
  return new LakeError(doorErrors.internal, { detail: 'The answer broke off by a defect of lakehouse.' });
}
