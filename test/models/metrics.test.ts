import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';

const FRAGILE = '\n[breaker]\nfailures = 1\n';

let models: ModelServer;
beforeAll(async () => {
  models = await startModelServer({ routing: ROUTING + FRAGILE });
});
afterAll(() => models.close());

const chat = (model: string) =>
  models.server.api('POST', '/v1/chat/completions', {
    json: { model, max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] },
  });

it('counts settled calls, their tokens and dollars by provider, and open breakers, and names no model', async () => {
  const before = (await models.server.api('GET', '/metrics')).text;
  expect(before).toMatch(/^lakehouse_models_providers 3$/m);
  expect(before).toMatch(/^lakehouse_models_open_breakers 0$/m);
  expect((await chat('openai/gpt-scripted')).status).toBe(200);
  expect((await chat('ladder/fallback')).status).toBe(200);
  const { text } = await models.server.api('GET', '/metrics');
  expect(text).toMatch(/^lakehouse_model_calls_total\{provider="openai",status="ok"\} 1$/m);
  expect(text).toMatch(/^lakehouse_model_calls_total\{provider="openai",status="failed"\} 1$/m);
  expect(text).toMatch(/^lakehouse_model_calls_total\{provider="anthropic",status="ok"\} 1$/m);
  expect(text).toMatch(/^lakehouse_model_tokens_total\{provider="openai",kind="input"\} 20$/m);
  expect(text).toMatch(/^lakehouse_model_tokens_total\{provider="openai",kind="output"\} 12$/m);
  expect(text).toMatch(/^lakehouse_model_cost_usd_total\{provider="openai"\} 0\.000044$/m);
  expect(text).toMatch(/^lakehouse_model_call_seconds_count\{provider="anthropic"\} 1$/m);
  expect(text).toMatch(/^lakehouse_models_open_breakers 1$/m);
  expect(text).toMatch(/^lakehouse_budget_calls_held 0$/m);
  expect(text).not.toContain('scripted');
});
