import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { requireTranslatable } from './dialect.ts';
import { openAiDialect } from './openai.ts';
import { OPENAI_REQUEST_LOSSES, type OpenAiLoss } from './openai-losses.ts';

const BASE: JsonObject = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

function parse(changes: JsonObject) {
  return openAiDialect.parseRequest({ ...BASE, ...changes });
}

function messages(...list: readonly JsonValue[]): JsonObject {
  return { messages: list };
}

describe('a request of chat completions', () => {
  it('is read with what clients leave out', () => {
    expect(parse({})).toEqual({
      model: 'm',
      stream: false,
      includesUsage: false,
      chat: {
        messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
        maxOutputTokens: null,
        temperature: null,
        topP: null,
        stop: [],
        tools: [],
        toolChoice: { kind: 'auto' },
        parallelToolCalls: null,
        format: { kind: 'text' },
        reasoning: 'default',
      },
      losses: [],
      refusals: [],
      unread: { texts: [], images: 0, isBounded: true },
    });
  });

  it('is read with members that are null as with none', () => {
    const names = [
      'temperature',
      'max_tokens',
      'stop',
      'tools',
      'n',
      'logprobs',
      'stream',
      'response_format',
      'user',
    ];
    expect(parse(Object.fromEntries(names.map((name) => [name, null])))).toEqual(parse({}));
  });

  it.each<readonly [string, JsonObject, object]>([
    ['the newer limit', { max_completion_tokens: 9 }, { maxOutputTokens: 9 }],
    ['the larger of two limits', { max_tokens: 5, max_completion_tokens: 9 }, { maxOutputTokens: 9 }],
    ['the larger of two limits', { max_tokens: 9, max_completion_tokens: 5 }, { maxOutputTokens: 9 }],
    ['the older limit', { max_tokens: 5 }, { maxOutputTokens: 5 }],
    ['one stop', { stop: 'END' }, { stop: ['END'] }],
    ['an effort of none', { reasoning_effort: 'none' }, { reasoning: 'off' }],
    ['an effort beyond high', { reasoning_effort: 'xhigh' }, { reasoning: 'high' }],
    ['a format', { response_format: { type: 'json_object' } }, { format: { kind: 'json' } }],
    [
      'a developer as system',
      messages({ role: 'developer', content: [{ type: 'text', text: 'Be brief' }] }),
      { messages: [{ role: 'system', parts: [{ kind: 'text', text: 'Be brief' }] }] },
    ],
    [
      'an image in the request',
      messages({
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'auto' } }],
      }),
      {
        messages: [
          { role: 'user', parts: [{ kind: 'image', mediaType: 'image/png', data: 'AAAA', url: null }] },
        ],
      },
    ],
    [
      'earlier reasoning, text and calls',
      messages({
        role: 'assistant',
        content: 'Look:',
        reasoning_content: 'Hm.',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      }),
      {
        messages: [
          {
            role: 'assistant',
            parts: [
              { kind: 'reasoning', text: 'Hm.', signature: null },
              { kind: 'text', text: 'Look:' },
              { kind: 'tool_call', id: 'c1', name: 'f', argumentsJson: '{}' },
            ],
          },
        ],
      },
    ],
  ])('is read with %s', (_, changes, expected) => {
    expect(parse(changes).chat).toMatchObject(expected);
  });

  it('tells whether the client wants the usage in the stream', () => {
    expect(parse({ stream: true, stream_options: { include_usage: true } }).includesUsage).toBe(true);
    expect(parse({ stream: true, stream_options: {} }).includesUsage).toBe(false);
  });

  it.each<readonly [string, JsonObject]>([
    ['/model', { model: 7 }],
    ['/model', { model: '' }],
    ['/messages', { messages: 'Hi' }],
    ['/messages', { messages: [] }],
    ['/messages/0', messages('Hi')],
    ['/messages/0/role', messages({ content: 'Hi' })],
    ['/messages/0/content', messages({ role: 'user', content: 7 })],
    [
      '/messages/0/content/1/text',
      messages({ role: 'user', content: [{ type: 'text', text: 'a' }, { type: 'text' }] }),
    ],
    [
      '/messages/0/content/0/image_url/url',
      messages({ role: 'user', content: [{ type: 'image_url', image_url: { url: 7 } }] }),
    ],
    ['/messages/0/tool_call_id', messages({ role: 'tool', content: 'x' })],
    [
      '/messages/0/tool_calls/0/function/arguments',
      messages({ role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: {} } }] }),
    ],
    ['/models', { models: ['openai/dear', 'openai/dearer'] }],
    ['/preset', { preset: 'of-the-account' }],
    ['/fallbacks', { fallbacks: ['dear'] }],
    ['/context_window_fallbacks', { context_window_fallbacks: [{ m: ['dear'] }] }],
    ['/content_policy_fallbacks', { content_policy_fallbacks: [{ m: ['dear'] }] }],
    ['/load_balancer', { load_balancer: { type: 'weight_based', models: [{ model: 'dear', weight: 1 }] } }],
    ['/orq', { orq: { fallbacks: [{ model: 'dear' }] } }],
    ['/user_config', { user_config: { model_list: [] } }],
    ['/api_base', { api_base: 'https://elsewhere.test' }],
    ['/base_url', { base_url: 'https://elsewhere.test' }],
    ['/extra_body/models', { extra_body: { models: ['dear'] } }],
    ['/providerOptions/gateway/models', { providerOptions: { gateway: { models: ['dear'] } } }],
    ['/n', { n: '5' }],
    ['/stream', { stream: 'yes' }],
    ['/stream_options', { stream_options: 1 }],
    ['/max_tokens', { max_tokens: 0 }],
    ['/max_tokens', { max_tokens: 1.5 }],
    ['/max_completion_tokens', { max_completion_tokens: '9' }],
    ['/temperature', { temperature: 'hot' }],
    ['/stop/0', { stop: [1] }],
    ['/tools/0/function/name', { tools: [{ type: 'function', function: {} }] }],
    [
      '/tools/0/function/parameters',
      { tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
    ],
    ['/tool_choice/function/name', { tool_choice: { type: 'function', function: {} } }],
    ['/parallel_tool_calls', { parallel_tool_calls: 1 }],
    ['/response_format/json_schema/name', { response_format: { type: 'json_schema', json_schema: {} } }],
  ])('that is malformed is refused with the pointer %s', (pointer, changes) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({
        code: 'models.bad_request',
        data: { errors: [{ pointer, detail: expect.any(String) }] },
      }),
    );
  });
});

