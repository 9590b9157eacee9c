import { expect, test } from 'vitest';
import { isLakeError } from '../../../base/index.ts';
import { createCatalogue } from '../catalogue/catalogue.ts';
import type { CatalogueFile } from '../catalogue/catalogue-file.ts';
import type { Capability, ModelFile } from '../catalogue/model-entry.ts';
import { planRoute } from './plan-route.ts';
import type { RouteFacts } from './route-facts.ts';
import { parseRouting } from './routing-table.ts';

const CHAT: ModelFile = {
  context_window: 100_000,
  max_output_tokens: 10_000,
  billing: 'metered',
  prices_usd_per_million: { input: 1, output: 2 },
  capabilities: ['chat', 'tools'],
};
const { prices_usd_per_million: _price, ...UNPRICED } = CHAT;
const FILE: CatalogueFile = {
  sources: [],
  sha256: '',
  models: {
    'openai/gpt-4o': CHAT,
    'openai/gpt-4o-mini': CHAT,
    'openai/unpriced': UNPRICED,
    'openai/text-embedding-3-small': { ...CHAT, capabilities: ['embeddings'] },
    'openai/long': { ...CHAT, context_window: 1_000_000 },
    'openai/seeing': { ...CHAT, capabilities: ['chat', 'vision'] },
    'anthropic/claude-opus-5-5': CHAT,
    'groq/openai/gpt-oss-120b': CHAT,
    'openrouter/openai/gpt-oss-120b': CHAT,
    'openrouter/deepseek/deepseek-r1:free': CHAT,
    'ollama-cloud/kimi-k2:1t': { ...UNPRICED, billing: 'flat' },
    'ollama-cloud/qwen3.5:397b': { ...UNPRICED, billing: 'flat' },
    'fireworks/accounts/fireworks/models/kimi-k2p6': CHAT,
  },
};
const PREFIXES = `
[prefixes]
"anthropic/" = "anthropic"
"gpt-" = "openai"
"gpt-oss" = "groq"
"claude-" = "anthropic"
"ollama/" = "ollama"
"oc:" = "ollama-cloud"
[models."ollama/*"]
context_window = 8192
max_output_tokens = 4096
billing = "free"
capabilities = ["chat"]
`;
const ALL = ['openai', 'anthropic', 'groq', 'openrouter', 'ollama-cloud', 'ollama', 'fireworks'];

function plan(facts: Partial<RouteFacts>, { toml = PREFIXES, providers = ALL } = {}) {
  const routing = parseRouting(toml, 'routing.toml');
  const needs = new Set<Capability>(['chat']);
  const decided = planRoute(
    { model: null, ladder: null, task: 'chat', role: 'analyst', tags: [], inputTokens: 10, needs, ...facts },
    { routing, catalogue: createCatalogue(FILE, routing), providers: new Set(providers) },
  );
  if ('refusal' in decided) throw decided.refusal;
  return decided;
}

function targets(...args: Parameters<typeof plan>): readonly string[] {
  return plan(...args).rungs.map(({ provider, model }) => `${provider} ${model}`);
}

function refusal(...args: Parameters<typeof plan>) {
  try {
    plan(...args);
  } catch (error) {
    if (isLakeError(error)) return { code: error.code, detail: error.detail };
    throw error;
  }
  return null;
}

test.each([
  ['gpt-4o', 'openai gpt-4o'],
  ['openai/gpt-4o', 'openai gpt-4o'],
  ['anthropic/claude-opus-5-5', 'anthropic claude-opus-5-5'],
  ['claude-opus-5-5', 'anthropic claude-opus-5-5'],
  // A name whose first part is a provider that has no such model, and that others list.
  ['openai/gpt-oss-120b', 'groq openai/gpt-oss-120b'],
  ['groq/openai/gpt-oss-120b', 'groq openai/gpt-oss-120b'],
  ['openrouter/openai/gpt-oss-120b', 'openrouter openai/gpt-oss-120b'],
  ['openrouter/deepseek/deepseek-r1:free', 'openrouter deepseek/deepseek-r1:free'],
  ['deepseek/deepseek-r1:free', 'openrouter deepseek/deepseek-r1:free'],
  ['kimi-k2:1t', 'ollama-cloud kimi-k2:1t'],
  ['qwen3.5:397b', 'ollama-cloud qwen3.5:397b'],
  ['ollama-cloud/kimi-k2:1t', 'ollama-cloud kimi-k2:1t'],
  ['oc:kimi-k2:1t', null],
  ['ollama/kimi-k2:1t', 'ollama kimi-k2:1t'],
  ['ollama/hf.co/some/model:Q4_K_M', 'ollama hf.co/some/model:Q4_K_M'],
  ['fireworks/accounts/fireworks/models/kimi-k2p6', 'fireworks accounts/fireworks/models/kimi-k2p6'],
  ['accounts/fireworks/models/kimi-k2p6', 'fireworks accounts/fireworks/models/kimi-k2p6'],
  ['ollama/', null],
  ['/', null],
  ['/gpt-4o', null],
  ['gpt-', null],
  ['', null],
  ['constructor', null],
  ['__proto__/x', null],
  ['GPT-4o', null],
  ['gpt-4o ', null],
  ['*', null],
  ['ollama-cloud/*', null],
])('the name %j stands for %j', (model, expected) => {
  expect(refusal({ model })?.code ?? targets({ model }).join()).toBe(expected ?? 'models.unknown_model');
});

