import fc from 'fast-check';
import { expect, test } from 'vitest';
import { realCost, worstCost } from './cost.ts';
import { type ModelFile, modelEntry } from './model-entry.ts';

type FilePrices = NonNullable<ModelFile['prices_usd_per_million']>;

function metered(prices: FilePrices, fee_usd_per_request?: number) {
  return modelEntry('p/m', {
    context_window: 1_000_000,
    max_output_tokens: 100_000,
    billing: 'metered',
    prices_usd_per_million: prices,
    ...(fee_usd_per_request === undefined ? {} : { fee_usd_per_request }),
    capabilities: ['chat'],
  });
}

const usage = (input: number, output: number, cachedInput = 0, cacheWriteInput = 0) => ({
  input,
  output,
  cachedInput,
  cacheWriteInput,
});

const TIERED: FilePrices = {
  input: 1.25,
  output: 10,
  cache_read: 0.125,
  above: [
    { context_tokens: 200_000, input: 2.5, output: 15 },
    { context_tokens: 500_000, input: 5, output: 30, cache_read: 0.5 },
  ],
};

test.each<[FilePrices, ReturnType<typeof usage>, number]>([
  [{ input: 2.5, output: 10 }, usage(1_000, 500), 7_500_000],
  [{ input: 2.5, output: 10 }, usage(0, 0), 0],
  // 0.1 + 0.2 of a dollar per million: one token each is 300 billionths of a dollar, and no more.
  [{ input: 0.1, output: 0.2 }, usage(1, 1), 300],
  // A third of a billionth per token is rounded up once, at the end.
  [{ input: 0.000333, output: 0 }, usage(1, 0), 1],
  [{ input: 0.000333, output: 0 }, usage(10, 0), 4],
  // Finer than a trillionth per token: rounded up.
  [{ input: 0.0000001, output: 0 }, usage(1_000_000, 0), 1_000],
  [{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 }, usage(1_000, 100, 600, 300), 3_105_000],
  // Without cache prices, cached tokens cost what input does.
  [{ input: 3, output: 15 }, usage(1_000, 0, 600, 300), 3_000_000],
  [TIERED, usage(200_000, 0), 250_000_000],
  [TIERED, usage(200_001, 0), 500_002_500],
  [TIERED, usage(500_001, 1), 2_500_035_000],
  [TIERED, usage(600_000, 0, 600_000), 300_000_000],
  // A tier without a cache price of its own reads at its price of input.
  [TIERED, usage(300_000, 0, 300_000), 750_000_000],
])('bills %j for %j with %i billionths of a dollar', (prices, used, expected) => {
  expect(realCost(metered(prices), used)).toBe(expected);
});

test('bills the longer-lived cache at its own price', () => {
  const entry = metered({ input: 3, output: 15, cache_write: 3.75, cache_write_long: 6 });
  expect(realCost(entry, { ...usage(1_000, 0, 0, 1_000), cacheWriteLongInput: 400 })).toBe(4_650_000);
  expect(realCost(entry, { ...usage(1_000, 0, 0, 1_000), cacheWriteLongInput: 9_000 })).toBe(6_000_000);
});

test('a fee of each request is held, and charged where the request was worked on', () => {
  const entry = metered({ input: 1, output: 2 }, 0.005);
  expect(worstCost(entry, 0, 0)).toBe(5_000_000);
  expect(worstCost(entry, 10, 20)).toBe(5_050_000);
  expect(realCost(entry, usage(10, 20))).toBe(5_050_000);
  expect(realCost(entry, usage(10, 0))).toBe(5_010_000);
  expect(realCost(entry, { ...usage(10, 20), billedNanoUsd: 5_050_000 })).toBe(5_050_000);
  expect(realCost(entry, usage(0, 0))).toBe(0);
  expect(worstCost({ ...entry, billing: 'flat' }, 10, 20)).toBe(0);
});

test.each(['flat', 'free'] as const)('costs nothing where the billing is %s', (billing) => {
  const entry = { ...metered({ input: 3, output: 15 }), billing };
  expect(realCost(entry, usage(1_000, 1_000))).toBe(0);
  expect(worstCost({ ...entry, prices: null }, 1_000, 1_000)).toBe(0);
});

