import {
  type IdGenerator,
  isLakeError,
  LakeError,
  type Logger,
  type Statement,
  sha256Hex,
} from '../base/index.ts';
import {
  type Invocation,
  type MutationAttempt,
  type PreparedMutation,
  scopeIssuer,
} from '../govern/scope/index.ts';
import type { Truth } from '../govern/truth/index.ts';
import type { EventContext, Journal } from '../lake/journald/index.ts';
import { type CommitOutcome, type Metastore, metastoreErrors } from '../metastore/index.ts';
import type { Answer } from './door.ts';
import { doorErrors } from './errors.ts';
import { fingerprintOf, hashBody, type Reservation, requireUntaken, type Told } from './idempotency.ts';
import type { Lifetime } from './lifetime.ts';
import { grantParts, type Rights } from './scope-parts.ts';
import { type Settle, settleIntent } from './settle-intents.ts';
import { type Auditor, isTruthRefusal } from './steps/audit.ts';
import { type Judged, judgeAfter, type TruthMark } from './steps/judge.ts';
import { isUnknown } from './unknown-outcome.ts';

/** Attempts at one commit; each loser of a race re-reads. 100 writers on one table finish well below it. */
const MAX_ATTEMPTS = 200;

interface MutationParts {
  readonly judged: Judged;
  readonly startedMs: number;
  readonly auditor: Auditor;
  readonly journal: Journal;
  readonly truth: Truth;
  readonly store: Metastore;
  readonly settle: Settle;
  readonly ids: IdGenerator;
  readonly lifetime: Lifetime;
  readonly log: Logger;
  readonly reservation: Reservation | null;
  readonly rights: Rights;
  readonly nested: Invocation<unknown>['nested'];
}

/**
 * prepare → attempt → truth after → [intent → effect] → COMMIT. The commit is one transaction of the store: the
 * change, its journal event, its audit row and its idempotency record, all or none.
 */
export async function runMutation(parts: MutationParts): Promise<Answer> {
  const { judged, lifetime } = parts;
  const { request, resolved } = judged.grant.resolution;
  const { operation, call } = request.caller;
  if (operation.kind !== 'mutation') throw new Error(`${operation.name} is not a mutation`);
  const body = hashBody(call.body);
  const scope = scopeIssuer.write(grantParts({ ...parts, signal: lifetime.signal }));
  try {
    const contentSha256 = async () => (await body.digest()) ?? sha256Hex('');
    const prepared = await operation.prepare(scope, request.input, {
      resolved,
      body: body.stream,
      contentSha256,
      nested: parts.nested,
    });
    const effect: Effect = { intentId: null, performed: false };
    try {
      // Reads the content to its end: what breaks off late is refused before anything is committed.
      const content = await body.digest();
      return await commitPrepared(
        parts,
        prepared,
        effect,
        rememberAs(parts.reservation, request.input, content),
      );
    } catch (error) {
      if (isSettled(error, effect)) await prepared.discard?.();
      throw await settleEffect(parts, prepared, effect, error);
    }
  } finally {
    scopeIssuer.close(scope);
  }
}

async function commitPrepared(
  parts: MutationParts,
  prepared: PreparedMutation<unknown>,
  effect: Effect,
  remember: Remember,
): Promise<Answer> {
  const { judged, truth, lifetime } = parts;
  for (let number = 0; number < MAX_ATTEMPTS; number++) {
    const attempt = await prepared.attempt(number);
    let outcome: CommitOutcome & { told: Told };
    try {
      const marks = judgeAfter(truth, judged, attempt.truthContext);
      lifetime.signal.throwIfAborted();
      if (prepared.external !== undefined && effect.intentId === null) {
        effect.intentId = await journalIntent(parts, prepared.external.intent, marks);
        await prepared.external.perform();
        effect.performed = true;
      }
      outcome = await commitAttempt(parts, { attempt, marks, intentId: effect.intentId, remember });
    } catch (error) {
      if (isSettled(error, effect)) await attempt.discard?.();
      throw lifetime.reason() ?? explained(error, attempt);
    }
    if (outcome.committed) return answer(parts, attempt, outcome.told);
    await attempt.discard?.();
    requireUntaken(outcome.refusal);
  }
  throw new LakeError(doorErrors.conflict, {
    detail: 'Others kept changing the same thing; nothing was changed. Send the request again.',
  });
}

/** A rule's refusal with what the attempt has to say of it. */
function explained(error: unknown, { whenStopped }: MutationAttempt<unknown>): unknown {
  if (whenStopped === undefined || !isLakeError(error) || !isTruthRefusal(error)) return error;
  return new LakeError(error.errorCode, {
    detail: `${error.detail} ${whenStopped.detail}`,
    data: { ...error.data, ...whenStopped.data },
  });
}

async function journalIntent(
  parts: MutationParts,
  intent: NonNullable<PreparedMutation<unknown>['external']>['intent'],
  marks: readonly TruthMark[] | null,
): Promise<string> {
  const { eventId, statements } = parts.journal.append(intent, eventContext(parts, marks, 'intent', null));
  await commitOrThrow(parts.store, statements);
  parts.journal.committed(1);
  return eventId;
}

