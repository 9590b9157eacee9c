import { expect, test } from 'vitest';
import { picoUsdPerToken, scaledExactly } from './usd.ts';

test.each<[number, number, bigint | null]>([
  [0.1, 9, 100_000_000n],
  [2.5, 9, 2_500_000_000n],
  [0.000000001, 9, 1n],
  [1e-9, 9, 1n],
  [1.5e-9, 9, null],
  [0.0000000001, 9, null],
  [1e21, 9, 10n ** 30n],
  [0, 9, 0n],
  [9_000_000, 9, 9_000_000_000_000_000n],
  // The nearest double to 0.3 is not three tenths; what the file said is.
  [0.3, 9, 300_000_000n],
])('%d times ten to the %i is %s', (value, decimals, expected) => {
  expect(scaledExactly(value, decimals)).toBe(expected);
});

test.each<[number, bigint]>([
  [0, 0n],
  [0.15, 150_000n],
  [3, 3_000_000n],
  [0.000001, 1n],
  [0.0000001, 1n],
  [1.0000001, 1_000_001n],
  [10_000, 10_000_000_000n],
])('%d dollars per million tokens are %s trillionths for one', (usd, expected) => {
  expect(picoUsdPerToken(usd)).toBe(expected);
});
