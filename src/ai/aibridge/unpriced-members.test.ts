import { expect, test } from 'vitest';
import { choicesOf, requirePriced } from './unpriced-members.ts';

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
  ['ollama', { service_tier: 'priority' }, []],
] as const)('%s with %j: unpriced %j', (protocol, body, members) => {
  let found: unknown = [];
  try {
    requirePriced(protocol, body, []);
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