test('has no cost for a metered model without a price', () => {
  const entry = { ...metered({ input: 3, output: 15 }), prices: null };
  expect(() => worstCost(entry, 1, 1)).toThrow(RangeError);
  expect(() => realCost(entry, usage(1, 1))).toThrow(RangeError);
});

test.each([Number.NaN, -5, Number.NEGATIVE_INFINITY])('takes a count of %d for none', (count) => {
  expect(realCost(metered({ input: 3, output: 15 }), usage(count, count, count, count))).toBe(0);
});

test('says the largest integer where a count is beyond all bills', () => {
  const entry = metered({ input: 3, output: 15 });
  expect(realCost(entry, usage(Number.POSITIVE_INFINITY, 1e300))).toBe(Number.MAX_SAFE_INTEGER);
});

const price = fc.integer({ min: 0, max: 2_000_000 }).map((steps) => steps / 1_000);
const rates = fc.record(
  { input: price, output: price, cache_read: price, cache_write: price, cache_write_long: price },
  { requiredKeys: ['input', 'output'] },
);
const prices: fc.Arbitrary<FilePrices> = fc
  .tuple(
    rates,
    fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 3 }),
    fc.array(rates, { minLength: 3, maxLength: 3 }),
  )
  .map(([base, thresholds, tiers]) => ({
    ...base,
    above: thresholds
      .toSorted((a, b) => a - b)
      .map((context_tokens, at) => ({ context_tokens, ...(tiers[at] ?? base) })),
  }));
const bounds = fc.tuple(fc.nat(1_500), fc.nat(1_500));
const share = fc.double({ min: 0, max: 1, noNaN: true });

test('the worst cost is never less than the cost of a usage within the bounds', () => {
  fc.assert(
    fc.property(
      fc.tuple(prices, fc.option(price, { nil: undefined })),
      bounds,
      fc.tuple(share, share, share, share, share),
      ([file, fee], [most, mostOutput], [i, o, r, w, l]) => {
        const entry = metered(file, fee);
        const input = Math.floor(most * i);
        const cachedInput = Math.floor(input * r);
        const cacheWriteInput = Math.floor((input - cachedInput) * w);
        const used = {
          input,
          output: Math.floor(mostOutput * o),
          cachedInput,
          cacheWriteInput,
          cacheWriteLongInput: Math.floor(cacheWriteInput * l),
        };
        expect(worstCost(entry, most, mostOutput)).toBeGreaterThanOrEqual(realCost(entry, used));
      },
    ),
    { numRuns: 5_000 },
  );
});

test('the worst cost is reached by some usage: it holds no more than it must', () => {
  fc.assert(
    fc.property(prices, bounds, (file, [most, output]) => {
      const entry = metered(file);
      const inputs = [most, ...(file.above ?? []).map((tier) => Math.min(most, tier.context_tokens))];
      const reached = inputs.flatMap((input) => [
        realCost(entry, usage(input, output)),
        realCost(entry, usage(input, output, input)),
        realCost(entry, usage(input, output, 0, input)),
        realCost(entry, { ...usage(input, output, 0, input), cacheWriteLongInput: input }),
      ]);
      expect(worstCost(entry, most, output)).toBe(Math.max(...reached));
    }),
    { numRuns: 2_000 },
  );
});

test('the worst cost grows with the bounds, over every tier', () => {
  fc.assert(
    fc.property(prices, bounds, bounds, (file, [input, output], [more, moreOutput]) => {
      const entry = metered(file);
      const larger = worstCost(entry, input + more, output + moreOutput);
      expect(larger).toBeGreaterThanOrEqual(worstCost(entry, input, output));
    }),
    { numRuns: 2_000 },
  );
});

test('a cost is exact however it is put together', () => {
  fc.assert(
    fc.property(price, fc.nat(100_000), (each, count) => {
      const entry = metered({ input: each, output: 0 });
      const thousandths = BigInt(Math.round(each * 1_000)) * BigInt(count);
      expect(BigInt(realCost(entry, usage(count, 0)))).toBe(thousandths);
    }),
    { numRuns: 2_000 },
  );
});
