import { describe, expect, it } from 'vitest';
import { chatOf } from '../../../../../test/support/provider-calls.ts';
import type { ChatRequest } from '../../chat.ts';
import { JsonLines } from '../../transport/json-lines.ts';
import { lossesIn } from '../translation-loss.ts';
import { OllamaChatReader, readOllamaAnswers } from './read-answer.ts';
import { OLLAMA_LOSSES, writeOllamaChat } from './write-chat.ts';

const REFUSED = expect.objectContaining({ code: 'models.not_translatable' });

const tool = { name: 'f', description: 'd', parameters: { type: 'object' } };
const write = (changes: Partial<ChatRequest>, stream = false) =>
  writeOllamaChat(chatOf(changes), { model: 'kimi-k2:1t', stream });

describe('a chat written for Ollama', () => {
  it('has settings, images, calls and results in their places', () => {
    const written = write(
      {
        messages: [
          { role: 'system', parts: [{ kind: 'text', text: 'Be brief' }] },
          {
            role: 'user',
            parts: [
              { kind: 'text', text: 'What is this?' },
              { kind: 'image', mediaType: 'image/png', data: 'AAAA', url: null },
            ],
          },
          {
            role: 'assistant',
            parts: [
              { kind: 'reasoning', text: 'Hm.', signature: null },
              { kind: 'tool_call', id: 'c1', name: 'f', argumentsJson: '{"a":1}' },
            ],
          },
          { role: 'tool', parts: [{ kind: 'tool_result', id: 'c1', text: 'x', isError: false }] },
        ],
        temperature: 0.5,
        topP: 0.9,
        stop: ['END'],
        tools: [tool],
        format: { kind: 'json' },
        reasoning: 'off',
      },
      true,
    );
    expect(written).toEqual({
      model: 'kimi-k2:1t',
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'What is this?', images: ['AAAA'] },
        {
          role: 'assistant',
          content: '',
          thinking: 'Hm.',
          tool_calls: [{ id: 'c1', function: { name: 'f', arguments: { a: 1 } } }],
        },
        { role: 'tool', content: 'x', tool_name: 'f', tool_call_id: 'c1' },
      ],
      stream: true,
      options: { num_predict: 256, temperature: 0.5, top_p: 0.9, stop: ['END'] },
      tools: [{ type: 'function', function: tool }],
      format: 'json',
      think: false,
    });
  });

  it('has the schema as its format, and the effort as its thinking', () => {
    const schema = { type: 'object' };
    const written = write({
      format: { kind: 'json_schema', name: 'n', schema, strict: true },
      reasoning: 'high',
    });
    expect(written).toMatchObject({ format: schema, think: 'high' });
  });

  it('shows no tools where none may be called', () => {
    expect(write({ tools: [tool], toolChoice: { kind: 'none' } })).not.toHaveProperty('tools');
  });

  it('refuses a call whose arguments are no object', () => {
    const parts = [{ kind: 'tool_call', id: 'a', name: 'f', argumentsJson: '[1]' }] as const;
    expect(() => write({ messages: [{ role: 'assistant', parts }] })).toThrow(REFUSED);
  });

  const CASES: Readonly<Record<string, Partial<ChatRequest>>> = {
    tool_choice: { tools: [tool], toolChoice: { kind: 'required' } },
    'messages.image_url': {
      messages: [
        { role: 'user', parts: [{ kind: 'image', mediaType: '', data: null, url: 'https://x.example' }] },
      ],
    },
    parallel_tool_calls: { tools: [tool], parallelToolCalls: false },
    'messages.reasoning.signature': {
      messages: [{ role: 'assistant', parts: [{ kind: 'reasoning', text: 'Hm.', signature: 'c2ln' }] }],
    },
    'tool_result.is_error': {
      messages: [{ role: 'tool', parts: [{ kind: 'tool_result', id: 'c', text: 'x', isError: true }] }],
    },
    'response_format.json_schema.name': {
      format: { kind: 'json_schema', name: 'n', schema: {}, strict: true },
    },
    'messages.tool_calls.arguments': {
      messages: [
        { role: 'user', parts: [{ kind: 'text', text: 'Q' }] },
        { role: 'assistant', parts: [{ kind: 'tool_call', id: 'a', name: 'f', argumentsJson: '{"cut' }] },
      ],
    },
  };

  it('has a case for every loss', () => {
    expect(Object.keys(CASES)).toEqual(OLLAMA_LOSSES.map(({ name }) => name));
  });

  it.each(Object.entries(CASES))('%s is named, or refused', (name, changes) => {
    const isWrong = OLLAMA_LOSSES.find((one) => one.name === name)?.effect === 'wrong';
    expect(lossesIn(OLLAMA_LOSSES, chatOf(changes))).toEqual(isWrong ? [] : [name]);
    if (isWrong) expect(() => write(changes)).toThrow(REFUSED);
    else expect(write(changes)).toMatchObject({ model: 'kimi-k2:1t' });
  });
});

describe('an answer of Ollama', () => {
  const message = {
    role: 'assistant',
    content: '',
    tool_calls: [{ function: { name: 'f', arguments: {} } }],
  };
  const whole = {
    model: 'm',
    created_at: '2026-11-01T12:00:00.5Z',
    message,
    done: true,
    done_reason: 'stop',
    eval_count: 3,
  };

  it('has ids for calls that have none, which differ from turn to turn', () => {
    const ids = [whole, { ...whole, created_at: '2026-11-01T12:00:09.5Z' }].map(
      (one) => readOllamaAnswers(one)?.[0]?.parts[0],
    );
    expect(ids).toMatchObject([{ id: 'call_202611011200005_0' }, { id: 'call_202611011200095_0' }]);
  });

  it('reads a count that was left out as zero, and none at all as none', () => {
    expect(readOllamaAnswers(whole)?.[0]?.usage).toMatchObject({ input: 0, output: 3 });
    const { eval_count: _, ...uncounted } = whole;
    expect(readOllamaAnswers(uncounted)?.[0]?.usage).toBeNull();
  });

  it('is none without a message', () => {
    expect(readOllamaAnswers({ models: [] })).toBeNull();
  });

  it('streams calls one by one, and has ended with the line that says so', () => {
    const reader = new OllamaChatReader();
    const lines = [
      { ...whole, done: false },
      { ...whole, done: false },
      { ...whole, message: {}, done_reason: 'stop' },
    ];
    const read = lines.flatMap((line) =>
      new JsonLines().push(Buffer.from(`${JSON.stringify(line)}\n`)).map((event) => reader.read(event)),
    );
    const calls = read.flatMap(({ deltas }) => deltas.filter(({ kind }) => kind === 'tool_call'));
    expect(calls).toMatchObject([{ index: 0 }, { index: 1 }]);
    expect(read.map(({ isLast }) => isLast)).toEqual([false, false, true]);
    expect(read.at(-1)?.deltas).toMatchObject([{ kind: 'finish', reason: 'tool_calls' }, { kind: 'usage' }]);
  });
});
