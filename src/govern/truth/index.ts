export { createTruth } from './create-truth.ts';
export type { RuleExtent, RuleOutcome, Truth, TruthAction, TruthPhase } from './truth.ts';
