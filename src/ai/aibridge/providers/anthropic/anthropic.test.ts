import { describe, expect, it } from 'vitest';
import { answerOf, chatOf, failureOf, spendingOf } from '../../../../../test/support/provider-calls.ts';
import { startScriptedProvider } from '../../../../../test/support/scripted-provider/scripted-provider.ts';
import { type JsonObject, systemClock } from '../../../../base/index.ts';
import type { ChatRequest } from '../../chat.ts';
import { ServerSentEvents } from '../../transport/server-sent-events.ts';
import { lossesIn } from '../translation-loss.ts';
import { AnthropicProvider } from './anthropic-provider.ts';
import { readAnthropicAnswers } from './read-answer.ts';
import { AnthropicChatReader } from './stream-reader.ts';
import { ANTHROPIC_LOSSES, writeAnthropicChat } from './write-chat.ts';

const REFUSED = expect.objectContaining({ code: 'models.not_translatable' });

it('a native request keeps the header that names its betas, and no other', async () => {
  const scripted = await startScriptedProvider();
  const provider = new AnthropicProvider(
    {
      name: 'scripted',
      baseUrl: `${scripted.url}/v1`,
      apiKey: 'our-key',
      allowPrivateAddresses: true,
      timeouts: { headersMs: 30_000, idleMs: 30_000, totalMs: 60_000 },
      maxResponseBytes: 1_000_000,
    },
    { clock: systemClock },
  );
  const send = (headers: Readonly<Record<string, string>>) => {
    const request = { kind: 'native', body: { model: 'm', messages: [] }, headers } as const;
    const signal = new AbortController().signal;
    return provider.chat(spendingOf(), { model: 'scripted/plain', request, stream: false, signal });
  };
  await send({ 'anthropic-beta': 'files-api-2025-04-14,x', 'x-api-key': 'theirs', host: 'elsewhere' });
  expect(scripted.received[0]?.headers).toMatchObject({
    'anthropic-beta': 'files-api-2025-04-14,x',
    'anthropic-version': '2023-06-01',
    'x-api-key': 'our-key',
    host: new URL(scripted.url).host,
  });
  expect(await failureOf(send({ 'anthropic-beta': 'a\r\nx-api-key: b' }))).toMatchObject({
    class: 'bad_request',
  });
  expect(scripted.received).toHaveLength(1);
  await provider.close();
  await scripted.close();
});

