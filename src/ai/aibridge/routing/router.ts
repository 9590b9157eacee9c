import { type Clock, isLakeError } from '../../../base/index.ts';
import { worstCost } from '../catalogue/cost.ts';
import type { FailureClass } from '../provider.ts';
import { Attempts } from './attempts.ts';
import { Breakers, type OpenBreaker } from './breaker.ts';
import { FailureLog } from './failure-log.ts';
import { type PlanParts, planRoute, type RoutePlan } from './plan-route.ts';
import { RetryBudgets } from './retry-budget.ts';
import type { Consideration, RouteFacts } from './route-facts.ts';

/** Decides where requests go, and what follows a failure. */
export interface Router {
  /** Throws `models.no_provider` and the other refusals of `planRoute`. */
  plan(facts: RouteFacts): RoutePlan;
  begin(plan: RoutePlan): Attempts;
  /** What `plan` would decide and why, and the most it could cost; a refusal is part of the answer. */
  explain(facts: RouteFacts): RouteExplanation;
  /** One for each provider of the configuration, in its order. */
  health(): readonly ProviderHealth[];
}

export interface RouteExplanation {
  readonly rule: string | null;
  readonly ladder: string | null;
  readonly rungs: readonly ExplainedRung[];
  readonly considered: readonly Consideration[];
  /** Billionths of a dollar: the dearest rung. Several attempts may each cost as much as theirs. */
  readonly worstCostNanoUsd: number;
  readonly refusal: { readonly code: string; readonly detail: string } | null;
}

export interface ExplainedRung {
  readonly provider: string;
  readonly model: string;
  readonly billing: 'metered' | 'flat' | 'free';
  readonly final: boolean;
  readonly maxOutputTokens: number;
  readonly worstCostNanoUsd: number;
  /** Calls are kept from it now. */
  readonly breakerOpen: boolean;
}

export interface ProviderHealth {
  readonly provider: string;
  /** `failing`: a breaker is open and no call has succeeded within the breaker's window. */
  readonly state: 'ok' | 'degraded' | 'failing';
  readonly openBreakers: readonly OpenBreaker[];
  /** Within the breaker's window, of the latest 64. */
  readonly recentFailures: Readonly<Partial<Record<FailureClass, number>>>;
  readonly retriesLeft: number;
}

/** `random` gives numbers from 0 up to 1; `providers` are those configured, the first counting most. */
export function createRouter(
  deps: PlanParts & { readonly clock: Clock; readonly random: () => number },
): Router {
  const { routing, clock, random } = deps;
  const breakers = new Breakers(routing.breaker, clock);
  const budgets = new RetryBudgets(routing.retries);
  const log = new FailureLog(clock, routing.breaker.window_s * 1_000);
  return {
    plan: (facts) => planRoute(facts, deps),
    begin: (plan) => new Attempts(plan, { policy: routing.retries, breakers, budgets, log, random }),
    explain: (facts) => explain(facts, deps, breakers.open()),
    health: () =>
      [...deps.providers].map((provider) => {
        const openBreakers = breakers.open().filter((one) => one.provider === provider);
        const trouble = log.succeededLately(provider) ? 'degraded' : 'failing';
        return {
          provider,
          state: openBreakers.length === 0 ? 'ok' : trouble,
          openBreakers,
          recentFailures: log.recent(provider),
          retriesLeft: budgets.left(provider),
        };
      }),
  };
}

function explain(facts: RouteFacts, parts: PlanParts, open: readonly OpenBreaker[]): RouteExplanation {
  try {
    const { rule, ladder, rungs, explanation } = planRoute(facts, parts);
    const explained = rungs.map(({ provider, model, entry, final, maxOutputTokens }) => ({
      provider,
      model,
      billing: entry.billing,
      final,
      maxOutputTokens,
      worstCostNanoUsd: worstCost(entry, facts.inputTokens, maxOutputTokens),
      breakerOpen: open.some((one) => one.provider === provider && one.model === model),
    }));
    const worstCostNanoUsd = Math.max(...explained.map((rung) => rung.worstCostNanoUsd));
    return { rule, ladder, rungs: explained, considered: explanation, worstCostNanoUsd, refusal: null };
  } catch (error) {
    if (!isLakeError(error) || !isConsidered(error.data.considered)) throw error;
    const refusal = { code: error.code, detail: error.detail };
    const considered = error.data.considered;
    return { rule: null, ladder: null, rungs: [], considered, worstCostNanoUsd: 0, refusal };
  }
}

/** What `planRoute` puts beside each of its refusals. */
function isConsidered(value: unknown): value is readonly Consideration[] {
  return Array.isArray(value);
}
