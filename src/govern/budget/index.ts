export { type HoldsSettled, settleAbandoned, settleDoubted } from './abandoned-holds.ts';
export type { Budget, Hold } from './budget.ts';
export { createBudget } from './budget.ts';
export type { Ceiling } from './ceiling.ts';
export { CEILING_SUBJECTS } from './ceiling.ts';
