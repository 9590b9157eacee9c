import { displayText } from '../display-text.ts';

/**
 * The line of a statement that an error points at, with a caret under the place; null where the error names none.
 * `line` and `column` count from 1, in characters.
 */
export function caretLines(
  sql: string,
  place: Readonly<Record<string, unknown>>,
): readonly [string, string] | null {
  const { line, column } = place;
  if (typeof line !== 'number' || typeof column !== 'number') return null;
  const text = sql.split('\n')[line - 1];
  if (text === undefined || column < 1) return null;
  const before = displayText(text.slice(0, column - 1));
  return [before + displayText(text.slice(column - 1)), `${' '.repeat(before.length)}^`];
}
