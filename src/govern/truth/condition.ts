import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../base/index.ts';
import { fieldAt, isFieldPath } from './field-path.ts';
import { compileLinearRegex } from './linear-regex.ts';

/**
 * What a rule asks of a context. A field that is missing is empty and satisfies no other condition on it, so `Not` of
 * such a condition holds. Values compare by JSON type and value: the number 1 is not the text "1".
 */
export type Condition =
  | { readonly type: 'Always' }
  | { readonly type: 'FieldEquals'; readonly field: string; readonly value: Scalar }
  /** Missing, null, "", [] or {}. */
  | { readonly type: 'FieldEmpty'; readonly field: string }
  | { readonly type: 'FieldGreater'; readonly field: string; readonly value: number }
  | { readonly type: 'FieldLess'; readonly field: string; readonly value: number }
  | { readonly type: 'FieldIn'; readonly field: string; readonly values: readonly Scalar[] }
  /** RE2 syntax, anywhere in the text. A text of a list of texts is enough. */
  | { readonly type: 'FieldMatches'; readonly field: string; readonly pattern: string }
  | { readonly type: 'All'; readonly of: readonly Condition[] }
  | { readonly type: 'Any'; readonly of: readonly Condition[] }
  | { readonly type: 'Not'; readonly of: Condition };

type Scalar = string | number | boolean;

/** A condition made ready to walk. Throws `ContextTooLargeError` where a text is too long for a pattern. */
export type Predicate = (context: JsonObject) => boolean;

/** A pattern could not be judged over a text in bounded time: neither true nor false, so the caller must refuse. */
export class ContextTooLargeError extends Error {}

const MAX_VALUES = 1_000;
const MAX_PARTS = 256;

const field = z
  .string()
  .max(256)
  .refine(isFieldPath, 'A field is names joined by dots, such as customer.address.0.city.');
const scalar = z.union(
  [z.string().max(4_096), z.number(), z.boolean()],
  'Must be text, a number, true or false.',
);
const pattern = z.string().superRefine((text, check) => {
  const compiled = compileLinearRegex(text);
  if (typeof compiled === 'string') check.addIssue(compiled);
});

/** The form of a condition in the rules file and over HTTP. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('Always') }),
    z.strictObject({ type: z.literal('FieldEquals'), field, value: scalar }),
    z.strictObject({ type: z.literal('FieldEmpty'), field }),
    z.strictObject({ type: z.literal('FieldGreater'), field, value: z.number() }),
    z.strictObject({ type: z.literal('FieldLess'), field, value: z.number() }),
    z.strictObject({ type: z.literal('FieldIn'), field, values: z.array(scalar).min(1).max(MAX_VALUES) }),
    z.strictObject({ type: z.literal('FieldMatches'), field, pattern }),
    z.strictObject({ type: z.literal('All'), of: z.array(conditionSchema).min(1).max(MAX_PARTS) }),
    z.strictObject({ type: z.literal('Any'), of: z.array(conditionSchema).min(1).max(MAX_PARTS) }),
    z.strictObject({ type: z.literal('Not'), of: conditionSchema }),
  ]),
);

/** The condition as a function of the context, its patterns compiled once. */
export function predicateOf(condition: Condition): Predicate {
  switch (condition.type) {
    case 'Always':
      return () => true;
    case 'FieldEquals':
      return (context) => fieldAt(context, condition.field) === condition.value;
    case 'FieldEmpty':
      return (context) => isEmpty(fieldAt(context, condition.field));
    case 'FieldGreater':
      return (context) => (numberOf(fieldAt(context, condition.field)) ?? Number.NaN) > condition.value;
    case 'FieldLess':
      return (context) => (numberOf(fieldAt(context, condition.field)) ?? Number.NaN) < condition.value;
    case 'FieldIn':
      return (context) => condition.values.some((value) => fieldAt(context, condition.field) === value);
    case 'FieldMatches':
      return matchPredicate(condition.field, condition.pattern);
    case 'All': {
      const parts = condition.of.map(predicateOf);
      return (context) => parts.every((part) => part(context));
    }
    case 'Any': {
      const parts = condition.of.map(predicateOf);
      return (context) => parts.some((part) => part(context));
    }
    case 'Not': {
      const part = predicateOf(condition.of);
      return (context) => !part(context);
    }
  }
}

/** Every field that a condition reads, as dot paths. */
export function fieldsOf(condition: Condition): readonly string[] {
  switch (condition.type) {
    case 'Always':
      return [];
    case 'All':
    case 'Any':
      return condition.of.flatMap(fieldsOf);
    case 'Not':
      return fieldsOf(condition.of);
    default:
      return [condition.field];
  }
}

function matchPredicate(fieldPath: string, patternText: string): Predicate {
  const compiled = compileLinearRegex(patternText);
  if (typeof compiled === 'string') throw new Error(`The schema let a pattern pass: ${compiled}`);
  return (context) => {
    const value = fieldAt(context, fieldPath);
    const texts = Array.isArray(value) ? value : [value];
    return texts.some((text) => {
      if (typeof text !== 'string') return false;
      const occurs = compiled.occursIn(text);
      if (occurs === null) throw new ContextTooLargeError(fieldPath);
      return occurs;
    });
  };
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Integers beyond 2^53 and decimals travel as text, so text that spells a decimal number counts as that number. */
function numberOf(value: JsonValue | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : null;
}
