// The models of the package `litellm`, as models.json has them.
import type { Capability, ModelFile } from '../../src/ai/aibridge/catalogue/model-entry.ts';
import { tokensFrom, usdPerMillion, withoutUndefined } from './figures.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Providers kept, by the package's name → ours, and how it names their models: with the provider's name before a slash
 * where `prefix` says so. Left out: clouds that sell others' models by region, and services that bill what is no token.
 */
const PROVIDERS: Readonly<Record<string, { readonly name: string; readonly prefix: string }>> = {
  openai: { name: 'openai', prefix: '' },
  anthropic: { name: 'anthropic', prefix: '' },
  baseten: { name: 'baseten', prefix: 'baseten/' },
  cerebras: { name: 'cerebras', prefix: 'cerebras/' },
  cohere: { name: 'cohere', prefix: 'cohere/' },
  cohere_chat: { name: 'cohere', prefix: '' },
  dashscope: { name: 'dashscope', prefix: 'dashscope/' },
  deepinfra: { name: 'deepinfra', prefix: 'deepinfra/' },
  deepseek: { name: 'deepseek', prefix: 'deepseek/' },
  fireworks_ai: { name: 'fireworks', prefix: 'fireworks_ai/accounts/' },
  gemini: { name: 'gemini', prefix: 'gemini/' },
  groq: { name: 'groq', prefix: 'groq/' },
  hyperbolic: { name: 'hyperbolic', prefix: 'hyperbolic/' },
  inception: { name: 'inception', prefix: 'inception/' },
  minimax: { name: 'minimax', prefix: 'minimax/' },
  mistral: { name: 'mistral', prefix: 'mistral/' },
  moonshot: { name: 'moonshot', prefix: 'moonshot/' },
  nebius: { name: 'nebius', prefix: 'nebius/' },
  novita: { name: 'novita', prefix: 'novita/' },
  ovhcloud: { name: 'ovhcloud', prefix: 'ovhcloud/' },
  sambanova: { name: 'sambanova', prefix: 'sambanova/' },
  scaleway: { name: 'scaleway', prefix: 'scaleway/' },
  together_ai: { name: 'together', prefix: 'together_ai/' },
  voyage: { name: 'voyage', prefix: 'voyage/' },
  wandb: { name: 'wandb', prefix: 'wandb/' },
  xai: { name: 'xai', prefix: 'xai/' },
  zai: { name: 'zai', prefix: 'zai/' },
};

/** Models whose bill has more than tokens in it, or that are named by what a customer trained. */
const LEFT_OUT = /search|deep-research|computer-use|^ft:|container|lyria/;

/** The models of the file, without those retired on the given day. */
export function fromLitellm(file: Readonly<Record<string, Row>>, date: string): Record<string, ModelFile> {
  const models: Record<string, ModelFile> = {};
  for (const [key, row] of Object.entries(file)) {
    const provider = PROVIDERS[String(row.litellm_provider)];
    if (provider === undefined || !key.startsWith(provider.prefix) || LEFT_OUT.test(key)) continue;
    if (typeof row.deprecation_date === 'string' && row.deprecation_date <= date) continue;
    const described = modelOf(row);
    if (described !== null) models[`${provider.name}/${modelName(key, provider)}`] = described;
  }
  return models;
}

/** The name the provider itself has; `accounts/…` of Fireworks is part of it. */
function modelName(key: string, { name, prefix }: { name: string; prefix: string }): string {
  if (prefix === '') return key.startsWith(`${name}/`) ? key.slice(name.length + 1) : key;
  return key.slice(prefix.indexOf('/') + 1);
}

function modelOf(row: Row): ModelFile | null {
  const embeds = row.mode === 'embedding';
  if (!embeds && row.mode !== 'chat') return null;
  // A model that also speaks is billed for sound, which nothing here counts.
  if (row.output_cost_per_audio_token !== undefined || !isServedHere(row, embeds)) return null;
  const context = tokensFrom(row.max_input_tokens);
  if (context === null) return null;
  return withoutUndefined({
    context_window: context,
    max_output_tokens: embeds ? 1 : (tokensFrom(row.max_output_tokens) ?? Math.min(context, 8_192)),
    billing: 'metered' as const,
    prices_usd_per_million: pricesOf(row, embeds),
    capabilities: embeds ? (['embeddings'] as Capability[]) : capabilitiesOf(row),
  });
}