test('the longest prefix wins, and gives way where its provider is not there', () => {
  const toml = '[prefixes]\n"g" = "anthropic"\n"gpt-4o" = "groq"\n"gpt-" = "openai"';
  const providers = ['openai'];
  expect(targets({ model: 'gpt-4o' }, { toml, providers })).toEqual(['openai gpt-4o']);
});

test('says which three lines to add where no provider is configured', () => {
  for (const facts of [{ model: 'gpt-4o' }, { model: 'nonsense' }, {}, { ladder: 'scrum' }]) {
    const refused = refusal(facts, { providers: [], toml: PREFIXES });
    expect(refused?.code).toBe('models.no_provider');
    expect(refused?.detail).toContain(
      '\n[models.providers.openai]\nkind = "openai-compatible"\napi_key_env = "OPENAI_API_KEY"',
    );
  }
  expect(refusal({ model: 'claude-opus-5-5' }, { providers: ['openai'] })).toMatchObject({
    code: 'models.no_provider',
    detail: expect.stringContaining('the provider anthropic is not configured'),
  });
});

test('says which providers are missing, not to add one that is there', () => {
  const toml = `${PREFIXES}\n[ladders.far]\nrungs = [{ provider = "groq", model = "a" }, { provider = "groq", model = "b" }, { provider = "anthropic", model = "c" }]`;
  const refused = refusal({ ladder: 'far' }, { providers: ['openai'], toml });
  expect(refused?.detail).toContain('none of the providers groq, anthropic is configured');
  expect(refused?.detail).toContain('`lakehouse models`');
  expect(refused?.detail).not.toContain('[models.providers.openai]');
  expect(refusal({ ladder: 'nope' })?.detail).toContain('routing.toml has no ladder "nope"');
});

test.each([
  ['gpt-4p', 'openai/gpt-4o'],
  ['openai/gpt-4o-mni', 'openai/gpt-4o-mini'],
  ['claude-opus-5', 'anthropic/claude-opus-5-5'],
])('suggests for %s first %s', (model, expected) => {
  expect(refusal({ model })?.detail).toContain(`Did you mean ${expected}`);
});

test('names no model in suggestions whose provider is not configured, and cuts a long name', () => {
  expect(refusal({ model: 'kimi-k2:2t' }, { providers: ['openai'] })?.detail).not.toContain('kimi-k2:1t');
  expect(refusal({ model: 'x'.repeat(5_000) })?.detail.length).toBeLessThan(300);
});

test.each<[string, Partial<RouteFacts>, string, string]>([
  ['a metered model without a price', { model: 'openai/unpriced' }, 'models.no_price', '"openai/unpriced"'],
  [
    'what a model cannot',
    { model: 'gpt-4o', needs: new Set(['chat', 'vision', 'audio']) },
    'models.capability_missing',
    'lacks vision, audio',
  ],
  ['a chat with an embedder', { model: 'text-embedding-3-small' }, 'models.unknown_model', ''],
  [
    'a chat with an embedder, named whole',
    { model: 'openai/text-embedding-3-small' },
    'models.capability_missing',
    'lacks chat',
  ],
  [
    'a request over the window',
    { model: 'gpt-4o', inputTokens: 135_001 },
    'models.context_too_long',
    '100000',
  ],
])('refuses %s', (_what, facts, code, named) => {
  const providers = code === 'models.unknown_model' ? ['anthropic'] : ALL;
  expect(refusal(facts, { providers })).toMatchObject({ code, detail: expect.stringContaining(named) });
});

test('goes by what is likely where a window refuses: the most may be more than fits', () => {
  const facts = { model: 'gpt-4o', inputTokens: 300_000 };
  expect(targets({ ...facts, likelyInputTokens: 100_000 })).toEqual(['openai gpt-4o']);
  expect(refusal({ ...facts, likelyInputTokens: 100_001 })?.code).toBe('models.context_too_long');
});

const RULES = `${PREFIXES}
[ladders.default]
rungs = [{ provider = "acme", model = "m" }, { provider = "openai", model = "gpt-4o" }]
[ladders.local]
rungs = [{ provider = "ollama", model = "llama:8b" }]
[ladders.mixed]
fallback_on = ["timeout"]
rungs = [
  { provider = "openai", model = "gpt-4o", max_output_tokens = 500 },
  { provider = "openai", model = "seeing" },
  { provider = "openai", model = "long" },
  { provider = "openai", model = "unpriced" },
  { provider = "openai", model = "nonsense" },
  { provider = "anthropic", model = "claude-opus-5-5", role = "final" },
]
[[rules]]
name = "personal-data"
when = { tags = ["pii"] }
ladder = "local"
[[rules]]
name = "agents"
when = { role = "agent*", task = "match.*", min_input_tokens = 100, max_input_tokens = 200 }
to = "openai/gpt-4o-mini"
[[rules]]
name = "named-by-no-one"
when = { model = "", needs = ["vision"] }
to = "openai/seeing"
[[rules]]
name = "old-name"
when = { model = "davinci*" }
to = "openai/gpt-4o"
`;

