import { type Clock, isLakeError, type LakeError } from '../../base/index.ts';
import type { ReadScope, Spending } from '../../govern/scope/index.ts';
import { type AnswerCollector, answerDeltas } from './answer-collector.ts';
import { callFailed, cutOff, type FailedAttempt } from './call-failure.ts';
import { mostInputTokens, realCost, worstCost } from './catalogue/cost.ts';
import type { ChatAnswer, TokenUsage } from './chat.ts';
import { isNotTranslatable } from './not-translatable.ts';
import type { OutputSizes } from './output-sizes.ts';
import type { ChatCall, ChatReply, ModelProvider, StreamEvent } from './provider.ts';
import { type FailureClass, ProviderFailure } from './provider.ts';
import type { RoutePlan, Rung } from './routing/plan-route.ts';
import type { Router } from './routing/router.ts';

/** What a chat needs from the room to reach a model. */
export interface CallDeps {
  readonly router: Router;
  readonly providers: ReadonlyMap<string, ModelProvider>;
  readonly clock: Clock;
  readonly sizes: OutputSizes;
  /** Waits before a retry; rejects when the signal is aborted. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
}

export interface ModelCall {
  readonly plan: RoutePlan;
  readonly task: string;
  /** As estimated from the request; the hold is computed from it. */
  readonly inputTokens: number;
  /** Images among what is sent, estimated at the usual tokens each. */
  readonly images: number;
  /** A file is among what is sent: it may fill the window of any model, which is then what is held. */
  readonly mayFillWindow?: boolean;
  /** The client's own limit; null where it set none. */
  readonly maxOutputTokens: number | null;
  /** Answers asked for at once, each of which may be as long as the cap. */
  readonly choices?: number;
  readonly stream: boolean;
  /** A cut answer is gone on with, or made anew: cap and hold are of the usual size of answers to the task. */
  readonly mayBeCut?: boolean;
  /** The request for a rung of the plan. Throws `models.not_translatable` where the rung cannot take it. */
  requestFor(rung: Rung, maxOutputTokens: number): ChatCall['request'];
  readonly signal: AbortSignal;
}

/** A provider that has begun to answer. Exactly one of `settle` calls ends it. */
export interface StartedAnswer {
  readonly rung: Rung;
  readonly reply: ChatReply;
  readonly attempts: readonly FailedAttempt[];
  /** Charges what was used and reports the rung's health. */
  settle(counted: Counted, failure: FailureClass | null): Settled;
}

/** What a call was charged: by the provider's count, or by ours where it gave none. */
export interface Settled {
  readonly costNanoUsd: number;
  readonly usage: TokenUsage;
}

/** What is known of an answer when its call is settled. */
export type Counted = Pick<AnswerCollector, 'usage' | 'countsAll' | 'said' | 'finish'>;

/** Calls the first model of a plan that answers. A stream counts as begun when its first event has arrived. */
export async function callModel(deps: CallDeps, scope: ReadScope, call: ModelCall): Promise<StartedAnswer> {
  const { stream, signal } = call;
  const reached = await reachModel(deps, scope, call, {
    prepare({ provider, rung, maxOutputTokens }) {
      const request = call.requestFor(rung, maxOutputTokens);
      if (request.kind === 'chat') provider.requireCarried(request.chat);
      return request;
    },
    async send({ provider, rung, spending, begun }, request): Promise<ChatReply> {
      const reply = await provider.chat(spending, { model: rung.model, request, stream, signal });
      if (reply.kind === 'whole' && !stream) return reply;
      const streamed =
        reply.kind === 'stream'
          ? { ...reply, events: await begin(reply.events) }
          : ({ kind: 'stream', events: retold(reply.answers), retold: reply.answers } as const);
      begun();
      return streamed;
    },
  });
  const { rung, value: reply, attempts, account } = reached;
  return { rung, reply, attempts, settle: account.settle };
}

/** What a call of any kind is, as rungs and ceilings see it. */
type Reach = Pick<
  ModelCall,
  | 'plan'
  | 'task'
  | 'inputTokens'
  | 'images'
  | 'mayFillWindow'
  | 'maxOutputTokens'
  | 'choices'
  | 'mayBeCut'
  | 'signal'
>;

/** One rung that may be called. */
interface ReadyRung {
  readonly provider: ModelProvider;
  readonly rung: Rung;
  readonly maxOutputTokens: number;
}

