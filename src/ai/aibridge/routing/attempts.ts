import { ok as assert } from 'node:assert/strict';
import type { FailureClass } from '../provider.ts';
import type { Breakers, Passage } from './breaker.ts';
import type { FailureLog } from './failure-log.ts';
import type { RoutePlan, Rung } from './plan-route.ts';
import type { RetryBudgets } from './retry-budget.ts';
import type { RoutingTable } from './routing-table.ts';

/** A call to make now: wait first, then send. */
export interface Attempt {
  readonly rung: Rung;
  readonly waitMs: number;
  /** Counted over all rungs, from 1. */
  readonly number: number;
}

/** Why no attempt is left. `kept_off`: breakers kept the request from every rung that was left. */
export type AttemptsEnd = 'succeeded' | 'stopped' | 'exhausted' | 'kept_off';

export interface AttemptFailure {
  readonly class: FailureClass;
  /** As the provider asked; null where it did not. */
  readonly retryAfterMs: number | null;
}

/** What attempts share over all requests. */
export interface AttemptParts {
  readonly policy: RoutingTable['retries'];
  readonly breakers: Breakers;
  readonly budgets: RetryBudgets;
  readonly log: FailureLog;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/** What another try at the same model may mend. */
const RETRIED: ReadonlySet<FailureClass> = new Set([
  'rate_limited',
  'server_error',
  'timeout',
  'unreachable',
  'cut_off',
]);
/** What says that the model is not well; the others are the request's fault, or the caller's. */
const COUNTED: ReadonlySet<FailureClass> = new Set([...RETRIED, 'refused_key']);

/**
 * The attempts of one request, one at a time: `next`, then `failed`, `succeeded` or `passedOver` for the
 * rung it gave.
 *
 * ```text
 *             next()                    failed()
 *   ready ─────────────▶ under way ───────────────────▶ what is left?
 *     ▲                      │                            │
 *     │                      │ succeeded()                ├─ the answer had begun, bad_request that no ladder
 *     │                      ▼                            │  falls on, cancelled ──────────────▶ ended: stopped
 *     │                ended: succeeded                   │
 *     ├── same rung, after a jittered wait ◀──────────────┤  may mend itself, tries and budget left
 *     │                                                   │
 *     └── next rung, at once ◀────────────────────────────┤  a class the ladder falls on
 *                                                         │
 *                                                         └─ no rung left ─────────▶ ended: exhausted, kept_off
 * ```
 *
 * A rung whose breaker is open is passed over; a wait the provider asks for that is longer than `max_ms` is not waited.
 */
export class Attempts {
  readonly #plan: RoutePlan;
  readonly #parts: AttemptParts;
  #state: 'ready' | 'under_way' | 'ended' = 'ready';
  #end: AttemptsEnd | null = null;
  #at = 0;
  /** Tries at the rung at `#at`. */
  #tries = 0;
  #number = 0;
  #waitMs = 0;
  #passage: Passage = null;
  #keptOff = false;
  /** Whether the ladder goes on after what happened last; it does over a rung that was kept off from the first. */
  #mayFall = true;

  constructor(plan: RoutePlan, parts: AttemptParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  /** Null while there may be another attempt. */
  get end(): AttemptsEnd | null {
    return this.#end;
  }

  /** The next call to make; null at the end, and `end` says why. */
  next(): Attempt | null {
    if (this.#state === 'ended') return null;
    assert(this.#state === 'ready', 'the attempt under way has not been reported');
    for (; this.#at < this.#plan.rungs.length; this.#climb()) {
      const rung = this.#plan.rungs[this.#at];
      if (rung === undefined) break;
      const passage = this.#parts.breakers.pass(rung.provider, rung.model);
      if (passage === null) {
        this.#keptOff = true;
        if (this.#mayFall) continue;
        break;
      }
      if (this.#tries === 0) this.#parts.budgets.requested(rung.provider);
      this.#state = 'under_way';
      this.#passage = passage;
      this.#tries++;
      this.#number++;
      return { rung, waitMs: this.#waitMs, number: this.#number };
    }
    this.#finish(this.#keptOff ? 'kept_off' : 'exhausted');
    return null;
  }

  /** `answerBegun`: bytes of the answer have left for the client, so that no other answer may follow them. */
  failed(rung: Rung, failure: AttemptFailure, { answerBegun }: { readonly answerBegun: boolean }): void {
    this.#requireUnderWay(rung);
    const { breakers, log, policy } = this.#parts;
    const { provider, model } = rung;
    if (COUNTED.has(failure.class)) breakers.failed(provider, model);
    else breakers.released(provider, model, this.#passage);
    if (failure.class !== 'cancelled') log.failed(provider, failure.class);
    this.#state = 'ready';
    if (answerBegun || failure.class === 'cancelled') {
      this.#finish('stopped');
      return;
    }
    const waitMs = this.#wait(failure);
    this.#mayFall = this.#plan.fallbackOn.has(failure.class);
    const worthIt =
      RETRIED.has(failure.class) && this.#tries < policy.max_attempts && waitMs <= policy.max_ms;
    if (worthIt && this.#parts.budgets.take(provider)) this.#waitMs = waitMs;
    else if (this.#mayFall) this.#climb();
    else this.#finish(this.#at + 1 < this.#plan.rungs.length ? 'stopped' : 'exhausted');
  }

  succeeded(rung: Rung): void {
    this.#requireUnderWay(rung);
    this.#parts.breakers.succeeded(rung.provider, rung.model, this.#passage);
    this.#parts.log.succeeded(rung.provider);
    this.#finish('succeeded');
  }

  /** No call was made, as where a ceiling refused it: says nothing of the model; `next` gives the next rung. */
  passedOver(rung: Rung): void {
    this.#requireUnderWay(rung);
    this.#parts.breakers.released(rung.provider, rung.model, this.#passage);
    this.#state = 'ready';
    this.#climb();
  }

  #climb(): void {
    this.#at++;
    this.#mayFall = true;
    this.#tries = 0;
    this.#waitMs = 0;
  }

  #finish(end: AttemptsEnd): void {
    this.#state = 'ended';
    this.#end = end;
  }

  /** Full jitter: callers that failed together do not come back together. Never sooner than the provider asks. */
  #wait({ retryAfterMs }: AttemptFailure): number {
    const { base_ms, max_ms } = this.#parts.policy;
    const most = Math.min(max_ms, base_ms * 2 ** (this.#tries - 1));
    const jitterMs = Math.floor(this.#parts.random() * most);
    if (retryAfterMs === null) return jitterMs;
    return retryAfterMs > max_ms ? retryAfterMs : Math.min(max_ms, retryAfterMs + jitterMs);
  }

  #requireUnderWay(rung: Rung): void {
    assert(
      this.#state === 'under_way' && rung === this.#plan.rungs[this.#at],
      'no such attempt is under way',
    );
  }
}