/** What remembers the answer under the request's Idempotency-Key; nothing where it has none. */
type Remember = (told: Told) => readonly Statement[];

function rememberAs(reservation: Reservation | null, input: unknown, contentSha256: string | null): Remember {
  if (reservation === null) return () => [];
  const fingerprint = fingerprintOf(input, contentSha256);
  return (told) => [reservation.record(fingerprint, told)];
}

/** **The commit point of every mutation.** */
async function commitAttempt(
  parts: MutationParts,
  made: {
    attempt: MutationAttempt<unknown>;
    marks: readonly TruthMark[] | null;
    intentId: string | null;
    remember: Remember;
  },
): Promise<CommitOutcome & { told: Told }> {
  const { attempt, marks, intentId, remember } = made;
  if (attempt.event === null && attempt.statements.length > 0)
    throw new Error('a change without its journal event');
  const phase = intentId === null ? 'done' : 'settled';
  const event =
    attempt.event && parts.journal.append(attempt.event, eventContext(parts, marks, phase, intentId));
  const eventId = event?.eventId ?? null;
  const { rowCount = null, replayOutput } = attempt;
  const told = toldOf(parts, attempt, attempt.output(eventId));
  const toldAgain = replayOutput === undefined ? told : toldOf(parts, attempt, replayOutput(eventId));
  const outcome = await parts.store.commit([
    ...attempt.statements,
    ...((eventId !== null && attempt.naming?.(eventId)) || []),
    ...(event?.statements ?? []),
    ...parts.auditor.whole(parts.judged, parts.startedMs, marks, { status: 'ok', code: null, rowCount }),
    ...remember(toldAgain),
  ]);
  if (outcome.committed && event) parts.journal.committed(1);
  return { ...outcome, told };
}

/**
 * What the caller is told, in the order of the operation's schema. Made before the commit, so that what is remembered is
 * what was told, and an output that breaks its schema changes nothing.
 */
function toldOf(parts: MutationParts, attempt: MutationAttempt<unknown>, output: unknown): Told {
  const { operation } = parts.judged.grant.resolution.request.caller;
  const { status = 200, headers = {} } = attempt;
  return { status, headers, value: operation.output.parse(output) };
}

async function answer(parts: MutationParts, attempt: MutationAttempt<unknown>, told: Told): Promise<Answer> {
  const { operation, identity } = parts.judged.grant.resolution.request.caller;
  await attempt.afterCommit?.().catch((error: unknown) => {
    parts.log.error({ err: error, operation: operation.name }, 'upkeep after the commit failed');
  });
  return { kind: 'value', ...told, replayed: false, identity };
}

function eventContext(
  parts: MutationParts,
  truth: readonly TruthMark[] | null,
  phase: EventContext['phase'],
  intentId: string | null,
): EventContext {
  const { grant } = parts.judged;
  const { call, operation, identity } = grant.resolution.request.caller;
  return {
    requestId: call.requestId,
    operation: operation.name,
    door: call.door,
    identity,
    policyVersion: grant.policyVersion,
    phase,
    intentId,
    truth,
  };
}

async function commitOrThrow(
  store: Metastore,
  statements: Parameters<Metastore['commit']>[0],
): Promise<void> {
  const outcome = await store.commit(statements);
  if (!outcome.committed) throw new Error(`a record was refused: ${outcome.refusal}`);
}

/**
 * After an effect was announced and the request failed: looks at once what became of it and journals that, so that no
 * intent stays open while the server runs. Where the store does not take it now, the next start settles it. Answers the
 * error for the caller, who never hears that nothing was kept of an effect that was made.
 */
async function settleEffect(
  parts: MutationParts,
  prepared: PreparedMutation<unknown>,
  effect: Effect,
  error: unknown,
): Promise<unknown> {
  // A commit that may have been kept has settled the intent itself, or left it to the next start.
  if (effect.intentId === null || prepared.external === undefined || isUnknown(error)) return error;
  const { policyVersion } = parts.judged.grant;
  const { intent } = prepared.external;
  try {
    const { outcome } = await settleIntent({ ...parts, policyVersion }, effect.intentId, intent);
    return outcome === 'performed' ? madeButFailed(error) : error;
  } catch (cause) {
    parts.log.error({ err: cause }, 'an effect could not be settled; the next start will');
    return effect.performed ? madeButFailed(error) : error;
  }
}

function madeButFailed(error: unknown): unknown {
  if (!isLakeError(error) || (error.kind !== 'unavailable' && error.kind !== 'storage_full')) return error;
  return new LakeError(metastoreErrors.outcome_unknown, {
    detail:
      'The change was made, but not all of it could be made durable and recorded. ' +
      'Send it again with the same Idempotency-Key.',
    cause: error,
  });
}

/** The intent of an effect outside the store, once it is journaled. */
interface Effect {
  intentId: string | null;
  performed: boolean;
}

/**
 * Whether the outcome is surely *no*, so that files may be removed. An unknown commit may have been kept, and an effect
 * that was begun is settled from its intent; neither is guessed at here.
 */
function isSettled(error: unknown, effect: Effect): boolean {
  return effect.intentId === null && !isUnknown(error);
}
