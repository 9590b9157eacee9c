export { createTruth } from './create-truth.ts';
export type { RuleOutcome, Truth, TruthAction, TruthPhase } from './truth.ts';
