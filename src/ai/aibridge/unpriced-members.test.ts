import { expect, test } from 'vitest';
import { modelEntry } from './catalogue/model-entry.ts';
import { choicesOf, requirePriced } from './unpriced-members.ts';

const MODEL = modelEntry('openai/m', {
  context_window: 1_000,
  max_output_tokens: 100,
  billing: 'metered',
  prices_usd_per_million: { input: 1, output: 2 },
  capabilities: ['chat'],
});

test.each([
  ['openai', { service_tier: 'priority' }, ['service_tier']],
  ['openai', { service_tier: 'auto', modalities: ['text'] }, []],
  ['openai', { web_search_options: {} }, ['web_search_options']],
  ['openai', { plugins: [{ id: 'web' }] }, ['plugins']],
  ['openai', { plugins: [] }, []],
  ['openai', { search_parameters: { mode: 'auto' } }, ['search_parameters']],
  ['openai', { search_parameters: { mode: 'off' } }, []],
  ['openai', { modalities: ['text', 'audio'], audio: { voice: 'x' } }, ['audio', 'modalities']],
  ['openai', { tools: [{ type: 'function' }, { type: 'web_search' }] }, ['tools']],
  ['openai', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }, ['messages']],
  ['anthropic', { speed: 'fast', inference_geo: 'us' }, ['speed', 'inference_geo']],
  ['anthropic', { tools: [{ type: 'web_search_20250305' }] }, ['tools']],
  ['anthropic', { tools: [{ name: 'own', input_schema: {} }, { type: 'bash_20250124' }] }, []],
  ['anthropic', { mcp_servers: [{ type: 'url' }] }, ['mcp_servers']],
  [
    'anthropic',
    { mcp_servers: [], context_management: { edits: [{ type: 'clear_thinking_20251015' }] } },
    [],
  ],
  ['anthropic', { context_management: { edits: [{ type: 'compact_20260112' }] } }, ['context_management']],
  ['openai', { service_tier: 'on_demand' }, []],
  ['openai', { provider: { sort: { by: 'latency' } } }, ['provider']],
  ['openai', { provider: { order: ['dear'], max_price: { prompt: 'free', completion: -1 } } }, ['provider']],
  ['openai', { provider: { order: ['dear'] } }, ['provider']],
  ['openai', { provider: { only: ['dear'] } }, ['provider']],
  ['openai', { provider: { sort: 'throughput' } }, ['provider']],
  ['openai', { provider: { sort: 'price', data_collection: 'deny', zdr: true } }, []],
  ['openai', { provider: { order: [], only: null, allow_fallbacks: false } }, []],
  ['openai', { provider: { order: ['dear'], max_price: { prompt: 1, completion: 2 } } }, []],
  ['openai', { provider: { order: ['dear'], max_price: { prompt: 1 } } }, ['provider']],
  ['openai', { provider: { order: ['dear'], max_price: { prompt: 1.1, completion: 2 } } }, ['provider']],
  ['openai', { provider: { order: ['dear'], max_price: { prompt: 1, completion: 2.1 } } }, ['provider']],
  ['openai', { providerOptions: { gateway: { order: ['dear'] } } }, ['providerOptions']],
  ['openai', { providerOptions: { gateway: { only: ['dear'] } } }, ['providerOptions']],
  ['openai', { providerOptions: { gateway: { sort: 'tps' } } }, ['providerOptions']],
  ['openai', { providerOptions: { openai: { serviceTier: 'priority' } } }, ['providerOptions']],
  ['openai', { providerOptions: { gateway: { zeroDataRetention: true } } }, []],
  ['openai', { extra_body: { plugins: [{ id: 'web' }] } }, ['plugins']],
  ['openai', { data_sources: [{ type: 'azure_search' }] }, ['data_sources']],
  ['openai', { enable_search: true }, ['enable_search']],
  ['openai', { enable_search: false }, []],
  ['anthropic', { provider: { order: ['dear'] } }, ['provider']],
  ['anthropic', { plugins: [{ id: 'web' }] }, ['plugins']],
  ['ollama', { service_tier: 'priority' }, []],
] as const)('%s with %j: unpriced %j', (protocol, body, members) => {
  let found: unknown = [];
  try {
    requirePriced(protocol, body, [MODEL]);
  } catch (error) {
    found = (error as { data: { members: unknown } }).data.members;
  }
  expect(found).toEqual(members);
});

test.each([
  [{}, 1],
  [{ n: 3 }, 3],
  [{ n: 0 }, 1],
  [{ n: 'x' }, 1],
  [{ n: null }, 1],
])('%j asks for %d answers', (body, choices) => expect(choicesOf(body)).toBe(choices));