/** One rung whose cost is held. */
interface HeldRung extends ReadyRung {
  readonly spending: Spending;
  /** To be told when a stream has begun. */
  begun(): void;
}

/** How one rung is called. */
interface RungCall<R, T> {
  /** What will be sent. Throws `models.not_translatable` where the rung cannot take it: nothing is held for it then. */
  prepare(ready: ReadyRung): R;
  send(held: HeldRung, request: R): Promise<T>;
}

/**
 * Walks the rungs of a plan until one answers: hold, call, and settle where it failed; one that cannot carry the request
 * is passed over without a hold. Throws `models.unavailable` and its kin where none did, and what the ceilings refuse.
 */
export async function reachModel<R, T>(
  deps: CallDeps,
  scope: ReadScope,
  asked: Reach,
  call: RungCall<R, T>,
): Promise<{ rung: Rung; value: T; attempts: readonly FailedAttempt[]; account: Account }> {
  const failed: FailedAttempt[] = [];
  let refused: LakeError | null = null;
  let last: ProviderFailure | null = null;
  const attempts = deps.router.begin(asked.plan);
  for (;;) {
    const attempt = attempts.next();
    if (attempt === null) throw failed.length === 0 && refused !== null ? refused : callFailed(failed, last);
    const { rung } = attempt;
    const provider = deps.providers.get(rung.provider);
    if (provider === undefined) throw new Error(`the plan names no provider: ${rung.provider}`);
    const maxOutputTokens = capOf(deps, asked, rung);
    const ready = { provider, rung, maxOutputTokens };
    let request: R;
    let spending: Spending;
    try {
      request = call.prepare(ready);
      if (attempt.waitMs > 0) await deps.wait(attempt.waitMs, asked.signal);
      spending = await hold(scope, asked, rung, maxOutputTokens);
    } catch (error) {
      attempts.passedOver(rung);
      // Another rung may speak the protocol of the request, be cheaper, or stand under another ceiling; a store that does
      // not answer refuses every one.
      if (isNotTranslatable(error)) refused ??= error;
      else if (isCeilingRefusal(error)) refused = error;
      else throw error;
      continue;
    }
    const account = createAccount(deps, mostInputTokens(asked, rung.entry), rung, spending);
    try {
      // Who leaves while the hold is made durable pays for nothing that was sent.
      asked.signal.throwIfAborted();
      const value = await call.send({ ...ready, spending, begun: account.begun }, request);
      const settle: Account['settle'] = (counted, failure) => {
        const output = counted?.usage()?.output;
        if (output !== undefined && counted?.finish() === 'stop')
          deps.sizes.observe(asked.task, rung.entry.name, output);
        if (failure === null) attempts.succeeded(rung);
        else attempts.failed(rung, { class: failure, retryAfterMs: null }, { answerBegun: true });
        return account.settle(counted, failure);
      };
      return { rung, value, attempts: failed, account: { ...account, settle } };
    } catch (error) {
      if (!(error instanceof ProviderFailure)) {
        // A refusal of ours comes before anything is sent; whatever else broke may have been sent.
        if (isLakeError(error)) {
          account.settle(null, asked.signal.aborted ? 'cancelled' : 'bad_request', 'unsent');
          attempts.passedOver(rung);
        } else {
          account.settle(null, 'cancelled');
          attempts.failed(rung, CANCELLED, { answerBegun: false });
        }
        throw error;
      }
      account.settle(null, error.class, error.hadBegun ? 'begun' : undefined);
      failed.push({ provider: rung.provider, model: rung.model, class: error.class });
      last = error;
      attempts.failed(rung, error, { answerBegun: false });
    }
  }
}

const CANCELLED = { class: 'cancelled', retryAfterMs: null } as const;

function isCeilingRefusal(error: unknown): error is LakeError {
  return isLakeError(error) && (error.kind === 'payment_required' || error.kind === 'rate_limited');
}

function capOf({ sizes }: CallDeps, asked: Reach, rung: Rung): number {
  const usual = asked.mayBeCut === true ? sizes.usual(asked.task, rung.entry.name) : null;
  return Math.min(asked.maxOutputTokens ?? rung.maxOutputTokens, rung.maxOutputTokens, usual ?? Infinity);
}

function hold(scope: ReadScope, asked: Reach, rung: Rung, maxOutputTokens: number): Promise<Spending> {
  const inputTokens = mostInputTokens(asked, rung.entry);
  const outputTokens = maxOutputTokens * (asked.choices ?? 1);
  return scope.spend({
    provider: rung.provider,
    model: `${rung.provider}/${rung.model}`,
    task: asked.task,
    rule: asked.plan.rule,
    costNanoUsd: worstCost(rung.entry, inputTokens, outputTokens),
    tokens: inputTokens + outputTokens,
  });
}

