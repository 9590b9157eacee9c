import { isJsonObject, type JsonObject, type JsonValue, LakeError } from '../../base/index.ts';
import type { ModelEntry } from './catalogue/model-entry.ts';
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

const UNPRICED: Readonly<Record<Protocol, Readonly<Record<string, Unpriced>>>> = {
  openai: {
    service_tier: ({ service_tier: tier }) => text(tier, 'auto', 'default', 'flex'),
    plugins: ({ plugins }) => list(plugins).length > 0,
    web_search_options: ({ web_search_options: options }) => options !== undefined && options !== null,
    audio: ({ audio }) => audio !== undefined && audio !== null,
    modalities: ({ modalities }) => list(modalities).some((one) => one !== 'text'),
    tools: (body) => hasTool(body, /^(function|custom)$/),
    messages: ({ messages }) => list(messages).some(holdsSound),
    search_parameters: ({ search_parameters: search }) =>
      search !== undefined && search !== null && !(isJsonObject(search) && search.mode === 'off'),
    cache_control: (body, models) => models.some(lacksLongCache) && keepsLonger(body),
  },
  anthropic: {
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
  const names = Object.entries(UNPRICED[protocol]).flatMap(([name, isUnpriced]) =>
    isUnpriced(body, models) ? [name] : [],
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
