import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, startModelServer } from '../harness/model-server.ts';
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

const ROLES = Object.fromEntries(
  ['capped', 'small', 'rolled', 'analyst', 'agent'].map((role) => [role, { grants: [], models: ['*'] }]),
);

let lake: ModelServer;
beforeAll(async () => {
  lake = await startModelServer({
    truth: 'rules = []\n',
    ceilings: CEILINGS,
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
  const answers = await Promise.all(Array.from({ length: 80 }, () => chat(key)));
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
