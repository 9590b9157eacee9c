export { createTruth } from './create-truth.ts';
export { MAX_REVIEWED_BYTES } from './reviews.ts';
export { openRuleBook } from './rule-book.ts';
export type { HeldAnswer, RuleExtent, RuleOutcome, Truth, TruthAction, TruthPhase } from './truth.ts';
