import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { PLAIN_TEXT, reply, type ScriptedUsage } from '../support/scripted-provider/scripted-reply.ts';

// M-3, M-5: what a service bills beside the plain tokens is charged, whole or streamed.

const CACHED = `
[models."anthropic/cached-*"]
prices_usd_per_million = { input = 1, output = 2, cache_read = 0.1, cache_write = 1.25, cache_write_long = 2 }
[models."openai/cached-*"]
prices_usd_per_million = { input = 1, output = 2, cache_read = 0.1, cache_write = 1.25, cache_write_long = 2 }
[models."openai/long-unpriced"]
prices_usd_per_million = { input = 1, output = 2, cache_write = 1.25 }
[models."openai/searching"]
fee_usd_per_request = 0.005
`;

let lake: ModelServer;
beforeAll(async () => {
  lake = await startModelServer({ truth: 'rules = []\n', routing: ROUTING + CACHED });
});
afterAll(() => lake.close());

const messages = [{ role: 'user', content: 'Hello?' }];
const USAGE: ScriptedUsage = { input: 20, cachedInput: 4, output: 12, reasoning: 0 };
let counter = 0;

async function call(path: string, json: object, scripted: Parameters<typeof reply>[0]) {
  const requestId = `billed-${counter++}`;
  lake.upstream.script(reply(scripted));
  const answer = await lake.server.api('POST', path, {
    json: { messages, max_tokens: 100, ...json },
    headers: { 'x-request-id': requestId },
  });
  expect(answer.status, answer.text).toBe(200);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  const [record] = callRecords(lake.server.home, requestId).calls;
  if (record === undefined) throw new Error('no call is recorded');
  return record;
}

const hour = {
  cache_creation_input_tokens: 1_000,
  cache_creation: { ephemeral_5m_input_tokens: 400, ephemeral_1h_input_tokens: 600 },
};

test.each([false, true])('a cache of an hour is charged by its own price (streamed: %s)', async (stream) => {
  const record = await call(
    '/v1/messages',
    { model: 'anthropic/cached-1', stream },
    { usage: { ...USAGE, more: hour } },
  );
  expect(record.cache_write_tokens).toBe(1_000);
  expect(record.cost_nano_usd).toBe(16 * 1_000 + 4 * 100 + 400 * 1_250 + 600 * 2_000 + 12 * 2_000);
});

test.each([false, true])(
  'a cache of a length that is not told is charged as the longer one (streamed: %s)',
  async (stream) => {
    const more = { prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 10 } };
    const record = await call(
      '/v1/chat/completions',
      { model: 'openai/cached-1', stream },
      { usage: { ...USAGE, more } },
    );
    expect(record.cost_nano_usd).toBe(6 * 1_000 + 4 * 100 + 10 * 2_000 + 12 * 2_000);
  },
);

test.each([false, true])('steps that totals leave out are charged (streamed: %s)', async (stream) => {
  const step = { input_tokens: 500, cache_read_input_tokens: 100, output_tokens: 70 };
  const iterations = [
    { type: 'compaction', ...step },
    { type: 'message', input_tokens: 16, output_tokens: 12 },
  ];
  const record = await call(
    '/v1/messages',
    { model: 'claude-scripted', stream },
    { usage: { ...USAGE, more: { iterations } } },
  );
  expect(record).toMatchObject({ input_tokens: 20 + 600, output_tokens: 12 + 70 });
});

test.each([
  [{ cost: 0.0123 }, 12_300_000],
  [{ cost: { total_cost: 0.5 } }, 500_000_000],
  [{ estimated_cost: 0.001 }, 1_000_000],
  [{ cost_in_usd_ticks: 37_756_000 }, 3_775_600],
  // What is less than the tokens come to is a discount that nobody has checked.
  [{ cost: 0.000001 }, 44_000],
  [{ cost: -1 }, 44_000],
  [{ cost: 'free' }, 44_000],
])('a service that says it billed %j is believed where that is more', async (more, expected) => {
  for (const stream of [false, true]) {
    const record = await call(
      '/v1/chat/completions',
      { model: 'gpt-scripted', stream },
      { usage: { ...USAGE, more } },
    );
    expect(record.cost_nano_usd).toBe(expected);
    // When the first token came is known of a stream alone.
    expect(record.first_token_ms).toEqual(stream ? expect.any(Number) : null);
  }
});

test.each([false, true])(
  'a fee of each request is held before it is charged (streamed: %s)',
  async (stream) => {
    const cost = 0.005 + 44e-6;
    const record = await call(
      '/v1/chat/completions',
      { model: 'openai/searching', stream },
      { usage: { ...USAGE, more: { cost } } },
    );
    expect(record.cost_nano_usd).toBe(5_044_000);
    expect(record.held_nano_usd).toBeGreaterThan(5_100_000);
  },
);

test('a fee of each request is not charged for one that was refused', async () => {
  lake.upstream.script(reply({ status: 429 }));
  await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'openai/searching', messages, max_tokens: 100 },
    headers: { 'x-request-id': 'fee-refused' },
  });
  expect(callRecords(lake.server.home, 'fee-refused').calls).toEqual([
    expect.objectContaining({ status: 'failed', cost_nano_usd: 0 }),
  ]);
});

test('a stream whose only count came before the answer is charged for what it said', async () => {
  const record = await call(
    '/v1/messages',
    { model: 'claude-scripted', stream: true },
    { fault: 'no_last_count' },
  );
  expect(record).toMatchObject({
    status: 'ok',
    input_tokens: 20,
    output_tokens: Math.ceil(PLAIN_TEXT.length / 3),
  });
});

const longer = { cache_control: { type: 'ephemeral', ttl: '1h' } };
const said = (more: object) => ({
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', ...more }] }],
});

test.each<readonly [string, string, object, string | null]>([
  ['/v1/chat/completions', 'openai/long-unpriced', said(longer), 'cache_control'],
  ['/v1/chat/completions', 'openai/long-unpriced', longer, 'cache_control'],
  ['/v1/chat/completions', 'openai/cached-1', said(longer), null],
  ['/v1/chat/completions', 'gpt-scripted', said(longer), null],
  ['/v1/chat/completions', 'openai/long-unpriced', said({ cache_control: { type: 'ephemeral' } }), null],
  ['/v1/chat/completions', 'gpt-scripted', { search_parameters: { mode: 'on' } }, 'search_parameters'],
  ['/v1/chat/completions', 'gpt-scripted', { search_parameters: { mode: 'off' } }, null],
  [
    '/v1/messages',
    'claude-scripted',
    { mcp_servers: [{ type: 'url', url: 'https://x', name: 'x' }] },
    'mcp_servers',
  ],
  [
    '/v1/messages',
    'claude-scripted',
    { context_management: { edits: [{ type: 'compact_20260112' }] } },
    'context_management',
  ],
  [
    '/v1/messages',
    'claude-scripted',
    { context_management: { edits: [{ type: 'clear_tool_uses_20250919' }] } },
    null,
  ],
])('%s of %s with %j: not priced %s', async (path, model, more, member) => {
  const before = lake.upstream.received.length;
  const json = { model, messages, max_tokens: 50, ...more };
  const answer = await lake.server.api('POST', path, { json });
  expect(answer.status, answer.text).toBe(member === null ? 200 : 422);
  if (member !== null) expect(answer.json).toMatchObject({ code: 'models.not_priced', members: [member] });
  expect(lake.upstream.received.length - before).toBe(member === null ? 1 : 0);
});
