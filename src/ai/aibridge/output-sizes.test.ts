import { expect, test } from 'vitest';
import { createOutputSizes } from './output-sizes.ts';

test('nothing is said before enough answers were seen', () => {
  const sizes = createOutputSizes();
  for (let count = 0; count < 19; count++) sizes.observe('match', 'm', 1_000);
  expect(sizes.usual('match', 'm')).toBeNull();
  sizes.observe('match', 'm', 1_000);
  expect(sizes.usual('match', 'm')).toBe(2_000);
  expect(sizes.usual('other', 'm')).toBeNull();
});

test('a rare long answer does not count, many do, and short ones keep a floor', () => {
  const sizes = createOutputSizes();
  for (let count = 0; count < 99; count++) sizes.observe('match', 'm', 10);
  sizes.observe('match', 'm', 50_000);
  expect(sizes.usual('match', 'm')).toBe(256);
  for (let count = 0; count < 200; count++) sizes.observe('match', 'm', 3_000);
  expect(sizes.usual('match', 'm')).toBe(6_000);
});

test('old sizes and old tasks are forgotten', () => {
  const sizes = createOutputSizes();
  for (let count = 0; count < 20; count++) sizes.observe('first', 'm', 1_000);
  for (let task = 0; task < 5_000; task++) sizes.observe(`t${task}`, 'm', 1);
  expect(sizes.usual('first', 'm')).toBeNull();
});
