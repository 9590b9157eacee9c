import { LakeError } from '../../base/index.ts';
import { scopeErrors } from './errors.ts';

/** The most one call of a model may use, as the ceilings hold it before the call. */
export interface SpendPlan {
  readonly provider: string;
  /** The full name, `provider/model`. */
  readonly model: string;
  /** The task class of the request; ceilings may name it. */
  readonly task: string;
  /** The rule of the routing table that chose this call; null where none did. */
  readonly rule: string | null;
  /** Worst case, in billionths of a dollar; 0 for models billed `flat` or `free`. */
  readonly costNanoUsd: number;
  /** Worst case, input and output. */
  readonly tokens: number;
}

/** What a call really used. */
export interface SpendOutcome {
  readonly status: 'ok' | 'partial' | 'failed';
  /** The class of a failure; null where there was none. */
  readonly errorClass: string | null;
  readonly finish: string | null;
  readonly costNanoUsd: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly latencyMs: number;
  /** Null where nothing was streamed. */
  readonly firstTokenMs: number | null;
}

const ISSUE = Symbol('issue');

/**
 * Proof that the ceilings hold the worst cost of one call: identity, access, truth and audit have passed before. A
 * provider asks for it first, so that a call without one does not compile. Good for one call.
 */
export class Spending {
  #state: 'held' | 'used' | 'settled' = 'held';
  readonly id: string;
  readonly plan: SpendPlan;
  readonly #settle: (outcome: SpendOutcome) => void;

  constructor(token: symbol, id: string, plan: SpendPlan, settle: (outcome: SpendOutcome) => void) {
    if (token !== ISSUE) throw refused();
    this.id = id;
    this.plan = plan;
    this.#settle = settle;
  }

  /** Called by a provider before it sends. Throws `scope.not_issued` for one that was used before or is no Spending. */
  static use(spending: Spending): void {
    if (typeof spending !== 'object' || spending === null || !(#state in spending)) throw refused();
    if (spending.#state !== 'held') throw refused();
    spending.#state = 'used';
  }

  /** Once, also for a call that failed or was never made. What is not settled is charged as it was held. */
  settle(outcome: SpendOutcome): void {
    if (this.#state === 'settled') throw refused();
    this.#state = 'settled';
    this.#settle(outcome);
  }
}

/** Makes spendings. The door alone may import this; test/architecture.test.ts holds it to that. */
export const spendingIssuer = {
  issue: (id: string, plan: SpendPlan, settle: (outcome: SpendOutcome) => void) =>
    new Spending(ISSUE, id, plan, settle),
} as const;

function refused(): LakeError {
  return new LakeError(scopeErrors.not_issued, {
    detail: 'This spending was not issued by the door, or was used before.',
  });
}