function isServedHere(row: Row, embeds: boolean): boolean {
  const served = row.supported_endpoints;
  if (!Array.isArray(served)) return true;
  return served.some((path) => (embeds ? /embeddings$/ : /chat\/completions$|messages$/).test(String(path)));
}

/** Undefined where no price is given, or only zeros: a price of nothing is not known to be one. */
function pricesOf(row: Row, embeds: boolean): ModelFile['prices_usd_per_million'] {
  const [firstTier] = Array.isArray(row.tiered_pricing) ? row.tiered_pricing : [];
  const base = ratesOf(row, '', null) ?? (firstTier === undefined ? null : ratesOf(firstTier, '', null));
  if (base === null || (base.input === 0 && base.output === 0) || (base.output === 0 && !embeds))
    return undefined;
  const above = [...namedTiers(row, base), ...listedTiers(row, base)].toSorted(
    (a, b) => a.context_tokens - b.context_tokens,
  );
  return above.length === 0 ? base : { ...base, above };
}

type Rates = Omit<NonNullable<ModelFile['prices_usd_per_million']>, 'above'>;
type Tier = NonNullable<NonNullable<ModelFile['prices_usd_per_million']>['above']>[number];

/** Thinking is billed as output is, or at a rate of its own: the dearer is taken. Null where no input has a price. */
function ratesOf(row: Row, suffix: string, base: Rates | null): Rates | null {
  const rate = (name: string) => usdPerMillion(row[`${name}${suffix}`]);
  const input = rate('input_cost_per_token') ?? base?.input;
  if (input === undefined) return null;
  const output = rate('output_cost_per_token') ?? base?.output ?? 0;
  // A cache that costs nothing to fill is written as 0; its tokens are still billed as input.
  const write = rate('cache_creation_input_token_cost') || undefined;
  return withoutUndefined({
    input,
    output: Math.max(output, rate('output_cost_per_reasoning_token') ?? 0),
    cache_read: rate('cache_read_input_token_cost') ?? base?.cache_read,
    cache_write: write ?? base?.cache_write,
    cache_write_long: longWrite(row, suffix) ?? base?.cache_write_long,
  });
}

function longWrite(row: Row, suffix: string): number | undefined {
  return usdPerMillion(row[`cache_creation_input_token_cost_above_1hr${suffix}`]);
}

/** `input_cost_per_token_above_200k_tokens` and its like. */
function namedTiers(row: Row, base: Rates): readonly Tier[] {
  return Object.keys(row)
    .flatMap((key) => /^input_cost_per_token(_above_(\d+)k_tokens)$/.exec(key) ?? [])
    .flatMap((part, at, parts) => {
      const rates = at % 3 === 1 ? ratesOf(row, part, base) : null;
      return rates === null ? [] : [{ context_tokens: Number(parts[at + 1]) * 1_000, ...rates }];
    });
}

/** `tiered_pricing`: the first tier is the base, the others begin where their range does. */
function listedTiers(row: Row, base: Rates): readonly Tier[] {
  if (!Array.isArray(row.tiered_pricing)) return [];
  return row.tiered_pricing.slice(1).flatMap((tier: Row) => {
    const from = Array.isArray(tier.range) ? tokensFrom(tier.range[0]) : null;
    const rates = ratesOf(tier, '', base);
    return from === null || rates === null ? [] : [{ context_tokens: from, ...rates }];
  });
}

function capabilitiesOf(row: Row): Capability[] {
  const dearer = (name: string) => Number(row[name] ?? 0) > Number(row.input_cost_per_token ?? 0);
  const has: readonly (readonly [Capability, boolean])[] = [
    ['chat', true],
    ['tools', row.supports_function_calling === true],
    ['vision', row.supports_vision === true && !dearer('input_cost_per_image_token')],
    ['audio', row.supports_audio_input === true && !dearer('input_cost_per_audio_token')],
    ['reasoning', row.supports_reasoning === true],
    ['json_schema', row.supports_response_schema === true],
    ['prompt_caching', row.supports_prompt_caching === true],
    ['prefill', row.supports_assistant_prefill === true],
  ];
  return has.flatMap(([capability, present]) => (present ? [capability] : []));
}
