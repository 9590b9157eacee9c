import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { fromLitellm } from '../scripts/model-catalogue/from-litellm.ts';
import { fromModelsDev, readModelsDev } from '../scripts/model-catalogue/from-models-dev.ts';
import { catalogueText } from '../scripts/update-models.ts';
import { catalogueFileSchema } from '../src/ai/aibridge/catalogue/catalogue-file.ts';
import { routingSchema } from '../src/ai/aibridge/routing/routing-schema.ts';
import { isNode, sourceTree, walk } from './support/source-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'lakehouse-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DATE = '2026-11-28';
const CHAT = { litellm_provider: 'openai', mode: 'chat', max_input_tokens: 100, max_output_tokens: 10 };
const PRICED = { ...CHAT, input_cost_per_token: 2.5e-6, output_cost_per_token: 1e-5 };
const OWN = { context_window: 100, max_output_tokens: 10, billing: 'metered', capabilities: ['chat'] };

test.each<[string, string, Record<string, unknown>, unknown]>([
  [
    'a chat model',
    'gpt-4o',
    PRICED,
    { 'openai/gpt-4o': { ...OWN, prices_usd_per_million: { input: 2.5, output: 10 } } },
  ],
  [
    'prices that no double multiplies exactly',
    'gpt-4o',
    { ...PRICED, input_cost_per_token: 1.1e-7, output_cost_per_token: 2.8e-7 },
    { 'openai/gpt-4o': { ...OWN, prices_usd_per_million: { input: 0.11, output: 0.28 } } },
  ],
  [
    'every price and capability there is',
    'claude-x',
    {
      ...PRICED,
      litellm_provider: 'anthropic',
      cache_read_input_token_cost: 2.5e-7,
      cache_creation_input_token_cost: 3e-6,
      cache_creation_input_token_cost_above_1hr: 5e-6,
      input_cost_per_token_above_200k_tokens: 5e-6,
      output_cost_per_token_above_200k_tokens: 2e-5,
      cache_creation_input_token_cost_above_1hr_above_200k_tokens: 1e-5,
      input_cost_per_token_above_200k_tokens_priority: 9e-6,
      supports_function_calling: true,
      supports_vision: true,
      supports_audio_input: true,
      supports_reasoning: true,
      supports_response_schema: true,
      supports_prompt_caching: true,
      supports_assistant_prefill: true,
    },
    {
      'anthropic/claude-x': {
        ...OWN,
        prices_usd_per_million: {
          input: 2.5,
          output: 10,
          cache_read: 0.25,
          cache_write: 3,
          cache_write_long: 5,
          above: [
            {
              context_tokens: 200_000,
              input: 5,
              output: 20,
              cache_read: 0.25,
              cache_write: 3,
              cache_write_long: 10,
            },
          ],
        },
        capabilities: [
          'chat',
          'tools',
          'vision',
          'audio',
          'reasoning',
          'json_schema',
          'prompt_caching',
          'prefill',
        ],
      },
    },
  ],
  [
    'listed tiers, thinking dearer than the answer',
    'dashscope/qwen-x',
    {
      ...CHAT,
      litellm_provider: 'dashscope',
      tiered_pricing: [
        {
          input_cost_per_token: 1e-6,
          output_cost_per_token: 2e-6,
          output_cost_per_reasoning_token: 4e-6,
          range: [0, 256_000],
        },
        { input_cost_per_token: 2e-6, output_cost_per_token: 8e-6, range: [256_000, 1_000_000] },
      ],
    },
    {
      'dashscope/qwen-x': {
        ...OWN,
        prices_usd_per_million: {
          input: 1,
          output: 4,
          above: [{ context_tokens: 256_000, input: 2, output: 8 }],
        },
      },
    },
  ],
  [
    'an embedder',
    'text-embedding-x',
    { ...PRICED, mode: 'embedding', output_cost_per_token: 0 },
    {
      'openai/text-embedding-x': {
        ...OWN,
        max_output_tokens: 1,
        prices_usd_per_million: { input: 2.5, output: 0 },
        capabilities: ['embeddings'],
      },
    },
  ],
  [
    'a price of nothing: not known',
    'groq/x',
    { ...PRICED, litellm_provider: 'groq', input_cost_per_token: 0, output_cost_per_token: 0 },
    { 'groq/x': OWN },
  ],
  ['no price', 'gpt-4o', CHAT, { 'openai/gpt-4o': OWN }],
  [
    'an unknown longest answer',
    'gpt-4o',
    { ...PRICED, max_output_tokens: undefined },
    {
      'openai/gpt-4o': { ...OWN, max_output_tokens: 100, prices_usd_per_million: { input: 2.5, output: 10 } },
    },
  ],
  [
    'names with slashes and colons',
    'groq/openai/gpt-oss:120b',
    { ...CHAT, litellm_provider: 'groq' },
    { 'groq/openai/gpt-oss:120b': OWN },
  ],
  [
    'sound dearer than text',
    'gpt-x',
    {
      ...CHAT,
      supports_audio_input: true,
      input_cost_per_audio_token: 1e-5,
      input_cost_per_token: 1e-6,
      output_cost_per_token: 1e-6,
    },
    { 'openai/gpt-x': { ...OWN, prices_usd_per_million: { input: 1, output: 1 } } },
  ],
  ['a model that speaks', 'gpt-audio', { ...PRICED, output_cost_per_audio_token: 1e-5 }, {}],
  ['a model billed by the search', 'gpt-4o-search-preview', PRICED, {}],
  ['a fine-tuned model', 'ft:gpt-4o', PRICED, {}],
  ['a retired model', 'gpt-4', { ...PRICED, deprecation_date: DATE }, {}],
  ['a model of another endpoint', 'gpt-pro', { ...PRICED, supported_endpoints: ['/v1/responses'] }, {}],
  ['a provider that is not kept', 'azure/gpt-4o', { ...PRICED, litellm_provider: 'azure' }, {}],
  [
    'a bucket of prices that is no model',
    'together-ai-4.1b-8b',
    { ...PRICED, litellm_provider: 'together_ai' },
    {},
  ],
  ['what draws', 'gpt-image', { ...PRICED, mode: 'image_generation' }, {}],
])('makes of %s what the catalogue has', (_what, key, row, expected) => {
  expect(fromLitellm({ [key]: row }, DATE)).toEqual(expected);
});

