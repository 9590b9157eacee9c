import { type ErrorCode, LakeError } from '../../base/index.ts';
import { engineErrors } from './errors.ts';

/**
 * The engine's own words, kept apart from the error that a caller may see: they hold row values, policy text and
 * internal names (K-3). The room that wrote the statement may look for what it knows to be harmless.
 */
export class EngineFailure extends Error {
  readonly #text: string;

  constructor(text: string) {
    super('The engine reported an error.');
    this.name = 'EngineFailure';
    this.#text = text;
  }

  /** Unfiltered text. Never log it, answer with it or put it into another error. */
  unfilteredText(): string {
    return this.#text;
  }
}

interface Pattern {
  readonly start: string;
  readonly within?: RegExp;
  readonly code: ErrorCode;
  readonly detail: string;
}

/** Of a SELECT without columns the parser gives no place; whoever has the text may find it. */
export const NO_COLUMNS = 'A SELECT says no columns: write them, or *, between SELECT and FROM.';

/** First match wins. Details are fixed texts: nothing of the engine's message is echoed. */
const PATTERNS: readonly Pattern[] = [
  {
    start: 'Parser Error',
    within: /memory exhausted|expression depth|stack/i,
    code: engineErrors.too_complex,
    detail: 'The statement is nested too deeply or is too long to parse.',
  },
  {
    start: 'Parser Error',
    within: /SELECT clause without selection list/,
    code: engineErrors.syntax,
    detail: NO_COLUMNS,
  },
  { start: 'Parser Error', code: engineErrors.syntax, detail: 'The statement is not valid SQL.' },
  {
    start: 'Binder Error',
    within: /Referenced (?:column|table) "|does not have a column named|Could not find key/,
    code: engineErrors.unknown_column,
    detail: 'The statement names a column that its tables do not have.',
  },
  {
    start: 'Binder Error',
    within: /Ambiguous/i,
    code: engineErrors.ambiguous,
    detail: 'A name in the statement fits more than one column or table.',
  },
  {
    start: 'Binder Error',
    within: /No function matches|Cannot (?:compare|mix|combine|cast)|explicit type cast|Could not choose/,
    code: engineErrors.type_error,
    detail: 'An operator or function was given types that it does not take.',
  },
  {
    start: 'Binder Error',
    within: /Max expression depth/,
    code: engineErrors.too_complex,
    detail: 'The statement is nested too deeply.',
  },
  { start: 'Binder Error', code: engineErrors.bind, detail: 'The statement cannot be planned.' },
  {
    start: 'Catalog Error',
    code: engineErrors.unknown_name,
    detail: 'The statement names a function, type or table that does not exist.',
  },
  {
    start: 'Conversion Error',
    code: engineErrors.conversion,
    detail: 'A value could not be converted to the type asked for.',
  },
  {
    start: 'Out of Range Error',
    code: engineErrors.out_of_range,
    detail: 'A value is out of the range of its type.',
  },
  {
    start: 'Out of Memory Error',
    code: engineErrors.memory,
    detail: 'The query reached its memory limit, or the disk it may spill to.',
  },
  {
    start: 'INTERRUPT Error',
    code: engineErrors.cancelled,
    detail: 'The query was stopped before its end.',
  },
  {
    start: 'Mismatch Type Error',
    code: engineErrors.type_error,
    detail: 'Types in the statement do not fit.',
  },
  {
    start: 'Invalid Type Error',
    code: engineErrors.type_error,
    detail: 'Types in the statement do not fit.',
  },
  {
    start: 'Invalid Input Error',
    code: engineErrors.invalid_input,
    detail: 'A function or parameter was given an input that it does not take.',
  },
  {
    // While it runs, unlike a parser's error: of LIKE alone.
    start: 'Syntax Error',
    within: /escape/i,
    code: engineErrors.invalid_input,
    detail:
      'A pattern of LIKE or ILIKE ends with its escape character, or what stands after ESCAPE is more than one character. ' +
      'ILIKE can take the character NUL for one: where a pattern can hold it, write lower(…) LIKE lower(…).',
  },
  {
    start: 'Syntax Error',
    code: engineErrors.invalid_input,
    detail: 'A function was given a text that it cannot read.',
  },
  {
    start: 'Not implemented Error',
    code: engineErrors.not_supported,
    detail: 'The engine does not support a construct of this statement.',
  },
  {
    start: 'Permission Error',
    code: engineErrors.file_refused,
    detail:
      'A file of the query is gone from the disk, or the statement reached for one that its plan does not name.',
  },
  {
    start: 'IO Error',
    within: /No space left|disk.*full/i,
    code: engineErrors.disk_full,
    detail: 'The server’s disk is full.',
  },
  {
    start: 'IO Error',
    code: engineErrors.io,
    detail: 'A file of the statement could not be read or written.',
  },
];

/** The stable error for an engine message, with the message itself out of sight in its cause. */
export function engineError(text: string): LakeError {
  const pattern = PATTERNS.find(
    ({ start, within }) => text.startsWith(start) && (within?.test(text) ?? true),
  );
  const code = pattern?.code ?? engineErrors.internal;
  const detail = pattern?.detail ?? 'The engine failed while it ran the statement.';
  return new LakeError(code, { detail, cause: new EngineFailure(text) });
}
