import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// M-5: what calls used, grouped; the sums of what was settled, failed attempts and partial answers among them.

let lake: ModelServer;
let auditor: string;
beforeAll(async () => {
  lake = await startModelServer({ truth: 'rules = []\n' });
  const { server, upstream } = lake;
  auditor = (await server.key('auditor')).key;
  const ada = (await server.key('analyst', {}, 'ada')).key;
  const bob = (await server.key('recruiter', {}, 'bob')).key;
  const chat = (key: string, more: object) =>
    server.api('POST', '/v1/chat/completions', {
      key,
      json: {
        model: 'gpt-scripted',
        messages: [{ role: 'user', content: 'Hello?' }],
        max_tokens: 50,
        ...more,
      },
    });
  for (const key of [ada, ada, bob]) expect((await chat(key, {})).status).toBe(200);
  upstream.script(
    reply({ thinking: 'Hm.', usage: { input: 100, cachedInput: 40, output: 30, reasoning: 9 } }),
  );
  expect((await chat(ada, { lakehouse_task: 'summarise' })).status).toBe(200);
  upstream.script(reply({ usage: { input: 0, cachedInput: 0, output: 0, reasoning: 0 } }));
  expect((await chat(bob, { model: 'claude-scripted', lakehouse_task: 'zero' })).status).toBe(200);
  expect((await chat(bob, { model: 'ladder/fallback', lakehouse_task: 'fallen' })).status).toBe(200);
  upstream.script(reply({ fault: 'reset' }));
  await chat(bob, { stream: true, lakehouse_task: 'broken' }).catch(() => 'broken');
  await server.api('POST', '/v1/embeddings', {
    key: bob,
    json: { model: 'openai/text-embedding', input: ['a', 'b'] },
  });
});
afterAll(() => lake.close());

async function groups(query: string, key = auditor) {
  const answer = await lake.server.api('GET', `/v1/usage${query}`, { key });
  expect(answer.status, answer.text).toBe(200);
  return answer.json.groups as Record<string, unknown>[];
}

const ANSWER_USD = 0.000044;

test('one total without groups', async () => {
  const [total, ...others] = await groups('?by=[]');
  expect(others).toEqual([]);
  expect(total).toMatchObject({ by: {}, requests: 9, errors: 1, partial: 1 });
});

test('by identity and task, with tokens and cost to the nano-dollar', async () => {
  const found = await groups('?by=identity&by=task');
  const one = (identity: string, task: string) =>
    found.find(({ by }) => JSON.stringify(by) === JSON.stringify({ identity, task }));
  expect(one('ada', 'chat')).toMatchObject({
    requests: 2,
    errors: 0,
    partial: 0,
    input_tokens: 40,
    cached_input_tokens: 8,
    output_tokens: 24,
    cost_usd: 2 * ANSWER_USD,
  });
  expect(one('ada', 'summarise')).toMatchObject({
    input_tokens: 100,
    cached_input_tokens: 40,
    output_tokens: 30,
    reasoning_tokens: 9,
    cost_usd: 0.00016,
  });
  expect(one('bob', 'embedding')).toMatchObject({ requests: 1, input_tokens: 2, output_tokens: 0 });
});

test('an explicit zero is zero, and not taken for nothing counted', async () => {
  const found = await groups('?by=task');
  expect(found.find(({ by }) => (by as { task: string }).task === 'zero')).toMatchObject({
    requests: 1,
    errors: 0,
    input_tokens: 0,
    output_tokens: 0,
    cost_usd: 0,
  });
});

test('a failed attempt is counted apart from the answer it fell to', async () => {
  const found = await groups('?by=task&by=provider&by=status');
  const fallen = found.filter(({ by }) => (by as { task: string }).task === 'fallen');
  expect(fallen.map(({ by, requests, errors, cost_usd }) => ({ by, requests, errors, cost_usd }))).toEqual([
    {
      by: { task: 'fallen', provider: 'anthropic', status: 'ok' },
      requests: 1,
      errors: 0,
      cost_usd: ANSWER_USD,
    },
    { by: { task: 'fallen', provider: 'openai', status: 'failed' }, requests: 1, errors: 1, cost_usd: 0 },
  ]);
});

