import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { storeRows } from '../harness/store-rows.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// M-3 over HTTP. Every plain answer costs 44,000 nano-dollars: 20 tokens of input at 1 dollar a million, 12 of output at 2.

const ANSWER_NANO_USD = 44_000;
const LIMIT_NANO_USD = 2_000_000;

const CEILINGS = `
[[ceilings]]
name = "each-capped"
when = { role = "capped" }
per = ["identity"]
usd_per_hour = 0.002

[[ceilings]]
name = "small-requests"
when = { role = "small" }
usd_per_request = 0.0001

[[ceilings]]
name = "few-tokens"
when = { task = "few" }
tokens_per_hour = 2000

[[ceilings]]
name = "by-role"
when = { role = "rolled" }
per = ["role"]
requests_per_hour = 2

[[ceilings]]
name = "by-task"
when = { task = "summarise" }
per = ["task"]
requests_per_hour = 2

[[ceilings]]
name = "one-fall"
when = { task = "fall" }
requests_per_hour = 1

[[ceilings]]
name = "two-falls"
when = { task = "fall_once" }
requests_per_hour = 2

[[ceilings]]
name = "by-model"
when = { model = "openai/scarce*" }
per = ["model"]
requests_per_hour = 2

[[ceilings]]
name = "by-provider"
when = { provider = "ollama", role = "analyst" }
per = ["provider"]
tokens_per_hour = 150

[[ceilings]]
name = "the-person"
when = { identity = "ada" }
requests_per_hour = 3

[[ceilings]]
name = "the-agent"
when = { identity = "helper" }
requests_per_hour = 2
`;

const THINKING = `
[ladders.to-anthropic]
rungs = [{ provider = "anthropic", model = "claude-first" }, { provider = "openai", model = "gpt-scripted" }]
[ladders.thinking]
rungs = [{ provider = "anthropic", model = "thinker", max_output_tokens = 3000 }]
[models."anthropic/thinker"]
max_output_tokens = 10000
`;

const LADDERS = ['openai', 'anthropic', 'ollama'].map(
  (provider) => `
[ladders.short-${provider}]
rungs = [{ provider = "${provider}", model = "claude-or-gpt", max_output_tokens = 100 }]
`,
);

const ROLES = Object.fromEntries(
  ['capped', 'small', 'rolled', 'analyst', 'agent'].map((role) => [role, { grants: [], models: ['*'] }]),
);

let lake: ModelServer;
beforeAll(async () => {
  lake = await startModelServer({
    truth: 'rules = []\n',
    // A loaded machine takes its time over dozens of calls at once.
    provider: 'headers_timeout_ms = 8000\nidle_timeout_ms = 8000',
    routing: `${ROUTING}\n[models."openai/tiles"]\ntokens_per_image = 48169\n[breaker]\nfailures = 1000\n`,
    ceilings: CEILINGS + THINKING + LADDERS.join(''),
    policy: { roles: ROLES, masks: [], row_filters: [] },
  });
});
afterAll(() => lake.close());

const messages = [{ role: 'user', content: 'Hello?' }];

function chat(key: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}) {
  const json = { model: 'gpt-scripted', messages, max_tokens: 12, ...more };
  return lake.server.api('POST', '/v1/chat/completions', { key, json, headers });
}

interface Window {
  readonly spent: number;
  readonly held: number;
}

function windowsOf(ceiling: string, counter: string): readonly Window[] {
  return storeRows<Window>(
    lake.server.home,
    'SELECT spent, held FROM budget_windows WHERE ceiling = ? AND counter = ?',
    ceiling,
    counter,
  ).map((row) => ({ ...row }));
}

