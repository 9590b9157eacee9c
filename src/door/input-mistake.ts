import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

/** What a schema calls a value, in a caller's words. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/**
 * Says of a member of an input what it must be, and whether it is missing; an error map of zod, for the parsing of what callers send.
 * Undefined leaves the schema's own words. Never repeats a value.
 */
export function inputMistake(issue: RawIssue): string | undefined {
  if (issue.code === 'invalid_key') {
    const [told] = issue.issues;
    return told === undefined ? undefined : `cannot have this name: ${told.message}`;
  }
  const expected = expectation(issue);
  if (expected === undefined) return mistakeInside(issue);
  if (issue.input === undefined) return `is missing; it must be ${expected}`;
  if (issue.code !== 'invalid_type') return `must be ${expected}`;
  if (typeof issue.input !== 'number') return `must be ${expected}, not ${nounOf(issue.input)}`;
  if (!Number.isFinite(issue.input)) return `must be ${expected}, and finite`;
  return issue.expected === 'int' ? `must be ${expected}` : `must be ${expected}, not a number`;
}

/** Of a value that is of one form of several but for a member of it. */
function mistakeInside(issue: RawIssue): string | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const [inside, ...others] = issue.errors.flatMap(([first]) =>
    first !== undefined && first.path.length > 0 ? [first] : [],
  );
  const expected = inside === undefined || others.length > 0 ? undefined : expectation(inside);
  return expected === undefined ? undefined : `its member ${inside?.path.join('.')} must be ${expected}`;
}

function expectation(issue: RawIssue | z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return NOUNS[issue.expected] ?? issue.expected;
    case 'invalid_value': {
      const values = issue.values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value)));
      return values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
    }
    case 'invalid_union': {
      const forms = issue.errors.map(([first]) =>
        first === undefined || first.path.length > 0 ? undefined : expectation(first),
      );
      if (forms.length === 0 || forms.includes(undefined)) return undefined;
      return [...new Set(forms)].join(' or ');
    }
    case 'invalid_format':
      return issue.format === 'datetime' ? 'a time such as 2030-01-31T08:00:00Z' : undefined;
    case 'too_small':
      return bounded(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    default:
      return undefined;
  }
}

function bounded(origin: string, comparison: string, bound: number | bigint): string | undefined {
  if (origin === 'number' || origin === 'int') return `${comparison} ${bound}`;
  const plural = Number(bound) === 1 ? '' : 's';
  if (origin === 'string') return `${comparison} ${bound} character${plural} long`;
  return origin === 'array' ? `a list of ${comparison} ${bound} element${plural}` : undefined;
}

function nounOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return NOUNS[typeof value] ?? typeof value;
}