test('a broken stream is partial, and paid for', async () => {
  const found = await groups('?by=task&by=status');
  const broken = found.find(({ by }) => (by as { task: string }).task === 'broken');
  expect(broken).toMatchObject({
    by: { task: 'broken', status: 'partial' },
    requests: 1,
    partial: 1,
    errors: 0,
  });
  expect(broken?.cost_usd).toBeGreaterThan(0);
});

test.each(['provider', 'model', 'identity', 'role', 'task', 'rule', 'status', 'hour'])(
  'groups by %s add up to the total',
  async (dimension) => {
    const [total] = await groups('?by=[]');
    const found = await groups(`?by=${dimension}`);
    for (const number of ['requests', 'errors', 'partial', 'input_tokens', 'output_tokens']) {
      const sum = found.reduce((all, group) => all + Number(group[number]), 0);
      expect(sum, number).toBe(total?.[number]);
    }
    const nano = (usd: unknown) => Math.round(Number(usd) * 1e9);
    expect(found.reduce((all, { cost_usd }) => all + nano(cost_usd), 0)).toBe(nano(total?.cost_usd));
  },
);

test('hours are whole ones, and times bound what is counted', async () => {
  const found = await groups('?by=hour');
  for (const { by } of found) expect(Date.parse((by as { hour: string }).hour) % 3_600_000).toBe(0);
  const past = '?by=[]&since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z';
  expect((await groups(past))[0]).toMatchObject({ requests: 0, cost_usd: 0, first_token_ms_mean: null });
});

test('usage is for those who may see it', async () => {
  const analyst = (await lake.server.key('analyst')).key;
  expect((await lake.server.api('GET', '/v1/usage', { key: analyst })).status).toBe(403);
  expect((await lake.server.api('GET', '/v1/usage', { key: null })).status).toBe(401);
  expect((await lake.server.api('GET', '/v1/usage?by=secret')).status).toBe(400);
});

// K-10, through the configured path: what is private is not connected to unless the administrator says so.
test('a provider at a private address that is not allowed is unreachable, and nothing connects to it', async () => {
  const { upstream } = lake;
  const base = `[models.providers.inner]\nkind = "openai-compatible"\nbase_url = "${upstream.url}/v1"\n`;
  const named = base.replace('inner', 'named').replace('127.0.0.1', 'localhost');
  const known = ['inner', 'named'].map(
    (name) =>
      `[models."${name}/*"]\ncontext_window = 1000\nmax_output_tokens = 100\nbilling = "free"\ncapabilities = ["chat", "embeddings"]\n`,
  );
  const guarded = await startModelServer({
    config: `${base}${named}`,
    truth: 'rules = []\n',
    routing: `${ROUTING}\n${known.join('\n')}`,
  });
  const override = { messages: [{ role: 'user', content: 'Hello?' }], max_tokens: 10 };
  try {
    for (const [provider, path] of [
      ['inner', '/v1/chat/completions'],
      ['named', '/v1/chat/completions'],
      ['inner', '/v1/embeddings'],
    ] as const) {
      const before = upstream.received.length;
      const body = path === '/v1/embeddings' ? { input: 'Hello?' } : override;
      const answer = await guarded.server.api('POST', path, {
        json: { model: `${provider}/some-model`, ...body },
      });
      expect(answer.status, answer.text).toBe(503);
      expect(answer.json.attempts).toEqual([{ provider, model: 'some-model', class: 'unreachable' }]);
      expect(answer.json.detail).toMatch(/`allow_private_addresses` of the provider/);
      expect(answer.text).not.toContain('127.0.0.1');
      expect(upstream.received.length).toBe(before);
    }
  } finally {
    await guarded.close();
  }
});
