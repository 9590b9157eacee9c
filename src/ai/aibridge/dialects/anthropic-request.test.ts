import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import { anthropicDialect } from './anthropic.ts';
import { ANTHROPIC_REQUEST_LOSSES, type AnthropicLoss } from './anthropic-losses.ts';
import { requireTranslatable } from './dialect.ts';

const BASE: JsonObject = { model: 'm', max_tokens: 64, messages: [{ role: 'user', content: 'Hi' }] };

function parse(changes: JsonObject) {
  return anthropicDialect.parseRequest({ ...BASE, ...changes });
}

function user(...blocks: readonly JsonValue[]): JsonObject {
  return { messages: [{ role: 'user', content: blocks }] };
}

describe('a request of messages', () => {
  it('is read with what clients leave out', () => {
    expect(parse({})).toEqual({
      model: 'm',
      stream: false,
      includesUsage: true,
      chat: {
        messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
        maxOutputTokens: 64,
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

  it('is read with the results of tools as messages of their own, before what is said beside them', () => {
    const result = (id: string) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: [{ type: 'text', text: id }],
    });
    const { chat } = parse(
      user({ type: 'text', text: 'And?' }, result('a'), { ...result('b'), is_error: true }),
    );
    expect(chat.messages).toEqual([
      { role: 'tool', parts: [{ kind: 'tool_result', id: 'a', text: 'a', isError: false }] },
      { role: 'tool', parts: [{ kind: 'tool_result', id: 'b', text: 'b', isError: true }] },
      { role: 'user', parts: [{ kind: 'text', text: 'And?' }] },
    ]);
  });

  it.each<readonly [string, JsonObject, object]>([
    ['instructions as text', { system: 'Be brief' }, { messages: [{ role: 'system' }, { role: 'user' }] }],
    [
      'thinking that is off',
      { thinking: { type: 'disabled' }, output_config: { effort: 'high' } },
      { reasoning: 'off' },
    ],
    ['a small budget', { thinking: { type: 'enabled', budget_tokens: 1024 } }, { reasoning: 'low' }],
    ['a middle budget', { thinking: { type: 'enabled', budget_tokens: 8000 } }, { reasoning: 'medium' }],
    ['a large budget', { thinking: { type: 'enabled', budget_tokens: 32000 } }, { reasoning: 'high' }],
    [
      'an effort',
      { thinking: { type: 'adaptive' }, output_config: { effort: 'medium' } },
      { reasoning: 'medium' },
    ],
    ['thinking as the model likes', { thinking: { type: 'adaptive' } }, { reasoning: 'default' }],
    [
      'a forced tool, one at a time',
      { tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true } },
      { toolChoice: { kind: 'tool', name: 'f' }, parallelToolCalls: false },
    ],
    ['any tool', { tool_choice: { type: 'any' } }, { toolChoice: { kind: 'required' } }],
    [
      'the older name of the format',
      { output_format: { type: 'json_schema', schema: { type: 'object' } } },
      { format: { kind: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true } },
    ],
  ])('is read with %s', (_, changes, expected) => {
    expect(parse(changes).chat).toMatchObject(expected);
  });

  it.each<readonly [string, JsonObject]>([
    ['/model', { model: null }],
    ['/messages', { messages: {} }],
    ['/messages', { messages: [] }],
    ['/max_tokens', { max_tokens: null }],
    ['/max_tokens', { max_tokens: -1 }],
    ['/messages/0/content', { messages: [{ role: 'user' }] }],
    ['/messages/0/content/0/type', user({})],
    ['/messages/0/content/0/source', user({ type: 'image' })],
    ['/messages/0/content/0/tool_use_id', user({ type: 'tool_result', content: 'x' })],
    [
      '/messages/0/content/0/input',
      { messages: [{ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f' }] }] },
    ],
    ['/system', { system: 7 }],
    ['/stream', { stream: 1 }],
    ['/tools/0/input_schema', { tools: [{ name: 'f' }] }],
    ['/thinking/budget_tokens', { thinking: { type: 'enabled', budget_tokens: 'much' } }],
    ['/stop_sequences', { stop_sequences: 'END' }],
    ['/fallbacks', { fallbacks: [{ model: 'claude-dear' }] }],
    ['/fallbacks', { fallbacks: 'default' }],
    ['/providerOptions/gateway/models', { providerOptions: { gateway: { models: ['dear'] } } }],
    ['/models', { models: ['claude-dear'] }],
    ['/thread', { thread: { type: 'continue', previous_message_id: 'msg_1' } }],
  ])('that is malformed is refused with the pointer %s', (pointer, changes) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({
        code: 'models.bad_request',
        data: { errors: [{ pointer, detail: expect.any(String) }] },
      }),
    );
  });
});

describe('what a request of messages loses', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };
  const kept = { cache_control: { type: 'ephemeral' } };
  const CASES: Readonly<Record<AnthropicLoss, JsonObject>> = {
    container: { container: 'c' },
    mcp_servers: { mcp_servers: [] },
    context_management: { context_management: {} },
    'tools.server': { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    'tool_choice.other': { tool_choice: { type: 'some' } },
    'output_config.format': { output_config: { format: { type: 'grammar' } } },
    'messages.role': { messages: [{ role: 'critic', content: 'x' }] },
    'messages.content': user({ type: 'document', source: {} }),
    'messages.tool_result.content': user({ type: 'tool_result', tool_use_id: 'a', content: [image] }),
    'messages.redacted_thinking': {
      messages: [{ role: 'assistant', content: [{ type: 'redacted_thinking', data: 'x' }] }],
    },
    'messages.citations': user({ type: 'text', text: 'x', citations: [] }),
    cache_control: user({ type: 'text', text: 'x', ...kept }),
    thinking: { thinking: { type: 'between_tools' } },
    'thinking.budget_tokens': { thinking: { type: 'enabled', budget_tokens: 4096 } },
    'output_config.effort': { output_config: { effort: 'max' } },
    top_k: { top_k: 40 },
    'tools.strict': { tools: [{ name: 'f', input_schema: {}, strict: true }] },
    metadata: { metadata: { user_id: 'u' } },
    service_tier: { service_tier: 'standard_only' },
    speed: { speed: 'fast' },
    inference_geo: { inference_geo: 'eu' },
    diagnostics: { diagnostics: {} },
    user_profile_id: { user_profile_id: 'p' },
    workspace_id: { workspace_id: 'w' },
  };

  it.each(Object.entries(CASES))('%s is named', (name, changes) => {
    const parsed = parse(changes);
    const { effect } = ANTHROPIC_REQUEST_LOSSES[name as AnthropicLoss];
    expect(parsed.losses).toEqual(effect === 'poorer' ? [name] : []);
    expect(parsed.refusals.map((refusal) => refusal.name)).toEqual(effect === 'wrong' ? [name] : []);
    if (effect === 'poorer') expect(() => requireTranslatable(parsed)).not.toThrow();
    else
      expect(() => requireTranslatable(parsed)).toThrow(
        expect.objectContaining({ code: 'models.not_translatable' }),
      );
  });

  it('is named wherever a client asks for its prompt to be kept', () => {
    const places: readonly JsonObject[] = [
      { system: [{ type: 'text', text: 'x', ...kept }] },
      { tools: [{ name: 'f', input_schema: {}, ...kept }] },
      kept,
    ];
    for (const changes of places) expect(parse(changes).losses).toEqual(['cache_control']);
  });

  it('is named also where nobody has heard of it', () => {
    const { losses } = parse({ unheard_of: 1, ...user({ type: 'text', text: 'x', transformations: {} }) });
    expect(losses).toEqual(['unheard_of', 'messages.transformations']);
  });
});