test('makes of the other package’s database what the catalogue has', () => {
  const file = join(folder, 'db.sqlite');
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE models (full_id TEXT, provider_id TEXT, id TEXT, reasoning INTEGER, tool_call INTEGER,
      structured_output INTEGER, limit_context INTEGER, limit_input INTEGER, limit_output INTEGER, status TEXT);
    CREATE TABLE model_modalities (model_full_id TEXT, direction TEXT, position INTEGER, value TEXT);
    CREATE TABLE pricing (model_full_id TEXT, experimental_mode_name TEXT, min_context INTEGER, cost_input REAL,
      cost_output REAL, cost_reasoning REAL, cost_cache_read REAL, cost_cache_write REAL, cost_input_audio REAL);
    INSERT INTO models VALUES
      ('openrouter:a/b', 'openrouter', 'a/b', 1, 1, 1, 100, 80, 10, NULL),
      ('openrouter:a/b:free', 'openrouter', 'a/b:free', 0, 0, NULL, 100, NULL, 0, NULL),
      ('openrouter:a/zero', 'openrouter', 'a/zero', 0, 0, NULL, 100, NULL, 10, NULL),
      ('openrouter:a/draws', 'openrouter', 'a/draws', 0, 0, NULL, 100, NULL, 10, NULL),
      ('openrouter:a/old', 'openrouter', 'a/old', 0, 0, NULL, 100, NULL, 10, 'deprecated'),
      ('openrouter:openrouter/auto', 'openrouter', 'openrouter/auto', 0, 0, NULL, 100, NULL, 10, NULL),
      ('openai:gpt-4o', 'openai', 'gpt-4o', 0, 0, NULL, 100, NULL, 10, NULL),
      ('ollama-cloud:kimi-k2:1t', 'ollama-cloud', 'kimi-k2:1t', 1, 1, NULL, 100, NULL, 10, NULL);
    INSERT INTO model_modalities SELECT full_id, 'input', 0, 'text' FROM models;
    INSERT INTO model_modalities SELECT full_id, 'output', 0, 'text' FROM models;
    INSERT INTO model_modalities VALUES ('openrouter:a/b', 'input', 1, 'image'), ('openrouter:a/draws', 'output', 1, 'image');
    INSERT INTO pricing VALUES
      ('openrouter:a/b', NULL, 200000, 2, 8, NULL, NULL, NULL, NULL), ('openrouter:a/b', NULL, 0, 1, 3, 4, 0.1, 0, NULL),
      ('openrouter:a/b', 'fast', 0, 9, 9, NULL, NULL, NULL, NULL),
      ('openrouter:a/b:free', NULL, 0, 0, 0, NULL, NULL, NULL, NULL),
      ('openrouter:a/zero', NULL, 0, 0, 0, NULL, NULL, NULL, NULL),
      ('openrouter:a/draws', NULL, 0, 1, 1, NULL, NULL, NULL, NULL),
      ('openrouter:a/old', NULL, 0, 1, 1, NULL, NULL, NULL, NULL),
      ('openrouter:openrouter/auto', NULL, 0, 1, 1, NULL, NULL, NULL, NULL);
  `);
  database.close();
  expect(fromModelsDev(readModelsDev(file))).toEqual({
    'openrouter/a/b': {
      context_window: 80,
      max_output_tokens: 10,
      billing: 'metered',
      prices_usd_per_million: {
        input: 1,
        output: 4,
        cache_read: 0.1,
        above: [{ context_tokens: 200_000, input: 2, output: 8 }],
      },
      capabilities: ['chat', 'tools', 'vision', 'reasoning', 'json_schema', 'prompt_caching'],
    },
    'openrouter/a/b:free': {
      context_window: 100,
      max_output_tokens: 100,
      billing: 'free',
      capabilities: ['chat'],
    },
    'ollama-cloud/kimi-k2:1t': {
      context_window: 100,
      max_output_tokens: 10,
      billing: 'flat',
      capabilities: ['chat', 'tools', 'reasoning'],
    },
  });
});

test('the shipped catalogue is written as the script writes it', () => {
  const text = readFileSync(new URL('../config/models.json', import.meta.url), 'utf8');
  const { sources, models } = catalogueFileSchema.parse(JSON.parse(text));
  expect(text).toBe(catalogueText(sources, models));
});

test.each<[string, z.ZodType]>([
  ['routing.toml', routingSchema],
  ['models.json', catalogueFileSchema],
])('every key of %s has a reader', (_file, schema) => {
  const read = new Set<string>();
  const note = (one: unknown) => {
    if (isNode(one) && typeof one.name === 'string') read.add(one.name);
  };
  for (const { program } of sourceTree(['src/ai/aibridge/catalogue', 'src/ai/aibridge/routing'])) {
    walk(program, (node) => {
      if (node.type === 'MemberExpression') note(node.property);
      if (node.type !== 'ObjectPattern' || !Array.isArray(node.properties)) return;
      for (const one of node.properties) if (isNode(one)) note(one.key);
    });
  }
  const unread = [...new Set(keysOf(schema))].filter((key) => !read.has(key));
  expect(unread, 'Read these keys where they should act, or take them out of the schema.').toEqual([]);
});

function keysOf(schema: z.core.$ZodType): readonly string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, member]) => [
      key,
      ...keysOf(member as z.core.$ZodType),
    ]);
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.element);
  if (schema instanceof z.ZodRecord) return keysOf(schema.valueType);
  if (schema instanceof z.ZodPipe) return keysOf(schema.def.in);
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable
  ) {
    return keysOf(schema.def.innerType);
  }
  return [];
}
