import { z } from 'zod';
import { picoUsdPerToken } from './usd.ts';

/**
 * What a model can take or do. `chat` and `embeddings` say which operations it serves; `prefill` that an answer may be
 * begun for it; `audio` that sound costs no more than text, so that the prices here hold for it.
 */
export const CAPABILITIES = [
  'chat',
  'embeddings',
  'tools',
  'vision',
  'audio',
  'reasoning',
  'json_schema',
  'prompt_caching',
  'prefill',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

/** One model of one provider, as the catalogue and `routing.toml` describe it. */
export interface ModelEntry {
  /** `provider/model`: the catalogue's name of the provider, and the model by the provider's own name. */
  readonly name: string;
  /** Most tokens of input. */
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** Most tokens that one image counts as. */
  readonly tokensPerImage: number;
  /** `flat` and `free` cost nothing per token and are capped by requests and tokens. */
  readonly billing: 'metered' | 'flat' | 'free';
  /** Null where the price is not known; never read for `flat` and `free`. */
  readonly prices: Prices | null;
  /** Trillionths of a dollar that each request costs beside its tokens. */
  readonly feePicoUsd: bigint;
  readonly capabilities: ReadonlySet<Capability>;
}

/** Rates of a request, and of one whose input is longer than a threshold. */
export interface Prices extends Rates {
  /** Ascending by `contextTokens`. The last one exceeded by the whole input holds for the whole request. */
  readonly above: readonly (Rates & { readonly contextTokens: number })[];
}

/** In trillionths of a dollar per token: integers, so that no sum drifts. */
export interface Rates {
  readonly input: bigint;
  readonly output: bigint;
  readonly cacheRead: bigint;
  readonly cacheWrite: bigint;
  /** Of input written to a cache that lives longer than the provider's usual one. */
  readonly cacheWriteLong: bigint;
}

/**
 * Of a model that does not say: what the dearest usual way counts for the largest image, four tiles of 1,601 tokens.
 * OpenAI and Anthropic count up to 1,600 to 3,800 for most of their models.
 */
export const USUAL_TOKENS_PER_IMAGE = 6_404;

const tokens = z.int().min(1).max(100_000_000);
const usdPerMillion = z.number().min(0).max(10_000);

const rates = {
  input: usdPerMillion,
  output: usdPerMillion,
  cache_read: usdPerMillion.optional(),
  cache_write: usdPerMillion.optional(),
  cache_write_long: usdPerMillion.optional(),
};

const pricesSchema = z.strictObject({
  ...rates,
  above: z
    .array(z.strictObject({ context_tokens: tokens, ...rates }))
    .max(8)
    .refine(
      (tiers) =>
        tiers.every((tier, at) => at === 0 || tier.context_tokens > (tiers[at - 1]?.context_tokens ?? 0)),
      'Tiers ascend by context_tokens',
    )
    .optional(),
});

const members = {
  context_window: tokens,
  max_output_tokens: tokens,
  tokens_per_image: tokens.optional(),
  billing: z.enum(['metered', 'flat', 'free']),
  prices_usd_per_million: pricesSchema.optional(),
  fee_usd_per_request: z.number().min(0).max(1_000).optional(),
  capabilities: z.array(z.enum(CAPABILITIES)).min(1),
};

/** A model as `models.json` writes it. */
export const modelFileSchema = z.strictObject(members);
export type ModelFile = z.infer<typeof modelFileSchema>;

/** A model as `routing.toml` writes it: only what the catalogue does not say, or says otherwise. */
export const modelOverrideSchema = z.strictObject(members).partial();
export type ModelOverride = z.infer<typeof modelOverrideSchema>;

/** The entry that a file describes. */
export function modelEntry(name: string, file: ModelFile): ModelEntry {
  return {
    name,
    contextWindow: file.context_window,
    maxOutputTokens: file.max_output_tokens,
    tokensPerImage: file.tokens_per_image ?? USUAL_TOKENS_PER_IMAGE,
    billing: file.billing,
    prices: file.prices_usd_per_million === undefined ? null : pricesOf(file.prices_usd_per_million),
    feePicoUsd: 1_000_000n * picoUsdPerToken(file.fee_usd_per_request ?? 0),
    capabilities: new Set(file.capabilities),
  };
}

function pricesOf(file: z.infer<typeof pricesSchema>): Prices {
  const above = file.above ?? [];
  return {
    ...ratesOf(file),
    above: above.map((tier) => ({ ...ratesOf(tier), contextTokens: tier.context_tokens })),
  };
}

/** A cache price that is not given is the price of input. */
function ratesOf(file: Omit<z.infer<typeof pricesSchema>, 'above'>): Rates {
  const cacheWrite = file.cache_write ?? file.input;
  return {
    input: picoUsdPerToken(file.input),
    output: picoUsdPerToken(file.output),
    cacheRead: picoUsdPerToken(file.cache_read ?? file.input),
    cacheWrite: picoUsdPerToken(cacheWrite),
    cacheWriteLong: picoUsdPerToken(file.cache_write_long ?? cacheWrite),
  };
}
