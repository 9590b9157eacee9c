import { describe, expect, it } from 'vitest';
import { caretLines } from './error-caret.ts';

describe('the caret under an error', () => {
  it.each([
    ['SELEC 1', { line: 1, column: 1 }, ['SELEC 1', '^']],
    ['SELECT\n  nope FROM t', { line: 2, column: 3 }, ['  nope FROM t', '  ^']],
    ['SELECT\t\u001b x', { line: 1, column: 10 }, ['SELECT\\t\\x1b x', '             ^']],
    ['SELECT 1', { line: 2, column: 1 }, null],
    ['SELECT 1', {}, null],
    ['SELECT 1', { line: 1, column: 0 }, null],
  ])('in %j at %j', (sql, place, expected) => {
    expect(caretLines(sql, place)).toEqual(expected);
  });
});
