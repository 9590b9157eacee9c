import { describe, expect, it } from 'vitest';
import type { ChatAnswer, ChatDelta, ContentPart, FinishReason } from '../chat.ts';
import { anthropicDialect } from './anthropic.ts';
import type { Dialect } from './dialect.ts';
import { openAiDialect } from './openai.ts';

const FACTS = { id: 'chat-1', createdMs: 1_790_000_000_999, model: 'm' };
const USAGE = { input: 30, cachedInput: 10, cacheWriteInput: 5, output: 7, reasoning: 2 };

function answer(changes: Partial<ChatAnswer> = {}): ChatAnswer {
  const text: ContentPart = { kind: 'text', text: 'Hi' };
  return { id: 'upstream', model: 'upstream', parts: [text], finish: 'stop', usage: USAGE, ...changes };
}

const CUT_CALL: ContentPart = { kind: 'tool_call', id: 'c', name: 'f', argumentsJson: '{"city":"Zür' };
const SIGNED: ContentPart = { kind: 'reasoning', text: 'Hm.', signature: 'c2ln' };

describe('an answer to a client of OpenAI', () => {
  it('carries the client’s names, all tokens and the reasoning', () => {
    const parts = [SIGNED, ...answer().parts];
    expect(openAiDialect.writeAnswer(answer({ parts }), FACTS)).toEqual({
      id: 'chat-1',
      object: 'chat.completion',
      created: 1_790_000_000,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'Hm.' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 30,
        completion_tokens: 7,
        total_tokens: 37,
        prompt_tokens_details: { cached_tokens: 10 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
    });
  });

  it('has no usage where none was counted', () => {
    expect(openAiDialect.writeAnswer(answer({ usage: null }), FACTS)).not.toHaveProperty('usage');
  });

  it('shows a cut call as it is: the arguments are text', () => {
    const written = openAiDialect.writeAnswer(answer({ parts: [CUT_CALL], finish: 'length' }), FACTS);
    const called = { name: 'f', arguments: '{"city":"Zür' };
    expect(written.choices).toMatchObject([
      { message: { content: null, tool_calls: [{ function: called }] }, finish_reason: 'length' },
    ]);
  });

  it('has the usage in its stream only where it was asked for', () => {
    for (const includesUsage of [true, false]) {
      const writer = openAiDialect.createStreamWriter({ ...FACTS, includesUsage });
      const bytes = [
        writer.write({ kind: 'start', id: 'x', model: 'x' }),
        writer.write({ kind: 'usage', usage: USAGE }),
        writer.write({ kind: 'finish', choice: 0, reason: 'stop' }),
        writer.end(),
      ];
      const text = Buffer.concat(bytes).toString('utf8');
      expect(text.includes('prompt_tokens')).toBe(includesUsage);
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    }
  });
});

describe('several answers streamed to a client of OpenAI', () => {
  it('are begun, said and ended each under its own index', () => {
    const writer = openAiDialect.createStreamWriter({ ...FACTS, includesUsage: false });
    const said = [0, 1].flatMap((choice): ChatDelta[] => [
      { kind: 'start', id: 'x', model: 'x' },
      { kind: 'text', choice, text: `of ${choice}` },
      { kind: 'finish', choice, reason: 'stop' },
    ]);
    const events = Buffer.concat(said.map((delta) => writer.write(delta)))
      .toString('utf8')
      .split('\n\n')
      .filter((event) => event !== '');
    const choices = events.map((event) => JSON.parse(event.slice('data: '.length)).choices[0]);
    expect(choices.map(({ index, delta, finish_reason }) => [index, delta, finish_reason])).toEqual(
      [0, 1].flatMap((index) => [
        [index, { role: 'assistant', content: '' }, null],
        [index, { content: `of ${index}` }, null],
        [index, {}, 'stop'],
      ]),
    );
  });
});

describe('an answer to a client of Anthropic', () => {
  it('carries the client’s names, all tokens and the signed reasoning', () => {
    const parts = [SIGNED, ...answer().parts];
    expect(anthropicDialect.writeAnswer(answer({ parts }), FACTS)).toEqual({
      id: 'chat-1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'text', text: 'Hi', citations: null },
      ],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 15,
        cache_creation_input_tokens: 5,
        cache_read_input_tokens: 10,
        output_tokens: 7,
        output_tokens_details: { thinking_tokens: 2 },
      },
    });
  });

  it('leaves a cut call out, so that nobody runs it', () => {
    const written = anthropicDialect.writeAnswer(answer({ parts: [CUT_CALL], finish: 'length' }), FACTS);
    expect(written).toMatchObject({ content: [], stop_reason: 'max_tokens' });
  });
});

describe('what an answer loses', () => {
  it.each<readonly [Dialect, string, Partial<ChatAnswer>]>([
    [openAiDialect, 'reasoning.signature', { parts: [SIGNED], usage: null }],
    [openAiDialect, 'finish.pause', { finish: 'pause', usage: null }],
    [openAiDialect, 'usage.cache_write', {}],
    [anthropicDialect, 'tool_calls', { parts: [CUT_CALL] }],
    [anthropicDialect, 'usage', { usage: null }],
    [openAiDialect, 'content.other', { otherText: 'found', usage: null }],
    [anthropicDialect, 'content.other', { otherText: 'found' }],
  ])('$0.protocol names $1', (dialect, name, changes) => {
    expect(dialect.lossesOf(answer(changes))).toEqual([name]);
  });

  it.each<readonly [FinishReason, string, string]>([
    ['stop', 'stop', 'end_turn'],
    ['length', 'length', 'max_tokens'],
    ['tool_calls', 'tool_calls', 'tool_use'],
    ['content_filter', 'content_filter', 'refusal'],
    ['pause', 'length', 'pause_turn'],
    ['cut', 'length', 'max_tokens'],
  ])('a finish of %s is %s and %s', (finish, ofOpenAi, ofAnthropic) => {
    expect(openAiDialect.writeAnswer(answer({ finish }), FACTS).choices).toMatchObject([
      { finish_reason: ofOpenAi },
    ]);
    expect(anthropicDialect.writeAnswer(answer({ finish }), FACTS).stop_reason).toBe(ofAnthropic);
  });
});
