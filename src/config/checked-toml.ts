import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { closestName } from './closest-name.ts';
import { problemWords } from './problem-words.ts';
import { knownKeys } from './schema-walk.ts';
import { type TomlLines, tomlLines } from './toml-lines.ts';

/** One mistake in a settings file, told so that a person can mend it. */
export interface FileProblem {
  /** From 1; null where the mistake has no place, such as a missing table. */
  readonly line: number | null;
  /** The dotted key, empty for the document itself. */
  readonly key: string;
  readonly message: string;
  /** The known key or value that was probably meant. */
  readonly suggestion: string | null;
}

export type CheckedToml<T> =
  | { readonly ok: true; readonly value: T; readonly lines: TomlLines }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

export type ParsedToml =
  | { readonly ok: true; readonly document: Record<string, unknown>; readonly lines: TomlLines }
  | { readonly ok: false; readonly problems: readonly FileProblem[] };

const MAX_TEXT_BYTES = 1_048_576;
const MAX_DEPTH = 64;

/** Parses TOML text and checks it against a schema; every mistake comes with its line, its key and a suggestion. */
export function checkToml<T>(text: string, schema: z.ZodType<T>): CheckedToml<T> {
  const parsed = parseToml(text);
  if (!parsed.ok) return parsed;
  const result = schema.safeParse(parsed.document, { reportInput: true });
  if (result.success) return { ok: true, value: result.data, lines: parsed.lines };
  return { ok: false, problems: schemaProblems(result.error, schema, parsed.lines) };
}

/** The syntax alone. */
export function parseToml(text: string): ParsedToml {
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    return failure(`The file is larger than ${MAX_TEXT_BYTES} bytes.`, null);
  }
  try {
    const document = parse(text, { maxDepth: MAX_DEPTH });
    const lines = tomlLines(text);
    const unkept = unkeptPath(document);
    if (unkept === null) return { ok: true, document, lines };
    const [line, key] = [lines.lineOf(unkept), dottedKey(unkept)];
    return { ok: false, problems: [{ line, key, message: 'The name is not allowed.', suggestion: null }] };
  } catch (error) {
    if (error instanceof TomlError) {
      return failure(`Not valid TOML: ${firstLine(error.message)}.`, error.line);
    }
    throw error;
  }
}

/** A schema's refusal as problems with lines. */
export function schemaProblems(
  error: z.ZodError,
  schema: z.ZodType,
  lines: TomlLines,
): readonly FileProblem[] {
  return error.issues.flatMap((issue) => issueProblems(issue, schema, lines));
}

/** `truth.toml, line 3: rules[0].phase: …; did you mean "before"?` */
export function describeProblem(fileName: string, problem: FileProblem): string {
  const place = problem.line === null ? fileName : `${fileName}, line ${problem.line}`;
  const key = problem.key === '' ? '' : ` ${problem.key}:`;
  const hint = problem.suggestion === null ? '' : ` Did you mean "${problem.suggestion}"?`;
  return `${place}:${key} ${problem.message}${hint}`;
}

/** The first key `__proto__`, as JSON bodies may have none either: a record of names leaves it out without a word. */
function unkeptPath(value: unknown): readonly PropertyKey[] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (Object.hasOwn(value, '__proto__')) return ['__proto__'];
  for (const [key, member] of Object.entries(value)) {
    const inside = unkeptPath(member);
    if (inside !== null) return [Array.isArray(value) ? Number(key) : key, ...inside];
  }
  return null;
}

/** `rules[0].when.field` */
function dottedKey(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function issueProblems(issue: z.core.$ZodIssue, schema: z.ZodType, lines: TomlLines): FileProblem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => ({
      line: lines.lineOf([...issue.path, key]),
      key: dottedKey([...issue.path, key]),
      message: 'Unknown key.',
      suggestion: closestName(key, known),
    }));
  }
  const problem = { line: lines.lineOf(issue.path), key: dottedKey(issue.path), suggestion: null };
  if (issue.code === 'invalid_value') {
    const given = typeof issue.input === 'string' ? issue.input : '';
    const values = issue.values.map(String);
    return [
      { ...problem, message: `Must be one of ${values.join(', ')}.`, suggestion: closestName(given, values) },
    ];
  }
  if (issue.code === 'invalid_union' && issue.inclusive !== false && issue.discriminator !== undefined) {
    const options = (issue.options ?? []).map(String);
    const given = ownText(issue.input, issue.discriminator);
    return [
      {
        ...problem,
        message: `Must be one of ${options.join(', ')}.`,
        suggestion: closestName(given, options),
      },
    ];
  }
  if (issue.code === 'invalid_key') {
    return [
      { ...problem, message: `The name is not allowed: ${issue.issues[0]?.message ?? issue.message}.` },
    ];
  }
  return [{ ...problem, message: sentence(problemWords(issue, schema)) }];
}

function ownText(input: unknown, key: string): string {
  if (typeof input !== 'object' || input === null || !Object.hasOwn(input, key)) return '';
  return String(Object.getOwnPropertyDescriptor(input, key)?.value);
}

function failure(message: string, line: number | null): { ok: false; problems: readonly FileProblem[] } {
  return { ok: false, problems: [{ line, key: '', message, suggestion: null }] };
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '').replace(/\.$/, '');
}

function sentence(message: string): string {
  return message.endsWith('.') ? message : `${message}.`;
}