test('chats at once spend a ceiling exactly, and no nano-dollar more', async () => {
  const { key } = await lake.server.key('capped', {}, 'crowd');
  const answers = await Promise.all(Array.from({ length: 60 }, () => chat(key)));
  const admitted = answers.filter(({ status }) => status === 200).length;
  for (const { status, json } of answers) {
    if (status !== 200) expect([402, 429]).toContain(status);
    if (status === 429) expect(json).toMatchObject({ code: 'budget.busy', ceiling: 'each-capped' });
  }
  expect(windowsOf('each-capped', '["crowd"]')).toEqual([{ spent: admitted * ANSWER_NANO_USD, held: 0 }]);

  let sequential = 0;
  let refused = await chat(key);
  while (refused.status === 200) {
    sequential++;
    refused = await chat(key);
  }
  const spent = (admitted + sequential) * ANSWER_NANO_USD;
  expect(spent).toBeLessThanOrEqual(LIMIT_NANO_USD);
  expect(windowsOf('each-capped', '["crowd"]')).toEqual([{ spent, held: 0 }]);
  expect(refused.status).toBe(402);
  expect(refused.json).toMatchObject({
    code: 'budget.exhausted',
    ceiling: 'each-capped',
    unit: 'usd_hour',
    limit: '$0.002',
    left: `$${((LIMIT_NANO_USD - spent) / 1e9).toFixed(9).replace(/0+$/, '')}`,
  });
  const refillsMs = Date.parse(refused.json.refills_at);
  expect(refillsMs % 3_600_000).toBe(0);
  expect(refillsMs).toBeGreaterThan(Date.now());
  const received = lake.upstream.received.length;
  await chat(key);
  expect(lake.upstream.received.length).toBe(received);
  // The counter is this identity's own.
  const { key: other } = await lake.server.key('capped', {}, 'other');
  expect((await chat(other)).status).toBe(200);
});

test('a ceiling that calls under way hold says so, and takes the request once they have ended', async () => {
  const { key } = await lake.server.key('capped', {}, 'busy');
  lake.upstream.script(reply({ fault: 'hang' }));
  const received = lake.upstream.received.length;
  const first = chat(key, { max_tokens: 950 });
  await expect.poll(() => lake.upstream.received.length).toBe(received + 1);
  const refused = await chat(key, { max_tokens: 500 });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.json).toMatchObject({
    code: 'budget.busy',
    ceiling: 'each-capped',
    left: '$0.002',
    retryable: true,
  });
  expect((await first).status).toBe(504);
  expect((await chat(key, { max_tokens: 500 })).status).toBe(200);
});

test('one request may be too large for a ceiling, or for a whole window of it', async () => {
  const { key } = await lake.server.key('small');
  const refused = await chat(key, { max_tokens: 900 });
  expect(refused.status).toBe(402);
  expect(refused.json).toMatchObject({
    code: 'budget.request_too_large',
    ceiling: 'small-requests',
    limit: '$0.0001',
  });
  expect((await chat(key)).status).toBe(200);
  const { key: capped } = await lake.server.key('capped', {}, 'huge');
  const never = await chat(capped, { max_tokens: 1_000, n: 3 });
  expect(never.status).toBe(402);
  // It does not fit an empty window either: waiting would not help.
  expect(never.json).toMatchObject({ code: 'budget.request_too_large', ceiling: 'each-capped' });
});

const LONG = 'word '.repeat(4_000);
const PDF = { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' };
const asked = (content: unknown) => ({ messages: [{ role: 'user', content }] });
const searched = [
  { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: LONG }] },
];

/** What a provider of the client's protocol is given unread. Files fill a window, of 100,000 tokens here. */
test.each<[string, string, object, number]>([
  [
    'a document of text',
    'claude-x',
    asked([{ type: 'document', source: { type: 'text', data: LONG } }]),
    4_000,
  ],
  ['a document of bytes', 'claude-x', asked([{ type: 'document', source: PDF }]), 100_000],
  [
    'a document by its address',
    'claude-x',
    asked([{ type: 'document', source: { type: 'url', url: 'https://x.example/a.pdf' } }]),
    100_000,
  ],
  [
    'what a tool found',
    'claude-x',
    asked([{ type: 'tool_result', tool_use_id: 't', content: searched }]),
    4_000,
  ],
  ['a file', 'gpt-scripted', asked([{ type: 'file', file: { file_id: 'f' } }]), 100_000],
  ['a part nobody has heard of', 'gpt-scripted', asked([{ type: 'hologram', at: 'here' }]), 100_000],
  ['functions', 'gpt-scripted', { functions: [{ name: 'f', description: LONG }] }, 4_000],
  [
    'a tool without a schema',
    'gpt-scripted',
    { tools: [{ type: 'custom', custom: { name: 'f', description: LONG } }] },
    4_000,
  ],
  ['a member nobody has heard of', 'gpt-scripted', { documents: [{ text: LONG }] }, 4_000],
])('%s for %s is held, though it is not read', async (_, model, more, tokens) => {
  const before = lake.upstream.received.length;
  const path = model === 'claude-x' ? '/v1/messages' : '/v1/chat/completions';
  const refused = await lake.server.api('POST', path, {
    json: {
      model,
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 10,
      lakehouse_task: 'few',
      ...more,
    },
  });
  expect(refused.json).toMatchObject({ code: 'budget.request_too_large', ceiling: 'few-tokens' });
  const worst = Number.parseInt(refused.json.worst, 10);
  expect(worst).toBeGreaterThanOrEqual(tokens);
  expect(worst).toBeLessThan(tokens * 2);
  expect(lake.upstream.received.length).toBe(before);
});

