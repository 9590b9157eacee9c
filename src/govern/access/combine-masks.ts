import type { MaskMethod } from '../scope/index.ts';
import type { CompiledMask } from './compiled-policy.ts';

/** The mask a field gets from all the rules about it. */
export type CombinedMask =
  | {
      readonly kind: 'mask';
      readonly method: MaskMethod;
      readonly reasons: readonly string[];
    }
  /** Two rules of which neither is known to hide more. */
  | { readonly kind: 'conflict'; readonly reasons: readonly string[] };

/**
 * Methods from the strictest: nothing at all; that there is a value; which values are equal; its last characters; its
 * domain; its year. An SQL expression may show anything, so it is comparable with no other but those that show no
 * part of the value.
 */
const STRICTEST_FIRST: readonly MaskMethod[] = [
  'null',
  'redact',
  'hash',
  'partial',
  'email',
  'year',
  'expression',
];
const COMPARABLE_WITH_EXPRESSION: ReadonlySet<MaskMethod> = new Set(['null', 'redact', 'expression']);

/**
 * The stricter of all rules. Two different expressions, and an expression beside a method that shows part of the
 * value, conflict whatever else applies, so that one more rule can never make more visible.
 */
export function combineMasks(rules: readonly [CompiledMask, ...CompiledMask[]]): CombinedMask {
  const reasons = [...new Set(rules.map((rule) => `${rule.target}: ${rule.method}`))];
  const expressions = new Set(rules.flatMap((rule) => rule.expression?.node ?? []));
  const incomparable = rules.some((rule) => !COMPARABLE_WITH_EXPRESSION.has(rule.method));
  if (expressions.size > 1 || (expressions.size === 1 && incomparable)) return { kind: 'conflict', reasons };
  let strictest = rules[0];
  for (const rule of rules) {
    if (STRICTEST_FIRST.indexOf(rule.method) < STRICTEST_FIRST.indexOf(strictest.method)) strictest = rule;
  }
  const deciding = rules.filter((rule) => rule.method === strictest.method).map((rule) => rule.target);
  return { kind: 'mask', method: strictest.method, reasons: [...new Set(deciding)] };
}
