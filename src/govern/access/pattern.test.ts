import { expect, it } from 'vitest';
import { isDatasetPattern } from './pattern.ts';

it.each([
  ['sales.orders', true],
  ['sales.*', true],
  ['*', true],
  ['', false],
  ['.', false],
  ['sales.', false],
  ['a"b', false],
  ["a'b", false],
  ['a b', false],
  ['a/b', false],
  ['a\u0000', false],
  ['a'.repeat(300), false],
])('%j may stand in a policy: %s', (pattern, expected) => {
  expect(isDatasetPattern(pattern)).toBe(expected);
});