/** The events with the first already there, so that a stream that fails at once can still fall to the next rung. */
async function begin(events: AsyncIterable<StreamEvent>): Promise<AsyncIterable<StreamEvent>> {
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) throw new ProviderFailure({ class: 'server_error' }, 'The stream held no event.');
  return wentOn(iterator, first);
}

/** What a stream would have said, where all of it came at once. */
async function* retold(answers: readonly ChatAnswer[]): AsyncGenerator<StreamEvent> {
  const deltas = answers.flatMap((answer, choice) => answerDeltas(answer, choice));
  yield { bytes: new Uint8Array(0), deltas };
}

/** An iterator whose first step was taken, from that step on. */
function wentOn(
  iterator: AsyncIterator<StreamEvent>,
  first: IteratorResult<StreamEvent>,
): AsyncIterable<StreamEvent> {
  let taken: IteratorResult<StreamEvent> | null = first;
  const rest: AsyncIterator<StreamEvent> = {
    async next() {
      const step = taken;
      taken = null;
      try {
        return step ?? (await iterator.next());
      } catch (error) {
        if (error instanceof ProviderFailure && error.class !== 'cancelled') throw cutOff(error);
        throw error;
      }
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => rest };
}

interface Account {
  /** The first event of a stream has arrived. */
  begun(): void;
  /** `counted` is null where nothing of an answer can be read; an `unsent` call cost nothing, one that was `begun` its input. */
  settle(counted: Counted | null, failure: FailureClass | null, came?: 'unsent' | 'begun'): Settled;
}

/** Classes of failure after which the provider may have worked, and billed, all the same. */
const MAYBE_BILLED: ReadonlySet<FailureClass> = new Set(['timeout', 'cut_off', 'cancelled']);
const NO_USAGE: TokenUsage = { input: 0, cachedInput: 0, cacheWriteInput: 0, output: 0, reasoning: 0 };
/** Characters of an answer that stand for one token where the provider did not count; fewer, so that none is free. */
const CHARACTERS_PER_TOKEN = 3;

/** The account of one call: what it used by the provider's count, or by ours where it gave none. */
function createAccount(deps: CallDeps, inputTokens: number, rung: Rung, spending: Spending): Account {
  const { clock } = deps;
  const startedMs = clock.monotonicMs();
  let firstTokenMs: number | null = null;

  function usageOf(counted: Counted | null, failure: FailureClass | null, hadBegun: boolean): TokenUsage {
    const reported = counted?.usage() ?? null;
    const isWhole = failure === null && reported !== null;
    if (isWhole && counted?.countsAll() === true) return reported;
    const mayBeBilled = hadBegun || counted !== null || failure === null || MAYBE_BILLED.has(failure);
    // A guess never passes what was held: only a provider's own count does.
    const most = Math.max(0, spending.plan.tokens - inputTokens);
    const said = Math.min(Math.ceil((counted?.said().length ?? 0) / CHARACTERS_PER_TOKEN), most);
    return {
      ...reported,
      input: isWhole ? reported.input : Math.max(mayBeBilled ? inputTokens : 0, reported?.input ?? 0),
      cachedInput: reported?.cachedInput ?? 0,
      cacheWriteInput: reported?.cacheWriteInput ?? 0,
      output: Math.max(said, reported?.output ?? 0),
      reasoning: reported?.reasoning ?? 0,
    };
  }

  return {
    begun() {
      firstTokenMs = clock.monotonicMs() - startedMs;
    },
    settle(counted, failure, came) {
      const usage = came === 'unsent' ? NO_USAGE : usageOf(counted, failure, came === 'begun');
      const costNanoUsd = realCost(rung.entry, usage);
      spending.settle({
        status: failure === null ? 'ok' : counted === null ? 'failed' : 'partial',
        errorClass: failure,
        finish: counted?.finish() ?? null,
        costNanoUsd,
        inputTokens: usage.input,
        cachedInputTokens: usage.cachedInput,
        cacheWriteTokens: usage.cacheWriteInput,
        outputTokens: usage.output,
        reasoningTokens: usage.reasoning,
        latencyMs: clock.monotonicMs() - startedMs,
        firstTokenMs,
      });
      return { costNanoUsd, usage };
    },
  };
}
