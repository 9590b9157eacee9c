export { createTruth } from './create-truth.ts';
export { openRuleBook } from './rule-book.ts';
export type { HeldAnswer, RuleExtent, RuleOutcome, Truth, TruthAction, TruthPhase } from './truth.ts';
