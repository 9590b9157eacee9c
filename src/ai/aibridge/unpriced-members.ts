import { isJsonObject, type JsonObject, type JsonValue, LakeError } from '../../base/index.ts';
import type { ModelEntry } from './catalogue/model-entry.ts';
import { picoUsdPerToken } from './catalogue/usd.ts';
import { modelsErrors } from './errors.ts';
import type { Protocol } from './provider.ts';

/** Whether a member of a native body makes the service bill by something the catalogue has no price of for a model. */
type Unpriced = (body: JsonObject, models: readonly ModelEntry[]) => boolean;

const text = (value: JsonValue | undefined, ...free: readonly string[]) =>
  value !== undefined && value !== null && !(typeof value === 'string' && free.includes(value));

/** Tools that run at the service and are billed by the call. */
const hasTool = (body: JsonObject, own: RegExp) =>
  list(body.tools).some(
    (tool) => isJsonObject(tool) && typeof tool.type === 'string' && !own.test(tool.type),
  );

/** What services of services have in every protocol that they speak. */
const OF_GATEWAYS: Readonly<Record<string, Unpriced>> = {
  plugins: ({ plugins }) => list(plugins).length > 0,
  provider: ({ provider }, models) => isJsonObject(provider) && prefersDearer(provider, models),
  providerOptions: ({ providerOptions: options }) =>
    isJsonObject(options) &&
    Object.values(options).some((one) => isJsonObject(one) && DEARER.some((name) => isSet(one[name]))),
};

const UNPRICED: Readonly<Record<Protocol, Readonly<Record<string, Unpriced>>>> = {
  openai: {
    ...OF_GATEWAYS,
    service_tier: ({ service_tier: tier }) => text(tier, 'auto', 'default', 'flex', 'on_demand'),
    web_search_options: ({ web_search_options: options }) => options !== undefined && options !== null,
    audio: ({ audio }) => audio !== undefined && audio !== null,
    modalities: ({ modalities }) => list(modalities).some((one) => one !== 'text'),
    tools: (body) => hasTool(body, /^(function|custom)$/),
    messages: ({ messages }) => list(messages).some(holdsSound),
    search_parameters: ({ search_parameters: search }) =>
      search !== undefined && search !== null && !(isJsonObject(search) && search.mode === 'off'),
    data_sources: ({ data_sources: sources }) => list(sources).length > 0,
    enable_search: ({ enable_search: search }) => search === true,
    cache_control: (body, models) => models.some(lacksLongCache) && keepsLonger(body),
  },
  anthropic: {
    ...OF_GATEWAYS,
    service_tier: ({ service_tier: tier }) => text(tier, 'auto', 'standard_only'),
    speed: ({ speed }) => text(speed, 'standard'),
    inference_geo: ({ inference_geo: place }) => text(place, 'global'),
    tools: (body) => hasTool(body, /^(custom|bash_|text_editor_|computer_|memory_)/),
    mcp_servers: ({ mcp_servers: servers }) => list(servers).length > 0,
    context_management: ({ context_management: management }) =>
      isJsonObject(management) && list(management.edits).some(summarises),
  },
  ollama: {},
};

/**
 * Refuses a native body that a metered service would bill by other rates than the catalogue's: what is held for the call
 * would not cover it. Throws `models.not_priced` with the names of the members.
 */
export function requirePriced(protocol: Protocol, body: JsonObject, models: readonly ModelEntry[]): void {
  // What a client adds below is read by proxies as if it stood beside.
  const said = isJsonObject(body.extra_body) ? { ...body, ...body.extra_body } : body;
  const names = Object.entries(UNPRICED[protocol]).flatMap(([name, isUnpriced]) =>
    isUnpriced(said, models) ? [name] : [],
  );
  if (names.length === 0) return;
  throw new LakeError(modelsErrors.not_priced, {
    detail: `The service bills ${names.map((name) => `\`${name}\``).join(', ')} by rates that no ceiling could hold.`,
    data: { members: names },
  });
}

/** How many answers a body of OpenAI's protocol asks for; each may be as long as the cap. */
export function choicesOf(body: JsonObject): number {
  const { n } = body;
  return typeof n === 'number' && Number.isSafeInteger(n) && n >= 1 ? n : 1;
}

/** Wishes of Vercel's gateway by which another than the usual service, or a dearer way to it, is taken. */
const DEARER = ['order', 'only', 'sort', 'serviceTier', 'speed', 'byok'] as const;

/** Wishes by which OpenRouter takes another than its cheapest service for a model. */
const DEARER_PROVIDER = [
  'order',
  'only',
  'ignore',
  'quantizations',
  'preferred_min_throughput',
  'preferred_max_latency',
] as const;

/** Whether a service may be taken that bills more than the catalogue says; a limit of the price itself keeps those out. */
function prefersDearer(provider: JsonObject, models: readonly ModelEntry[]): boolean {
  const wishes = DEARER_PROVIDER.some((name) => isSet(provider[name])) || text(provider.sort, 'price');
  if (!wishes) return false;
  const { prompt, completion } = isJsonObject(provider.max_price) ? provider.max_price : {};
  return !models.every(
    ({ prices }) => prices !== null && isWithin(prompt, prices.input) && isWithin(completion, prices.output),
  );
}

function isWithin(usdPerMillion: JsonValue | undefined, most: bigint): boolean {
  return typeof usdPerMillion === 'number' && usdPerMillion >= 0 && picoUsdPerToken(usdPerMillion) <= most;
}

function isSet(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function holdsSound(message: JsonValue): boolean {
  if (!isJsonObject(message)) return false;
  return list(message.content).some((part) => isJsonObject(part) && part.type === 'input_audio');
}

/** An edit that has the service summarise the conversation first: another call, of the whole input, within this one. */
function summarises(edit: JsonValue): boolean {
  return isJsonObject(edit) && typeof edit.type === 'string' && edit.type.startsWith('compact');
}

/** Writing to a cache is known to cost extra, and not what the longer-lived one costs. */
function lacksLongCache({ prices }: ModelEntry): boolean {
  return prices !== null && prices.cacheWrite > prices.input && prices.cacheWriteLong <= prices.cacheWrite;
}

/** Whether a prompt is to be kept for longer than the five minutes that are usual. */
function keepsLonger(body: JsonObject): boolean {
  const parts = list(body.messages).flatMap((message) =>
    isJsonObject(message) ? [message, ...list(message.content)] : [],
  );
  return [body, ...list(body.tools), ...parts].some((holder) => {
    if (!isJsonObject(holder) || !isJsonObject(holder.cache_control)) return false;
    const { ttl } = holder.cache_control;
    return ttl !== undefined && ttl !== null && ttl !== '5m';
  });
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