test.each<[string, Partial<RouteFacts>, string | null, readonly string[]]>([
  ['the first that fits', { tags: ['x', 'pii'], role: 'agent' }, 'personal-data', ['ollama llama:8b']],
  ['over a model named', { tags: ['pii'], model: 'gpt-4o' }, 'personal-data', ['ollama llama:8b']],
  ['over a ladder asked for', { tags: ['pii'], ladder: 'mixed' }, 'personal-data', ['ollama llama:8b']],
  ['patterns', { role: 'agent-7', task: 'match.jobs', inputTokens: 100 }, 'agents', ['openai gpt-4o-mini']],
  ['the upper bound', { role: 'agent', task: 'match.jobs', inputTokens: 201 }, null, ['openai gpt-4o']],
  ['the lower bound', { role: 'agent', task: 'match.jobs', inputTokens: 99 }, null, ['openai gpt-4o']],
  ['another task', { role: 'agent', task: 'chat', inputTokens: 100 }, null, ['openai gpt-4o']],
  ['no model named', { needs: new Set(['chat', 'vision']) }, 'named-by-no-one', ['openai seeing']],
  ['a model named', { model: 'openai/seeing', needs: new Set(['chat', 'vision']) }, null, ['openai seeing']],
  ['a name of no one', { model: 'davinci-002' }, 'old-name', ['openai gpt-4o']],
  ['nothing: the ladder default', {}, null, ['openai gpt-4o']],
  ['a ladder named as a model', { model: 'local' }, null, ['ollama llama:8b']],
])('rules: %s', (_what, facts, rule, expected) => {
  expect(plan(facts, { toml: RULES }).rule).toBe(rule);
  expect(targets(facts, { toml: RULES })).toEqual(expected);
});

test('a rule that cannot serve refuses: nothing else is tried', () => {
  const providers = ['openai'];
  expect(refusal({ tags: ['pii'], model: 'gpt-4o' }, { toml: RULES, providers })?.code).toBe(
    'models.no_provider',
  );
  const long = { tags: ['pii'], inputTokens: 50_000 };
  expect(refusal(long, { toml: RULES })?.code).toBe('models.context_too_long');
});

test('a refusal tells nothing of the rules that were passed over', () => {
  const told = JSON.stringify([
    refusal({ model: 'nonsense' }, { toml: RULES }),
    refusal({ tags: ['pii'] }, { toml: RULES, providers: [] }),
  ]);
  for (const secret of ['agents', 'match', 'pii', 'personal-data']) expect(told).not.toContain(secret);
  try {
    plan({ model: 'nonsense' }, { toml: RULES });
  } catch (error) {
    expect(isLakeError(error) && Object.keys(error.data)).toEqual(['nearest']);
  }
});

test('a ladder keeps the rungs that can serve, and says why the others cannot', () => {
  const made = plan({ ladder: 'mixed' }, { toml: RULES, providers: ['openai', 'anthropic'] });
  expect(made.rungs.map(({ model, maxOutputTokens, final }) => [model, maxOutputTokens, final])).toEqual([
    ['gpt-4o', 500, false],
    ['seeing', 10_000, false],
    ['long', 10_000, false],
    ['claude-opus-5-5', 10_000, true],
  ]);
  expect([...made.fallbackOn]).toEqual(['timeout']);
  expect(made.ladder).toBe('mixed');
  expect(made.explanation.map(({ considered, outcome }) => `${considered}: ${outcome}`)).toEqual([
    'rule "personal-data": passed over',
    'rule "agents": passed over',
    'rule "named-by-no-one": passed over',
    'rule "old-name": passed over',
    'ladder "mixed": chosen',
    'openai/gpt-4o: chosen',
    'openai/seeing: chosen',
    'openai/long: chosen',
    'openai/unpriced: skipped',
    'openai/nonsense: skipped',
    'anthropic/claude-opus-5-5: chosen',
  ]);
});

test('the rungs of a long request are those with the window for it', () => {
  expect(targets({ ladder: 'mixed', inputTokens: 500_000 }, { toml: RULES })).toEqual(['openai long']);
});

test('an answer is as long as the client, the rung and the model allow', () => {
  const most = (maxOutputTokens: number | null) =>
    plan({ ladder: 'mixed', maxOutputTokens }, { toml: RULES }).rungs[0]?.maxOutputTokens;
  expect([most(100), most(5_000), most(null)]).toEqual([100, 500, 500]);
});