it.each([
  ['https://x.example/a.png', { mediaType: '', data: null, url: 'https://x.example/a.png' }],
  ['data:image/svg+xml;charset=utf-8;base64,AAAA', { mediaType: 'image/svg+xml', data: 'AAAA', url: null }],
])('an image is read with its address %s in an object or alone', (url, expected) => {
  for (const image_url of [{ url }, url]) {
    const { chat } = parse(messages({ role: 'user', content: [{ type: 'image_url', image_url }] }));
    expect(chat.messages[0]?.parts).toEqual([{ kind: 'image', ...expected }]);
  }
});

it('an image at an address that no other protocol has is counted, and for its own protocol alone', () => {
  const image = { type: 'image_url', image_url: { url: 'gs://bucket/a.png' } };
  const parsed = parse(messages({ role: 'user', content: [image] }));
  expect(parsed.unread).toMatchObject({ images: 1, isBounded: true });
  expect(parsed.refusals.map(({ name }) => name)).toEqual(['messages.content']);
});

describe('what a request of chat completions loses', () => {
  const image = { type: 'image_url', image_url: { url: 'https://x.example/y', detail: 'low' } };
  const photo = { type: 'image_url', image_url: { url: 'https://x.example/y' } };
  const schema = { name: 'n', schema: {}, description: 'd' };
  const CASES: Readonly<Record<OpenAiLoss, JsonObject>> = {
    n: { n: 2 },
    audio: { audio: { voice: 'x' } },
    modalities: { modalities: ['text', 'audio'] },
    functions: { functions: [] },
    function_call: { function_call: 'auto' },
    web_search_options: { web_search_options: {} },
    'tools.custom': { tools: [{ type: 'custom', custom: { name: 'x' } }] },
    'tool_choice.other': { tool_choice: { type: 'allowed_tools', allowed_tools: {} } },
    'response_format.other': { response_format: { type: 'grammar' } },
    'messages.role': messages({ role: 'function', content: 'x' }),
    'messages.content': messages({ role: 'user', content: [{ type: 'input_audio', input_audio: {} }] }),
    'messages.tool.content': messages({ role: 'tool', tool_call_id: 'c', content: [photo] }),
    'messages.tool_calls': messages({ role: 'assistant', tool_calls: [{ id: 'c', type: 'custom' }] }),
    'messages.function_call': messages({ role: 'assistant', content: 'x', function_call: {} }),
    'messages.name': messages({ role: 'user', content: 'x', name: 'Ann' }),
    'messages.audio': messages({ role: 'assistant', content: 'x', audio: { id: 'a' } }),
    'messages.image_url.detail': messages({ role: 'user', content: [image] }),
    'tools.strict': { tools: [{ type: 'function', function: { name: 'f', strict: true } }] },
    'response_format.json_schema.description': {
      response_format: { type: 'json_schema', json_schema: schema },
    },
    logprobs: { logprobs: true },
    top_logprobs: { top_logprobs: 3 },
    reasoning_effort: { reasoning_effort: 'minimal' },
    frequency_penalty: { frequency_penalty: 0.5 },
    presence_penalty: { presence_penalty: 0.5 },
    logit_bias: { logit_bias: { '50256': -100 } },
    seed: { seed: 7 },
    verbosity: { verbosity: 'low' },
    prediction: { prediction: { type: 'content', content: 'x' } },
    metadata: { metadata: { a: 'b' } },
    moderation: { moderation: {} },
    store: { store: true },
    service_tier: { service_tier: 'flex' },
    user: { user: 'u' },
    safety_identifier: { safety_identifier: 's' },
    prompt_cache_key: { prompt_cache_key: 'k' },
    prompt_cache_options: { prompt_cache_options: {} },
    prompt_cache_retention: { prompt_cache_retention: '24h' },
  };

  it.each(Object.entries(CASES))('%s is named', (name, changes) => {
    const parsed = parse(changes);
    const { effect } = OPENAI_REQUEST_LOSSES[name as OpenAiLoss];
    expect(parsed.losses).toEqual(effect === 'poorer' ? [name] : []);
    expect(parsed.refusals.map((refusal) => refusal.name)).toEqual(effect === 'wrong' ? [name] : []);
    if (effect === 'poorer') expect(() => requireTranslatable(parsed)).not.toThrow();
    else
      expect(() => requireTranslatable(parsed)).toThrow(
        expect.objectContaining({ code: 'models.not_translatable' }),
      );
  });

  it('is nothing where a member asks for nothing', () => {
    const harmless = {
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      frequency_penalty: 0,
      store: false,
      service_tier: 'auto',
      modalities: ['text'],
    };
    expect(parse(harmless)).toMatchObject({ losses: [], refusals: [] });
  });

  it('is named also where nobody has heard of it, in letters that are safe anywhere', () => {
    expect(parse({ unheard_of: 1, 'x\r\ny': 2, __proto: 3 }).losses).toEqual([
      'unheard_of',
      'other members',
      '__proto',
    ]);
  });
});