test.each([
  ['scripted', 6_404],
  ['tiles', 48_169],
])('an image is held as the model counts it: %s', async (model, tokens) => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  const refused = await lake.server.api('POST', '/v1/chat/completions', {
    json: {
      model: `openai/${model}`,
      messages: [{ role: 'user', content: [image, image] }],
      max_tokens: 12,
      lakehouse_task: 'few',
    },
  });
  expect(refused.json).toMatchObject({ code: 'budget.request_too_large', ceiling: 'few-tokens' });
  const worst = Number.parseInt(refused.json.worst, 10);
  expect(worst).toBeGreaterThanOrEqual(2 * tokens);
  expect(worst).toBeLessThan(2 * tokens + 200);
});

test('a number of answers that is no number is refused, and not held for one', async () => {
  for (const n of ['5', 2.5, 0]) expect((await chat(lake.server.adminKey, { n })).status).toBe(400);
});

test('a ceiling counts a role, a task, a model and a provider', async () => {
  const { key } = await lake.server.key('rolled');
  const { key: again } = await lake.server.key('rolled', {}, 'another-name');
  const analyst = (await lake.server.key('analyst')).key;
  const agent = (await lake.server.key('agent')).key;
  const outcomes = async (calls: readonly (() => ReturnType<typeof chat>)[]) => {
    const found: unknown[] = [];
    for (const call of calls) {
      const { status, json } = await call();
      found.push(status === 200 ? 200 : json.ceiling);
    }
    return found;
  };
  expect(await outcomes([() => chat(key), () => chat(again), () => chat(key)])).toEqual([
    200,
    200,
    'by-role',
  ]);
  const task = { lakehouse_task: 'summarise' };
  expect(
    await outcomes([() => chat(analyst, task), () => chat(agent, task), () => chat(analyst, task)]),
  ).toEqual([200, 200, 'by-task']);
  const scarce = { model: 'openai/scarce-1' };
  expect(
    await outcomes([() => chat(analyst, scarce), () => chat(agent, scarce), () => chat(agent, scarce)]),
  ).toEqual([200, 200, 'by-model']);
  expect(await outcomes([() => chat(agent, { model: 'openai/scarce-2' })])).toEqual([200]);
  const local = { model: 'ollama/llama', max_tokens: 50 };
  const locals = Array.from({ length: 5 }, () => () => chat(analyst, local));
  const found = await outcomes(locals);
  expect(found[0]).toBe(200);
  expect(found.at(-1)).toBe('by-provider');
  expect(await outcomes([() => chat(analyst)])).toEqual([200]);
});

test('an agent’s call for a person is under the ceilings of both', async () => {
  const person = (await lake.server.key('analyst', {}, 'ada')).key;
  const agent = (await lake.server.key('agent', {}, 'helper')).key;
  const made = await lake.server.api('POST', '/access/delegations', {
    key: person,
    json: { agent: 'helper' },
  });
  const forAda = { 'x-on-behalf-of': String(made.json.token) };
  expect((await chat(agent, {}, forAda)).status).toBe(200);
  expect(windowsOf('the-person', '[]')).toEqual([{ spent: 1, held: 0 }]);
  expect(windowsOf('the-agent', '[]')).toEqual([{ spent: 1, held: 0 }]);
  expect((await chat(agent, {}, forAda)).status).toBe(200);
  expect((await chat(agent, {}, forAda)).json.ceiling).toBe('the-agent');
  // Nothing of a refused hold stays in the windows that had room.
  expect(windowsOf('the-person', '[]')).toEqual([{ spent: 2, held: 0 }]);
  expect((await chat(person)).status).toBe(200);
  expect((await chat(person)).json.ceiling).toBe('the-person');
});

