export { createTruth } from './create-truth.ts';
export { truthErrors } from './errors.ts';
export type { RuleOutcome, Truth, TruthAction, TruthPhase } from './truth.ts';
export { severestAction, TRUTH_ACTIONS } from './truth.ts';
