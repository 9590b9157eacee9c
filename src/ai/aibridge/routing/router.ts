import type { Clock } from '../../../base/index.ts';
import { worstCost } from '../catalogue/cost.ts';
import type { FailureClass } from '../provider.ts';
import { Attempts } from './attempts.ts';
import { Breakers, type OpenBreaker } from './breaker.ts';
import { FailureLog } from './failure-log.ts';
import { type PlanParts, planRoute, type RoutePlan } from './plan-route.ts';
import { resolveModel, type Target } from './resolve-model.ts';
import { RetryBudgets } from './retry-budget.ts';
import type { Consideration, RouteFacts } from './route-facts.ts';

/** Decides where requests go, and what follows a failure. */
export interface Router {
  /** Throws `models.no_provider` and the other refusals of `planRoute`; they tell nothing of rules that were passed over. */
  plan(facts: RouteFacts): RoutePlan;
  begin(plan: RoutePlan): Attempts;
  /** The model that a name stands for where no rule has a say; null where it stands for none. */
  resolve(name: string): Target | null;
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
    plan(facts) {
      const decided = planRoute(facts, deps);
      if ('refusal' in decided) throw decided.refusal;
      return decided;
    },
    begin: (plan) => new Attempts(plan, { policy: routing.retries, breakers, budgets, log, random }),
    resolve(name) {
      const resolution = resolveModel(name, { ...deps, note: () => undefined });
      return resolution.kind === 'target' ? resolution.target : null;
    },
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
  const decided = planRoute(facts, parts);
  if ('refusal' in decided) {
    const refusal = { code: decided.refusal.code, detail: decided.refusal.detail };
    const considered = decided.explanation;
    return { rule: null, ladder: null, rungs: [], considered, worstCostNanoUsd: 0, refusal };
  }
  const rungs = decided.rungs.map(({ provider, model, entry, final, maxOutputTokens }) => ({
    provider,
    model,
    billing: entry.billing,
    final,
    maxOutputTokens,
    worstCostNanoUsd: worstCost(entry, facts.inputTokens, maxOutputTokens),
    breakerOpen: open.some((one) => one.provider === provider && one.model === model),
  }));
  return {
    rule: decided.rule,
    ladder: decided.ladder,
    rungs,
    considered: decided.explanation,
    worstCostNanoUsd: Math.max(...rungs.map((rung) => rung.worstCostNanoUsd)),
    refusal: null,
  };
}
