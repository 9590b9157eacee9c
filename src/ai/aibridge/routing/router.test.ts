import { expect, test } from 'vitest';
import { createCatalogue } from '../catalogue/catalogue.ts';
import { readCatalogue } from '../catalogue/catalogue-file.ts';
import type { Capability } from '../catalogue/model-entry.ts';
import type { FailureClass } from '../provider.ts';
import type { RouteFacts } from './route-facts.ts';
import { createRouter } from './router.ts';
import { parseRouting } from './routing-table.ts';

const FILE = readCatalogue(null);
const TOML = `
[prefixes]
"gpt-" = "openai"
[breaker]
failures = 1
[[rules]]
name = "review"
when = { task = "review" }
ladder = "deep"
[ladders.deep]
rungs = [
  { provider = "ollama-cloud", model = "qwen3.5:397b" },
  { provider = "groq", model = "openai/gpt-oss-120b", max_output_tokens = 1000 },
  { provider = "openai", model = "gpt-4o", role = "final", max_output_tokens = 2000 },
]
`;
const FACTS: RouteFacts = {
  model: null,
  ladder: null,
  task: 'review',
  role: 'agent',
  tags: [],
  inputTokens: 1_000,
  needs: new Set<Capability>(['chat']),
};

function world() {
  const routing = parseRouting(TOML, 'routing.toml');
  const time = { nowMs: 0 };
  const router = createRouter({
    routing,
    catalogue: createCatalogue(FILE, routing),
    providers: new Set(['openai', 'groq']),
    clock: { nowMs: () => 0, monotonicMs: () => time.nowMs },
    random: () => 0.5,
  });
  const fail = (failure: FailureClass) => {
    const attempts = router.begin(router.plan(FACTS));
    const attempt = attempts.next();
    if (attempt !== null)
      attempts.failed(attempt.rung, { class: failure, retryAfterMs: null }, { answerBegun: false });
    return attempts;
  };
  return { router, time, fail };
}

test('explains which rule decides, what each rung is, and the most it may cost', () => {
  const { router } = world();
  expect(router.explain(FACTS)).toEqual({
    rule: 'review',
    ladder: 'deep',
    rungs: [
      {
        provider: 'groq',
        model: 'openai/gpt-oss-120b',
        billing: 'metered',
        final: false,
        maxOutputTokens: 1_000,
        worstCostNanoUsd: 750_000,
        breakerOpen: false,
      },
      {
        provider: 'openai',
        model: 'gpt-4o',
        billing: 'metered',
        final: true,
        maxOutputTokens: 2_000,
        worstCostNanoUsd: 22_500_000,
        breakerOpen: false,
      },
    ],
    considered: [
      { considered: 'rule "review"', outcome: 'chosen', why: 'it is the first that fits' },
      {
        considered: 'ollama-cloud/qwen3.5:397b',
        outcome: 'skipped',
        why: 'the provider ollama-cloud is not configured',
      },
      {
        considered: 'groq/openai/gpt-oss-120b',
        outcome: 'chosen',
        why: 'it can serve the request and is billed metered',
      },
      {
        considered: 'openai/gpt-4o',
        outcome: 'chosen',
        why: 'it can serve the request and is billed metered; it is the final rung',
      },
    ],
    worstCostNanoUsd: 22_500_000,
    refusal: null,
  });
});

test('explains a refusal with what was considered', () => {
  const explained = world().router.explain({ ...FACTS, task: 'chat', model: 'gpt-9000' });
  expect(explained.refusal?.code).toBe('models.unknown_model');
  expect(explained.considered).toEqual([
    {
      considered: 'rule "review"',
      outcome: 'passed over',
      why: 'its task is "review" and the request\'s is not',
    },
    { considered: 'prefix "gpt-"', outcome: 'passed over', why: 'no such model of openai is known' },
  ]);
  expect(explained.rungs).toEqual([]);
});

test('tells the health of each provider', () => {
  const { router, time, fail } = world();
  const health = () => router.health().map(({ provider, state }) => `${provider} ${state}`);
  expect(health()).toEqual(['openai ok', 'groq ok']);
  const attempts = fail('server_error');
  expect(health()).toEqual(['openai ok', 'groq failing']);
  expect(router.health()[1]).toEqual({
    provider: 'groq',
    state: 'failing',
    openBreakers: [{ provider: 'groq', model: 'openai/gpt-oss-120b', state: 'open', probeInMs: 30_000 }],
    recentFailures: { server_error: 1 },
    retriesLeft: 2,
  });
  expect(router.explain(FACTS).rungs.map(({ breakerOpen }) => breakerOpen)).toEqual([true, false]);
  const second = attempts.next();
  expect(second?.rung.provider).toBe('openai');
  if (second !== null) attempts.succeeded(second.rung);
  time.nowMs = 30_000;
  const probe = router.begin(router.plan(FACTS));
  const attempt = probe.next();
  if (attempt !== null) probe.succeeded(attempt.rung);
  expect(health()).toEqual(['openai ok', 'groq ok']);
  time.nowMs = 60_000;
  expect(router.health()[1]?.recentFailures).toEqual({});
});

test('what the caller ended is no failure of the provider', () => {
  const { router, fail } = world();
  fail('cancelled');
  expect(router.health()[1]).toMatchObject({ state: 'ok', recentFailures: {} });
});

test('a failure after a success within the window is trouble, not the end', () => {
  const { router, fail } = world();
  const attempts = router.begin(router.plan(FACTS));
  const attempt = attempts.next();
  if (attempt !== null) attempts.succeeded(attempt.rung);
  fail('timeout');
  expect(router.health()[1]?.state).toBe('degraded');
});
