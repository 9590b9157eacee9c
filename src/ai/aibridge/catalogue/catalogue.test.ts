import { expect, test } from 'vitest';
import { isLakeError } from '../../../base/index.ts';
import { createCatalogue } from './catalogue.ts';
import type { CatalogueFile } from './catalogue-file.ts';
import type { ModelFile, ModelOverride } from './model-entry.ts';

const CHAT: ModelFile = {
  context_window: 128_000,
  max_output_tokens: 16_384,
  billing: 'metered',
  prices_usd_per_million: { input: 2.5, output: 10 },
  capabilities: ['chat', 'tools'],
};
const FILE: CatalogueFile = {
  sources: [],
  sha256: '',
  models: {
    'openai/gpt-4o': CHAT,
    'groq/openai/gpt-oss-120b': { ...CHAT, max_output_tokens: 65_536 },
    'ollama-cloud/qwen3.5:397b': {
      context_window: 262_144,
      max_output_tokens: 65_536,
      billing: 'flat',
      capabilities: ['chat'],
    },
  },
};

function catalogue(models: Record<string, ModelOverride> = {}, names: Record<string, string> = {}) {
  return createCatalogue(FILE, {
    models: new Map(Object.entries(models)),
    catalogueNames: new Map(Object.entries(names)),
  });
}

test('says where the snapshot came from', () => {
  const sources = [{ package: 'p', version: '1.2', license: 'MIT', date: '2026-01-02', sha256: 'x' }];
  const made = createCatalogue(
    { ...FILE, sources, sha256: 'abc' },
    { models: new Map(), catalogueNames: new Map() },
  );
  expect(made.origin).toBe('p 1.2 of 2026-01-02 (MIT); sha256 abc');
});

const FREE: ModelOverride = {
  billing: 'free',
  context_window: 8_192,
  max_output_tokens: 4_096,
  capabilities: ['chat'],
};

test.each([
  ['openai', 'gpt-4o', 16_384],
  ['groq', 'openai/gpt-oss-120b', 65_536],
  ['ollama-cloud', 'qwen3.5:397b', 65_536],
  ['openai', 'gpt-4', null],
  ['openai', 'GPT-4o', null],
  ['groq', 'gpt-oss-120b', null],
  ['groq/openai', 'gpt-oss-120b', 65_536],
  ['__proto__', 'constructor', null],
  ['', '', null],
])('knows of %s the model %s: %s', (provider, model, expected) => {
  expect(catalogue().find(provider, model)?.maxOutputTokens ?? null).toBe(expected);
});

test('lays local words over the snapshot, the longer pattern over the shorter and the name over all', () => {
  const local = catalogue({
    'openai/gpt-4o': { max_output_tokens: 1 },
    'openai/*': { max_output_tokens: 3, billing: 'flat', capabilities: ['chat'] },
    'openai/gpt-*': { max_output_tokens: 2, context_window: 7 },
  });
  expect(local.find('openai', 'gpt-4o')).toMatchObject({
    maxOutputTokens: 1,
    contextWindow: 7,
    billing: 'flat',
    capabilities: new Set(['chat']),
  });
  // What no one describes whole is not known, also where a pattern says something of it.
  expect(catalogue({ 'openai/*': { billing: 'flat' } }).find('openai', 'gpt-9')).toBeNull();
});

test('a pattern that says all makes any model known, and lists none', () => {
  const local = catalogue({ 'ollama/*': FREE });
  expect(local.find('ollama', 'kimi-k2:1t')).toMatchObject({ name: 'ollama/kimi-k2:1t', billing: 'free' });
  expect(local.lists('ollama', 'kimi-k2:1t')).toBe(false);
  expect(local.lists('ollama', '*')).toBe(false);
  expect(local.modelsOf('ollama')).toEqual([]);
});

test('gives a provider of another name the models of the one it serves', () => {
  const local = catalogue({ 'acme/own': FREE }, { acme: 'openai' });
  expect(local.find('acme', 'gpt-4o')?.name).toBe('acme/gpt-4o');
  expect(local.modelsOf('acme')).toEqual(['gpt-4o', 'own']);
  expect(local.lists('acme', 'gpt-4o')).toBe(true);
});

test('refuses a named model that neither describes whole', () => {
  const make = () => catalogue({ 'openai/gpt-9': { billing: 'flat', capabilities: ['chat'] } });
  const error = thrownBy(make);
  expect(error).toMatchObject({ code: 'models.routing_invalid' });
  expect(String(error)).toContain('"openai/gpt-9"');
  expect(String(error)).toContain('context_window, max_output_tokens');
});

test('reads cache at the price of input where it has none of its own', () => {
  const { prices } = catalogue().find('openai', 'gpt-4o') ?? { prices: null };
  expect(prices).toMatchObject({ input: 2_500_000n, cacheRead: 2_500_000n, cacheWriteLong: 2_500_000n });
});

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return isLakeError(error) ? error : null;
  }
  return null;
}