describe('a streamed message', () => {
  const read = (...events: readonly JsonObject[]) => {
    const reader = new AnthropicChatReader();
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    const deltas = new ServerSentEvents()
      .push(Buffer.from(text))
      .flatMap((event) => reader.read(event).deltas);
    return { deltas, isFinished: reader.isFinished() };
  };

  it('counts tokens of the cache as input, and keeps what the second report leaves out', () => {
    const first = {
      input_tokens: 10,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 3,
      output_tokens: 1,
    };
    const start: JsonObject = { type: 'message_start', message: { id: 'm', model: 'x', usage: first } };
    const finish = { delta: { stop_reason: 'end_turn' } };
    const last = (usage: JsonObject): JsonObject => ({ type: 'message_delta', ...finish, usage });
    const usage = { input: 17, cachedInput: 4, cacheWriteInput: 3, output: 25, reasoning: 6 };
    const details = { output_tokens_details: { thinking_tokens: 6 } };
    expect(answerOf(read(start, last({ output_tokens: 25, ...details })).deltas).usage).toEqual(usage);
    const nulls = { input_tokens: null, cache_read_input_tokens: null, output_tokens: 25, ...details };
    expect(answerOf(read(start, last(nulls)).deltas).usage).toEqual(usage);
    const again = { ...first, output_tokens: 25, ...details };
    expect(answerOf(read(start, last(again)).deltas).usage).toEqual(usage);
    const long = { ...first, cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 } };
    const kept: JsonObject = { type: 'message_start', message: { id: 'm', model: 'x', usage: long } };
    const counted = answerOf(read(kept, last({ output_tokens: 25, ...details })).deltas).usage;
    expect(counted).toEqual({ ...usage, cacheWriteLongInput: 2 });
  });

  it.each([
    ['end_turn', 'stop'],
    ['stop_sequence', 'stop'],
    ['max_tokens', 'length'],
    ['model_context_window_exceeded', 'length'],
    ['tool_use', 'tool_calls'],
    ['pause_turn', 'pause'],
    ['refusal', 'content_filter'],
    ['made_up', 'stop'],
  ])('that stops by %s has finished by %s', (stop_reason, finish) => {
    const { deltas, isFinished } = read({ type: 'message_delta', delta: { stop_reason } });
    expect(answerOf(deltas).finish).toBe(finish);
    expect(isFinished).toBe(true);
    expect(readAnthropicAnswers({ content: [], stop_reason })?.[0]?.finish).toBe(finish);
  });

  it('that stops without a reason was cut', () => {
    const { deltas } = read({ type: 'message_stop' });
    expect(answerOf(deltas).finish).toBe('cut');
  });

  it('gives a call without arguments an empty object', () => {
    const block = { type: 'tool_use', id: 'c', name: 'f', input: {} };
    const { deltas } = read(
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '' } },
      { type: 'content_block_stop', index: 0 },
    );
    expect(answerOf(deltas).parts).toEqual([{ kind: 'tool_call', id: 'c', name: 'f', argumentsJson: '{}' }]);
  });

  it('tells the texts of tools that run at the service apart from the answer', () => {
    const result = { type: 'web_search_tool_result', tool_use_id: 's', content: [{ title: 'Found' }] };
    const { deltas, isFinished } = read(
      {
        type: 'content_block_start',
        index: 0,
        content_block: { type: 'server_tool_use', id: 's', name: 'w' },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"q"' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: result },
      { type: 'content_block_start', index: 2, content_block: { type: 'text', text: '' } },
      {
        type: 'content_block_delta',
        index: 2,
        delta: { type: 'citations_delta', citation: { cited_text: 'Quoted' } },
      },
      { type: 'made_up', said: 'Unheard of' },
    );
    const texts = deltas.map((delta) => (delta.kind === 'other' ? delta.text : delta.kind));
    expect(texts).toEqual(['s\nw', '{"q"', 's\nFound', 'Quoted', 'Unheard of']);
    expect(isFinished).toBe(false);
  });

  it('whole tells the same texts', () => {
    const content = [
      { type: 'text', text: 'a', citations: [{ cited_text: 'Quoted' }] },
      { type: 'web_search_tool_result', content: [{ title: 'Found' }] },
      { type: 'tool_use', id: 'c', name: 'f', input: { a: 'b' } },
    ];
    const [answer] = readAnthropicAnswers({ content, stop_reason: 'end_turn' }) ?? [];
    expect(answer?.otherText).toBe('Quoted\nFound');
    expect(answer?.parts.map(({ kind }) => kind)).toEqual(['text', 'tool_call']);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'takes a block of type %s for one it does not know',
    (type) => {
      const [answer] =
        readAnthropicAnswers({ content: [{ type, said: 'Unheard of' }], stop_reason: 'end_turn' }) ?? [];
      expect(answer?.otherText).toBe('Unheard of');
    },
  );
});

