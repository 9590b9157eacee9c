import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, chatOf, readStream, spendingOf } from '../../../../../test/support/provider-calls.ts';
import {
  type ScriptedProvider,
  startScriptedProvider,
} from '../../../../../test/support/scripted-provider/scripted-provider.ts';
import { type JsonObject, systemClock } from '../../../../base/index.ts';
import type { ChatRequest } from '../../chat.ts';
import { ServerSentEvents } from '../../transport/server-sent-events.ts';
import { lossesIn } from '../translation-loss.ts';
import { OpenAiCompatibleProvider } from './openai-compatible-provider.ts';
import { readOpenAiAnswers } from './read-answer.ts';
import { OpenAiChatReader } from './stream-reader.ts';
import { OPENAI_LOSSES, writeOpenAiChat } from './write-chat.ts';

const REFUSED = expect.objectContaining({ code: 'models.not_translatable' });

describe('a native body', () => {
  let scripted: ScriptedProvider;
  let provider: OpenAiCompatibleProvider;

  beforeAll(async () => {
    scripted = await startScriptedProvider();
    const settings = {
      name: 'scripted',
      baseUrl: `${scripted.url}/v1`,
      apiKey: null,
      allowPrivateAddresses: true,
      timeouts: { headersMs: 30_000, idleMs: 30_000, totalMs: 60_000 },
      maxResponseBytes: 1_000_000,
    } as const;
    provider = new OpenAiCompatibleProvider(settings, { clock: systemClock });
  });
  afterAll(async () => {
    await provider.close();
    await scripted.close();
  });

  const send = async (body: JsonObject, stream: boolean) => {
    const signal = new AbortController().signal;
    const call = { model: 'scripted/plain', request: { kind: 'native', body } as const, stream, signal };
    const reply = await provider.chat(spendingOf(), call);
    return { reply, sent: scripted.received.at(-1)?.body };
  };
  const BODY: JsonObject = {
    model: 'alias',
    messages: [{ role: 'user', content: 'Hi' }],
    n: 2,
    logprobs: true,
  };

  it('is asked for its usage, and the client that did not ask gets none', async () => {
    const { reply, sent } = await send({ ...BODY, stream: true, stream_options: { other: 1 } }, true);
    expect(sent).toEqual({
      ...BODY,
      model: 'scripted/plain',
      stream: true,
      stream_options: { other: 1, include_usage: true },
    });
    const { bytes, deltas } = await readStream(reply);
    expect(answerOf(deltas).usage).toMatchObject({ input: 20, output: 12 });
    expect(bytes.toString('utf8')).not.toContain('prompt_tokens');
    expect(bytes.toString('utf8').endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('keeps the usage in the stream where the client asked', async () => {
    const asked = { ...BODY, stream: true, stream_options: { include_usage: true } };
    const { bytes, deltas } = await readStream((await send(asked, true)).reply);
    expect(answerOf(deltas).usage).toMatchObject({ input: 20, output: 12 });
    expect(bytes.toString('utf8')).toContain('"prompt_tokens":20');
  });

  it('of a stream can be sent for a whole answer', async () => {
    const { reply, sent } = await send(
      { ...BODY, stream: true, stream_options: { include_usage: true } },
      false,
    );
    expect(sent).toEqual({ ...BODY, model: 'scripted/plain' });
    expect(reply.kind).toBe('whole');
  });
});

describe('a streamed completion', () => {
  const read = (...chunks: readonly (JsonObject | string)[]) => {
    const reader = new OpenAiChatReader({ stripsUsage: false });
    const text = chunks
      .map((one) => `data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`)
      .join('');
    const deltas = new ServerSentEvents()
      .push(Buffer.from(text))
      .flatMap((event) => reader.read(event).deltas);
    return { deltas, isFinished: reader.isFinished() };
  };
  const chunk = (index: number, delta: JsonObject, finish_reason: string | null = null): JsonObject => ({
    id: 'c',
    model: 'm',
    choices: [{ index, delta, finish_reason }],
  });

  it('of several choices ends once each has said why it stopped', () => {
    const said = [chunk(0, { content: 'a' }), chunk(1, { content: 'b' }), chunk(0, {}, 'stop')];
    expect(read(...said).isFinished).toBe(false);
    const { deltas, isFinished } = read(...said, chunk(1, {}, 'length'));
    expect(isFinished).toBe(true);
    expect(answerOf(deltas, 0)).toMatchObject({ parts: [{ text: 'a' }], finish: 'stop' });
    expect(answerOf(deltas, 1)).toMatchObject({ parts: [{ text: 'b' }], finish: 'length' });
  });

  it('that is done without a reason was cut', () => {
    const { deltas, isFinished } = read(chunk(0, { content: 'a' }), '[DONE]');
    expect(isFinished).toBe(true);
    expect(answerOf(deltas).finish).toBe('cut');
  });

  it('that calls a tool and says only that it stopped, stopped to call it', () => {
    const call = { tool_calls: [{ index: 0, id: 'x', function: { name: 'f', arguments: '{}' } }] };
    expect(answerOf(read(chunk(0, call), chunk(0, {}, 'stop')).deltas).finish).toBe('tool_calls');
    const message = { content: null, ...call };
    const [whole] = readOpenAiAnswers({ choices: [{ message, finish_reason: 'stop' }] }) ?? [];
    expect(whole?.finish).toBe('tool_calls');
  });

  it('keeps calls apart that a service gives one index, and together what it repeats no id for', () => {
    const call = (id: string, name: string, json: string, index: number | null = 0) =>
      chunk(0, { tool_calls: [{ index, id, type: 'function', function: { name, arguments: json } }] });
    const { deltas } = read(
      call('a', 'f', '{"x":'),
      call('', '', '1}'),
      call('b', 'g', '{"y":2'),
      call('b', 'g', '}'),
      call('c', 'h', '{}', null),
      call('d', 'i', '{', 7),
      call('', '', '}', 7),
      chunk(0, {}, 'tool_calls'),
    );
    expect(answerOf(deltas).parts).toEqual([
      { kind: 'tool_call', id: 'a', name: 'f', argumentsJson: '{"x":1}' },
      { kind: 'tool_call', id: 'b', name: 'g', argumentsJson: '{"y":2}' },
      { kind: 'tool_call', id: 'c', name: 'h', argumentsJson: '{}' },
      { kind: 'tool_call', id: 'd', name: 'i', argumentsJson: '{}' },
    ]);
  });

  it('that says nothing has not ended', () => {
    expect(read().isFinished).toBe(false);
  });

  it.each<readonly [string, JsonObject, object]>([
    ['reasoning by its other name', { reasoning: 'Hm.' }, { kind: 'reasoning', text: 'Hm.' }],
    ['content in parts', { content: [{ type: 'text', text: 'a' }] }, { kind: 'text', text: 'a' }],
    ['a refusal', { refusal: 'No.' }, { kind: 'text', text: 'No.' }],
    [
      'texts it has no place for',
      { audio: { transcript: 'sec' }, annotations: [], function_call: null },
      { kind: 'other', text: 'sec' },
    ],
    [
      'a call of a tool without a schema',
      { tool_calls: [{ index: 0, id: 'x', custom: { input: 'y' } }] },
      { kind: 'other', text: 'x\ny' },
    ],
    [
      'arguments as an object',
      { tool_calls: [{ id: 'x', function: { name: 'f', arguments: { a: 1 } } }] },
      { kind: 'tool_call', index: 0, id: 'x', argumentsJson: '{"a":1}' },
    ],
  ])('is read with %s', (_, delta, expected) => {
    expect(read(chunk(0, delta)).deltas.at(-1)).toMatchObject(expected);
  });

  it('tells texts outside of what is read: beside the delta, beside the choices, under the other name', () => {
    const beside = { citations: ['https://x.example'], system_fingerprint: 'fp', obfuscation: 'zz' };
    const choice = { index: 0, delta: {}, message: { content: 'hidden' }, finish_reason: null };
    const { deltas } = read(
      { ...beside, choices: [choice] },
      chunk(0, { reasoning_content: 'a', reasoning: 'b' }),
    );
    const texts = deltas.flatMap((delta) => (delta.kind === 'other' ? [delta.text] : []));
    expect(texts).toEqual(['hidden', 'https://x.example', 'b']);
  });

  it('is read with the usage where a service puts it', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, prompt_cache_hit_tokens: 1 };
    const expected = { input: 3, cachedInput: 1, output: 2 };
    expect(answerOf(read({ choices: [], usage }).deltas).usage).toMatchObject(expected);
    expect(answerOf(read({ choices: [], x_groq: { usage } }).deltas).usage).toMatchObject(expected);
    const beside = {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 365,
      completion_tokens_details: { reasoning_tokens: 324 },
    };
    expect(answerOf(read({ choices: [], usage: beside }).deltas).usage).toMatchObject({
      input: 32,
      output: 333,
      reasoning: 324,
    });
    const wrong = { prompt_tokens: -1, completion_tokens: 2.5 };
    expect(answerOf(read({ choices: [], usage: wrong }).deltas).usage).toBeNull();
  });
});

it('a whole completion tells the texts that its parts do not hold', () => {
  const content = [
    { type: 'text', text: 'a' },
    { type: 'file', file: { name: 'b' } },
  ];
  const message = { role: 'assistant', content, annotations: [{ title: 'c' }] };
  const [answer] = readOpenAiAnswers({ choices: [{ message, finish_reason: 'stop' }] }) ?? [];
  expect(answer).toMatchObject({ parts: [{ kind: 'text', text: 'a' }], otherText: 'c\nfile\nb' });
});

it('a whole completion has one answer for each choice', () => {
  const choice = (content: string, finish_reason: string) => ({ message: { content }, finish_reason });
  const answers = readOpenAiAnswers({ id: 'c', choices: [choice('a', 'stop'), choice('b', 'made_up')] });
  expect(answers?.map(({ parts, finish }) => [parts, finish])).toEqual([
    [[{ kind: 'text', text: 'a' }], 'stop'],
    [[{ kind: 'text', text: 'b' }], 'stop'],
  ]);
  expect(readOpenAiAnswers({ object: 'list' })).toBeNull();
});

describe('a chat written as chat completions', () => {
  const wish = { model: 'm', stream: false } as const;

  it('has its limit under the name that the service knows', () => {
    const older = writeOpenAiChat(chatOf(), { ...wish, limitMember: 'max_tokens' });
    const newer = writeOpenAiChat(chatOf(), { ...wish, limitMember: 'max_completion_tokens' });
    expect(older.body).toMatchObject({ max_tokens: 256 });
    expect(newer.body).toMatchObject({ max_completion_tokens: 256 });
    expect(newer.body).not.toHaveProperty('max_tokens');
  });

  it.each<readonly [string, 'poorer' | 'wrong', ChatRequest['messages'][number]]>([
    [
      'messages.reasoning',
      'poorer',
      { role: 'assistant', parts: [{ kind: 'reasoning', text: 'Hm.', signature: null }] },
    ],
    [
      'tool_result.is_error',
      'poorer',
      { role: 'tool', parts: [{ kind: 'tool_result', id: 'c', text: 'x', isError: true }] },
    ],
    [
      'messages.image',
      'wrong',
      { role: 'assistant', parts: [{ kind: 'image', mediaType: 'image/png', data: 'AAAA', url: null }] },
    ],
  ])('%s is %s', (name, effect, message) => {
    const chat = chatOf({ messages: [message] });
    expect(OPENAI_LOSSES.find((one) => one.name === name)?.effect).toBe(effect);
    expect(lossesIn(OPENAI_LOSSES, chat)).toEqual(effect === 'poorer' ? [name] : []);
    const write = () => writeOpenAiChat(chat, { ...wish, limitMember: 'max_tokens' });
    if (effect === 'wrong') expect(write).toThrow(REFUSED);
    else expect(JSON.stringify(write().body)).not.toContain('Hm.');
  });
});