test('a refusal of a ceiling is audited, and a first call that failed before it is settled and journaled', async () => {
  const { key } = await lake.server.key('rolled', {}, 'late');
  const requestId = 'refused-by-ceiling';
  expect((await chat(key, {}, { 'x-request-id': requestId })).status).toBe(402);
  const { calls, audit } = callRecords(lake.server.home, requestId);
  expect(calls).toEqual([]);
  expect(audit).toEqual([expect.objectContaining({ status: 'failed', closing_code: 'budget.exhausted' })]);

  const analyst = (await lake.server.key('analyst', {}, 'climber')).key;
  const climbed = 'refused-after-a-fall';
  lake.upstream.script(reply({ status: 500 }));
  const fall = { model: 'ladder/fallback', lakehouse_task: 'fall' };
  const answer = await chat(analyst, fall, { 'x-request-id': climbed });
  expect(answer.status).toBe(503);
  const fell = callRecords(lake.server.home, climbed);
  expect(fell.calls).toEqual([expect.objectContaining({ status: 'failed', error_class: 'server_error' })]);
  expect(fell.events).toHaveLength(1);
  expect(fell.audit).toEqual([expect.objectContaining({ closing_code: 'models.unavailable' })]);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  expect((await lake.server.api('POST', '/journal/verify', { json: {} })).json).toMatchObject({
    valid: true,
  });
});

test('a model that cannot carry a request is passed over without a hold, and counts as no request', async () => {
  const document = { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Long.' } };
  const broken = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"cut' } };
  const called = [...messages, { role: 'assistant', tool_calls: [broken] }];
  const first = { model: 'ladder/fallback', max_tokens: 12, lakehouse_task: 'fall_once' };
  const answers = [
    await lake.server.api('POST', '/v1/messages', {
      json: { ...first, messages: [{ role: 'user', content: [document] }] },
    }),
    await lake.server.api('POST', '/v1/chat/completions', {
      json: { ...first, model: 'ladder/to-anthropic', messages: called },
    }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(windowsOf('two-falls', '[]')).toEqual([{ spent: 2, held: 0 }]);
  const alone = { ...first, model: 'anthropic/claude-x', messages: called };
  const refused = await lake.server.api('POST', '/v1/chat/completions', { json: alone });
  expect(refused.json).toMatchObject({ code: 'models.not_translatable' });
  expect(windowsOf('two-falls', '[]')).toEqual([{ spent: 2, held: 0 }]);
});

test('a budget of thinking is lowered with the limit of the answer', async () => {
  const thinking = { type: 'enabled', budget_tokens: 4_000 };
  const ask = (model: string) =>
    lake.server.api('POST', '/v1/messages', { json: { model, messages, max_tokens: 8_000, thinking } });
  expect((await ask('ladder/thinking')).status).toBe(200);
  const sent = lake.upstream.received.at(-1)?.body;
  expect(sent).toMatchObject({ max_tokens: 3_000, thinking: { type: 'enabled', budget_tokens: 1_024 } });
  const refused = await ask('claude-or-gpt');
  expect(refused.status).toBe(422);
  expect(refused.json.detail).toContain('`thinking.budget_tokens`: the model may write 1000 tokens here');
});

test('what all calls cost is what all ceilings have spent', async () => {
  const [sum] = storeRows<{ cost: number }>(
    lake.server.home,
    "SELECT coalesce(sum(cost_nano_usd), 0) AS cost FROM model_calls WHERE role = 'capped'",
  );
  const [spent] = storeRows<{ spent: number }>(
    lake.server.home,
    "SELECT coalesce(sum(spent), 0) AS spent FROM budget_windows WHERE ceiling = 'each-capped'",
  );
  expect(spent?.spent).toBe(sum?.cost);
});

test.each(
  ['openai', 'anthropic', 'ollama'].flatMap((provider) =>
    ['/v1/chat/completions', '/v1/messages'].flatMap((path) =>
      [null, 50, 500].map((limit) => ({ provider, path, limit })),
    ),
  ),
)(
  '$provider is asked by $path for no more tokens than are held where the client says $limit',
  async (asked) => {
    const { provider, path, limit } = asked;
    // Anthropic's protocol has no request without a limit.
    if (limit === null && path === '/v1/messages') return;
    const json = {
      model: `ladder/short-${provider}`,
      messages,
      ...(limit === null ? {} : { max_tokens: limit }),
    };
    const answer = await lake.server.api('POST', path, { json });
    expect(answer.status, answer.text).toBe(200);
    const body = lake.upstream.received.at(-1)?.body ?? {};
    const options = body.options as { num_predict?: number } | undefined;
    const sent = body.max_tokens ?? body.max_completion_tokens ?? options?.num_predict;
    expect(sent).toBe(Math.min(limit ?? 100, 100));
    const [held] = storeRows<{ held_nano_usd: number; input_tokens: number }>(
      lake.server.home,
      'SELECT held_nano_usd FROM model_calls ORDER BY spend_id DESC LIMIT 1',
    );
    if (provider !== 'ollama') expect(held?.held_nano_usd).toBeLessThan(300_000);
  },
);
