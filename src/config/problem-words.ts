import { z } from 'zod';
import { fieldsAt } from './schema-walk.ts';

/** What a value must be, in words, with an example where the key itself has none. */
const KINDS: Readonly<Record<string, readonly [wanted: string, example: string]>> = {
  string: ['text in quotes', '"text"'],
  int: ['a whole number', '10'],
  number: ['a number', '0.5'],
  boolean: ['true or false', 'true'],
  array: ['a list', '["a", "b"]'],
};
const TABLES: ReadonlySet<string> = new Set(['object', 'record']);

/** Messages of the schema library start so; those of our schemas say what is wanted in their own words and are kept. */
const LIBRARY_WORDS = /^(Invalid |Too (small|big): )/;

/** A mistake that the schema found, told so that a person can mend it: what is wanted, an example, and what is there. */
export function problemWords(issue: z.core.$ZodIssue, schema: z.core.$ZodType): string {
  if (!LIBRARY_WORDS.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return typeWords(issue, schema);
    case 'too_small':
      return `Must ${limitWords(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `Must ${limitWords(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_format':
      if (issue.format === 'url') return 'Must be an address, such as https://host.example/path';
      return `Must have the form ${issue.pattern ?? issue.format}`;
    case 'invalid_union':
      return unionWords(issue, schema);
    default:
      return issue.message;
  }
}

function typeWords(
  issue: Extract<z.core.$ZodIssue, { code: 'invalid_type' }>,
  schema: z.core.$ZodType,
): string {
  const fields = fieldsAt(schema, issue.path);
  const isInt = fields.some(({ type }) => type instanceof z.ZodNumber && type.isInt);
  const expected = issue.expected === 'number' && isInt ? 'int' : issue.expected;
  const { input } = issue;
  const missing = input === undefined ? 'Is missing; it must be' : 'Must be';
  const found = input === undefined ? '' : `; this is ${foundWords(input)}`;
  if (TABLES.has(expected)) return `${missing} a table, such as [${tableName(issue.path)}]${found}`;
  const [wanted, usual] = KINDS[expected] ?? [expected, ''];
  const example = fields.map((field) => tomlText(field.usual)).find((text) => text !== null) ?? usual;
  return `${missing} ${wanted}, such as ${example}${found}`;
}

function tableName(path: readonly PropertyKey[]): string {
  const names = path.filter((part) => typeof part === 'string');
  return names.length === 0 ? 'name' : names.join('.');
}

/** The kind of a value and never the value: it may be a secret in the wrong place. */
function foundWords(input: unknown): string {
  if (input === '') return 'empty text';
  if (typeof input === 'string') return 'text';
  if (typeof input === 'boolean') return 'true or false without quotes';
  if (typeof input === 'bigint') return 'a whole number';
  if (typeof input === 'number') {
    if (!Number.isFinite(input)) return 'no finite number';
    return Number.isInteger(input) ? 'a whole number' : 'a number with a fraction';
  }
  if (input instanceof Date) return 'a date';
  return Array.isArray(input) ? 'a list' : 'a table';
}

/** A default as it would stand in a file; null for one that shows nothing. */
function tomlText(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string' && value !== '') return JSON.stringify(value);
  return Array.isArray(value) && value.length > 0 ? `[${value.map(tomlText).join(', ')}]` : null;
}

function limitWords(origin: string, bound: string, limit: number | bigint): string {
  const plural = Number(limit) === 1 ? '' : 's';
  if (origin === 'string') return `have ${bound} ${limit} character${plural}`;
  if (origin === 'array' || origin === 'set') return `have ${bound} ${limit} member${plural}`;
  return `be ${bound} ${limit}`;
}

/** What each form would have asked for, where they differ. */
function unionWords(
  issue: Extract<z.core.$ZodIssue, { code: 'invalid_union' }>,
  schema: z.core.$ZodType,
): string {
  const told = issue.errors.flatMap(([first]) => {
    if (first === undefined) return [];
    const inner = { ...first, path: [...issue.path, ...first.path] };
    if (inner.code === 'invalid_value')
      return [`Must be ${inner.values.map((value) => JSON.stringify(value)).join(' or ')}`];
    const words = problemWords(inner, schema);
    return first.path.length === 0 ? [words] : [`${first.path.join('.')}: ${words}`];
  });
  return told.length === 0
    ? 'Has none of the forms that are allowed here'
    : [...new Set(told)].join('; or: ');
}