describe('a chat written as messages', () => {
  const write = (changes: Partial<ChatRequest>) =>
    writeAnthropicChat(chatOf(changes), { model: 'm', stream: false });
  const tool = { name: 'f', description: '', parameters: { type: 'object' } };

  it('has the results of one turn’s calls in one turn, with what the user says after', () => {
    const { messages } = write({
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'assistant', parts: [{ kind: 'tool_call', id: 'a', name: 'f', argumentsJson: '' }] },
        { role: 'tool', parts: [{ kind: 'tool_result', id: 'a', text: '1', isError: false }] },
        { role: 'tool', parts: [{ kind: 'tool_result', id: 'b', text: '2', isError: true }] },
        { role: 'user', parts: [{ kind: 'text', text: 'And?' }] },
      ],
    });
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Q' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'a', content: '1' },
          { type: 'tool_result', tool_use_id: 'b', content: '2', is_error: true },
          { type: 'text', text: 'And?' },
        ],
      },
    ]);
  });

  it('thinks by effort, or not at all', () => {
    expect(write({ reasoning: 'high' })).toMatchObject({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
    });
    expect(write({ reasoning: 'off' })).toMatchObject({ thinking: { type: 'disabled' } });
    expect(write({})).not.toHaveProperty('thinking');
  });

  it('names calls in letters that the service takes, and their results alike', () => {
    const call = { kind: 'tool_call', id: 'functions.f:0', name: 'f', argumentsJson: '{}' } as const;
    const result = { kind: 'tool_result', id: 'functions.f:0', text: '1', isError: false } as const;
    const written = write({
      messages: [
        { role: 'assistant', parts: [call] },
        { role: 'tool', parts: [result] },
      ],
    });
    expect(written.messages).toMatchObject([
      { content: [{ id: 'functions_f_0' }] },
      { content: [{ tool_use_id: 'functions_f_0' }] },
    ]);
  });

  const CASES: Readonly<Record<string, Partial<ChatRequest>>> = {
    max_tokens: { maxOutputTokens: null },
    messages: { messages: [{ role: 'system', parts: [{ kind: 'text', text: 'Be brief' }] }] },
    'messages.image': {
      messages: [
        { role: 'tool', parts: [{ kind: 'image', mediaType: 'image/png', data: 'AAAA', url: null }] },
      ],
    },
    'messages.system': {
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'system', parts: [{ kind: 'text', text: 'Be brief' }] },
      ],
    },
    'messages.reasoning': {
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'assistant', parts: [{ kind: 'reasoning', text: 'Hm.', signature: null }] },
      ],
    },
    'response_format.json_object': { format: { kind: 'json' } },
    'response_format.json_schema.name': {
      format: { kind: 'json_schema', name: 'n', schema: {}, strict: true },
    },
    temperature: { temperature: 1.5 },
    top_p: { topP: 0.5, reasoning: 'low' },
    stop: { stop: ['END', '\n'] },
    reasoning_effort: { reasoning: 'low', tools: [tool], toolChoice: { kind: 'required' } },
    'messages.prefill': {
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'assistant', parts: [{ kind: 'text', text: 'It is \n' }] },
      ],
    },
    'messages.tool_calls.arguments': {
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'assistant', parts: [{ kind: 'tool_call', id: 'a', name: 'f', argumentsJson: '{"cut' }] },
      ],
    },
  };

  it('has a case for every loss', () => {
    expect(Object.keys(CASES)).toEqual(ANTHROPIC_LOSSES.map(({ name }) => name));
  });

  it.each(Object.entries(CASES))('%s is named, or refused', (name, changes) => {
    const isWrong = ANTHROPIC_LOSSES.find((one) => one.name === name)?.effect === 'wrong';
    expect(lossesIn(ANTHROPIC_LOSSES, chatOf(changes))).toEqual(isWrong ? [] : [name]);
    if (isWrong) expect(() => write(changes)).toThrow(REFUSED);
    else expect(write(changes)).toMatchObject({ model: 'm' });
  });

  it('leaves out what it names', () => {
    expect(write({ temperature: 1.5 })).toMatchObject({ temperature: 1 });
    expect(write({ temperature: 0.5, topP: 0.5, reasoning: 'low' })).not.toHaveProperty('temperature');
    expect(write(CASES.top_p ?? {})).not.toHaveProperty('top_p');
    expect(write({ temperature: 0.5, topP: 0.5 })).not.toHaveProperty('top_p');
    expect(lossesIn(ANTHROPIC_LOSSES, chatOf({ temperature: 0.5, topP: 0.5 }))).toEqual(['top_p']);
    expect(lossesIn(ANTHROPIC_LOSSES, chatOf({ temperature: 0.5, topP: 1 }))).toEqual([]);
    expect(write({ topP: 0.5, temperature: null })).toHaveProperty('top_p', 0.5);
    expect(write(CASES.stop ?? {})).toMatchObject({ stop_sequences: ['END'] });
    expect(write({ stop: ['\n'] })).not.toHaveProperty('stop_sequences');
    expect(write(CASES.reasoning_effort ?? {})).not.toHaveProperty('thinking');
    expect(write(CASES['messages.prefill'] ?? {})).toHaveProperty('messages.1.content', [
      { type: 'text', text: 'It is' },
    ]);
    const blank = { role: 'assistant', parts: [{ kind: 'text', text: '\n' }] } as const;
    expect(write({ messages: [...chatOf().messages, blank] }).messages).toHaveLength(1);
    expect(write(CASES['messages.system'] ?? {})).toMatchObject({
      system: [{ type: 'text', text: 'Be brief' }],
    });
  });
});
