import { expect, test } from 'vitest';
import type { Identity, SpendPlan } from '../scope/index.ts';
import { amountOf, type Ceiling, matchingCeilings, windowEndMs, windowHolds } from './ceiling.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 24 * HOUR_MS * 20_000 + 5 * HOUR_MS + 1_234;

const PLAN: SpendPlan = {
  provider: 'openai',
  model: 'openai/gpt-5',
  task: 'summarise',
  rule: 'cheap',
  costNanoUsd: 700,
  tokens: 30,
};

function identity(name: string, role: string, onBehalfOf: Identity | null = null): Identity {
  return { name, role, attributes: new Map(), keyId: `key-${name}`, onBehalfOf };
}

const ADA = identity('ada', 'analyst');
const HELPER_FOR_ADA = identity('helper', 'agent', ADA);

function ceiling(changes: Partial<Ceiling> = {}): Ceiling {
  return {
    name: 'c',
    when: {},
    per: [],
    limits: [{ unit: 'usd_hour', amount: 1_000 }],
    perRequestNanoUsd: null,
    ...changes,
  };
}

test.each<[string, Ceiling['when'], Identity, boolean]>([
  ['nothing asked for', {}, ADA, true],
  ['the identity', { identity: 'ada' }, ADA, true],
  ['another identity', { identity: 'bob' }, ADA, false],
  ['the role', { role: 'analyst' }, ADA, true],
  ['a pattern of the task', { task: 'summ*' }, ADA, true],
  ['another task', { task: 'match*' }, ADA, false],
  ['the provider', { provider: 'openai' }, ADA, true],
  ['the model', { model: 'openai/*' }, ADA, true],
  ['another model', { model: 'anthropic/*' }, ADA, false],
  ['the rule', { rule: 'cheap' }, ADA, true],
  ['another rule', { rule: 'dear' }, ADA, false],
  ['all of several', { role: 'analyst', provider: 'openai' }, ADA, true],
  ['one of several not', { role: 'analyst', provider: 'ollama' }, ADA, false],
  ['the person an agent works for', { identity: 'ada' }, HELPER_FOR_ADA, true],
  ['the agent itself', { role: 'agent' }, HELPER_FOR_ADA, true],
  ['no mixture of agent and person', { identity: 'ada', role: 'agent' }, HELPER_FOR_ADA, false],
])('a ceiling is over a call that matches %s', (_, when, who, expected) => {
  const matching = matchingCeilings([ceiling({ when })], { identity: who, plan: PLAN });
  expect(matching.length === 1).toBe(expected);
});

test('a call for a person is counted with the agent and with the person, each once', () => {
  const holds = windowHolds(
    [ceiling({ per: ['identity'] })],
    { identity: HELPER_FOR_ADA, plan: PLAN },
    NOW_MS,
  );
  expect(holds.map(({ counter }) => counter)).toEqual(['["helper"]', '["ada"]']);
  const shared = windowHolds([ceiling({ per: ['task'] })], { identity: HELPER_FOR_ADA, plan: PLAN }, NOW_MS);
  expect(shared.map(({ counter }) => counter)).toEqual(['["summarise"]']);
});

test('counters of one ceiling are kept apart whatever their values hold', () => {
  const counterOf = (name: string, role: string) =>
    windowHolds(
      [ceiling({ per: ['identity', 'role'] })],
      { identity: identity(name, role), plan: PLAN },
      NOW_MS,
    )[0]?.counter;
  expect(counterOf('a","b', 'c')).not.toBe(counterOf('a', 'b","c'));
});

test('windows are whole hours and days of UTC', () => {
  const limits = [
    { unit: 'usd_hour', amount: 1_000 },
    { unit: 'usd_day', amount: 2_000 },
    { unit: 'tokens_hour', amount: 100 },
    { unit: 'requests_hour', amount: 5 },
  ] as const;
  const holds = windowHolds([ceiling({ limits })], { identity: ADA, plan: PLAN }, NOW_MS);
  const day = 24 * HOUR_MS * 20_000;
  expect(
    holds.map((hold) => [hold.unit, hold.windowStartMs - day, windowEndMs(hold) - day, hold.amount]),
  ).toEqual([
    ['usd_hour', 5 * HOUR_MS, 6 * HOUR_MS, 700],
    ['usd_day', 0, 24 * HOUR_MS, 700],
    ['tokens_hour', 5 * HOUR_MS, 6 * HOUR_MS, 30],
    ['requests_hour', 5 * HOUR_MS, 6 * HOUR_MS, 1],
  ]);
});

test('a call that bills no dollars is under ceilings of tokens and requests alone', () => {
  const limits = [
    { unit: 'usd_hour', amount: 0 },
    { unit: 'requests_hour', amount: 5 },
  ] as const;
  const plan = { ...PLAN, costNanoUsd: 0 };
  const holds = windowHolds([ceiling({ limits })], { identity: ADA, plan }, NOW_MS);
  expect(holds.map(({ unit }) => unit)).toEqual(['requests_hour']);
  expect(amountOf('requests_hour', { costNanoUsd: 0, tokens: 0 })).toBe(1);
});
