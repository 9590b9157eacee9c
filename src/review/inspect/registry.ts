import type { Rule } from './rule.ts';
import { deadFlag } from './rules/dead-flag/dead-flag.ts';
import { duplicateTruth } from './rules/duplicate-truth/duplicate-truth.ts';
import { hollowTest } from './rules/hollow-test/hollow-test.ts';
import { ignoredInput } from './rules/ignored-input/ignored-input.ts';
import { suppressedSecurityLint } from './rules/suppressed-security-lint/suppressed-security-lint.ts';
import { swallowedError } from './rules/swallowed-error/swallowed-error.ts';
import { uncalledPrimitive } from './rules/uncalled-primitive/uncalled-primitive.ts';
import { unreadConfiguration } from './rules/unread-configuration/unread-configuration.ts';
import { unreferencedStub } from './rules/unreferenced-stub/unreferenced-stub.ts';
import { unsafeCompare } from './rules/unsafe-compare/unsafe-compare.ts';
import { unwiredEnforcement } from './rules/unwired-enforcement/unwired-enforcement.ts';

/** Every reviewer. Each has a page in docs/review/ and cases beside its code; a test compares all three. */
export const RULES: readonly Rule[] = [
  uncalledPrimitive,
  unwiredEnforcement,
  unsafeCompare,
  swallowedError,
  unreadConfiguration,
  ignoredInput,
  hollowTest,
  duplicateTruth,
  unreferencedStub,
  deadFlag,
  suppressedSecurityLint,
];
