import type { TokenUsage } from '../chat.ts';
import { type ModelEntry, type Prices, type Rates, USUAL_TOKENS_PER_IMAGE } from './model-entry.ts';

/** What a provider counted, as far as it has a price. */
export type BilledUsage = Pick<
  TokenUsage,
  'input' | 'cachedInput' | 'cacheWriteInput' | 'cacheWriteLongInput' | 'output' | 'billedNanoUsd'
>;

/**
 * The most that a request within these bounds can cost, in billionths of a dollar, rounded up: every token of input at
 * its dearest rate, and the dearest of the tiers that an input up to the bound may reach. 0 for `flat` and `free`.
 * Never less than `realCost` of a usage within the bounds. Throws RangeError for a metered model without a price:
 * `plan` refuses those.
 */
export function worstCost(entry: ModelEntry, inputTokens: number, maxOutputTokens: number): number {
  if (entry.billing !== 'metered') return 0;
  const prices = knownPrices(entry);
  const output = tokenCount(maxOutputTokens);
  let worst = 0n;
  for (const { rates, upTo } of reachedTiers(prices, inputTokens)) {
    const cost = tokenCount(upTo) * dearestInput(rates) + output * rates.output;
    if (cost > worst) worst = cost;
  }
  return nanoUsd(worst + entry.feePicoUsd);
}

/** What a request can be counted as by a model: a file may fill its window, and each model has its own way with images. */
export function mostInputTokens(
  request: { readonly inputTokens: number; readonly images: number; readonly mayFillWindow?: boolean },
  entry: ModelEntry,
): number {
  const { images, mayFillWindow = false } = request;
  const inputTokens = request.inputTokens + images * (entry.tokensPerImage - USUAL_TOKENS_PER_IMAGE);
  return mayFillWindow ? Math.max(inputTokens, entry.contextWindow) : inputTokens;
}

/**
 * What a usage costs, in billionths of a dollar, rounded up; 0 for `flat` and `free`. Where the service says that it billed
 * more, it knows of fees and rates that no catalogue has. Throws RangeError as above.
 */
export function realCost(entry: ModelEntry, usage: BilledUsage): number {
  if (entry.billing !== 'metered') return 0;
  const prices = knownPrices(entry);
  const rates = prices.above.findLast(({ contextTokens }) => usage.input > contextTokens) ?? prices;
  const read = tokenCount(usage.cachedInput);
  const written = tokenCount(usage.cacheWriteInput);
  const writtenLong = tokenCount(Math.min(usage.cacheWriteLongInput ?? 0, usage.cacheWriteInput));
  const rest = tokenCount(usage.input) - read - written;
  const byRates = nanoUsd(
    (rest > 0n ? rest : 0n) * rates.input +
      read * rates.cacheRead +
      (written - writtenLong) * rates.cacheWrite +
      writtenLong * rates.cacheWriteLong +
      tokenCount(usage.output) * rates.output +
      // Where nothing was counted the service did no work.
      (usage.input > 0 || usage.output > 0 ? entry.feePicoUsd : 0n),
  );
  return Math.max(byRates, usage.billedNanoUsd ?? 0);
}

/** Each tier that some input of at most `inputTokens` is billed by, with the longest such input. */
function reachedTiers(prices: Prices, inputTokens: number): readonly { rates: Rates; upTo: number }[] {
  const tiers = [{ rates: prices as Rates, from: 0 }];
  for (const tier of prices.above) tiers.push({ rates: tier, from: tier.contextTokens });
  return tiers
    .filter(({ from }) => from === 0 || inputTokens > from)
    .map(({ rates }, index, reached) => ({
      rates,
      upTo: Math.min(inputTokens, reached[index + 1]?.from ?? inputTokens),
    }));
}

function dearestInput(rates: Rates): bigint {
  let dearest = rates.input;
  for (const rate of [rates.cacheRead, rates.cacheWrite, rates.cacheWriteLong]) {
    if (rate > dearest) dearest = rate;
  }
  return dearest;
}

function knownPrices(entry: ModelEntry): Prices {
  if (entry.prices === null) throw new RangeError(`No price is known for ${entry.name}.`);
  return entry.prices;
}

/** A count from outside: what is no count costs nothing, what is too large to be one is the largest there is. */
function tokenCount(count: number): bigint {
  if (!(count > 0)) return 0n;
  return BigInt(Math.ceil(Math.min(count, Number.MAX_SAFE_INTEGER)));
}

/** Trillionths as billionths, rounded up. What no safe integer can hold is the largest one: it exceeds every ceiling. */
function nanoUsd(picoUsd: bigint): number {
  const nano = (picoUsd + 999n) / 1000n;
  return nano > MAX_SAFE ? Number.MAX_SAFE_INTEGER : Number(nano);
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
