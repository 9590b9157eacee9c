import type { Rule } from './rule.ts';
import { uncalledPrimitive } from './rules/uncalled-primitive/uncalled-primitive.ts';
import { unwiredEnforcement } from './rules/unwired-enforcement/unwired-enforcement.ts';

/** Every reviewer. Each has a page in docs/review/ and fixtures beside its code; tests compare all three. */
export const RULES: readonly Rule[] = [uncalledPrimitive, unwiredEnforcement];
