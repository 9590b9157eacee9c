import type { Ceiling as BudgetCeiling } from '../../govern/budget/index.ts';
import type { Ceiling } from './routing/ceiling.ts';

/** A ceiling of the routing table as the room that holds to it takes it. */
export function budgetCeiling(ceiling: Ceiling): BudgetCeiling {
  const { name, when, per } = ceiling;
  const limits = [
    { unit: 'usd_hour', amount: ceiling.nanoUsdPerHour },
    { unit: 'usd_day', amount: ceiling.nanoUsdPerDay },
    { unit: 'tokens_hour', amount: ceiling.tokensPerHour },
    { unit: 'requests_hour', amount: ceiling.requestsPerHour },
  ] as const;
  return {
    name,
    when,
    per,
    limits: limits.flatMap(({ unit, amount }) => (amount === null ? [] : [{ unit, amount }])),
    perRequestNanoUsd: ceiling.nanoUsdPerRequest,
  };
}
