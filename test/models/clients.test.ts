import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { embedMany, generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { PLAIN_TEXT, reply } from '../support/scripted-provider/scripted-reply.ts';

let lake: ModelServer;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  lake = await startModelServer({
    routing: `${ROUTING}\n[models."openai/blind"]\ncapabilities = ["chat", "tools"]\n`,
  });
  const { url, adminKey } = lake.server;
  openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: adminKey, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: url, apiKey: adminKey, maxRetries: 0 });
});
afterAll(() => lake.close());

const messages = [{ role: 'user' as const, content: 'Hello?' }];

test.each(['gpt-scripted', 'claude-scripted', 'ollama/llama'])(
  'the OpenAI client chats with %s',
  async (model) => {
    const answer = await openai.chat.completions.create({ model, messages });
    expect(answer.choices[0]?.message.content).toBe(PLAIN_TEXT);
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage?.completion_tokens).toBe(12);
  },
);

test.each(['gpt-scripted', 'claude-scripted', 'ollama/llama'])(
  'the OpenAI client streams from %s',
  async (model) => {
    const stream = await openai.chat.completions.create({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage = null;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(PLAIN_TEXT);
    expect(usage?.completion_tokens).toBe(12);
  },
);

test.each(['claude-scripted', 'gpt-scripted', 'ollama/llama'])(
  'the Anthropic client chats with %s',
  async (model) => {
    const answer = await anthropic.messages.create({ model, max_tokens: 100, messages });
    expect(answer.content.find((block) => block.type === 'text')?.text).toBe(PLAIN_TEXT);
    expect(answer.stop_reason).toBe('end_turn');
    expect(answer.usage.output_tokens).toBe(12);
  },
);

test.each(['claude-scripted', 'gpt-scripted', 'ollama/llama'])(
  'the Anthropic client streams from %s',
  async (model) => {
    const stream = anthropic.messages.stream({ model, max_tokens: 100, messages });
    expect(await stream.finalText()).toBe(PLAIN_TEXT);
    expect((await stream.finalMessage()).stop_reason).toBe('end_turn');
  },
);

test('the Vercel AI SDK generates, streams and embeds', async () => {
  const provider = createOpenAICompatible({
    name: 'lakehouse',
    baseURL: `${lake.server.url}/v1`,
    apiKey: lake.server.adminKey,
  });
  const { text } = await generateText({ model: provider('gpt-scripted'), prompt: 'Hello?' });
  expect(text).toBe(PLAIN_TEXT);
  const streamed = streamText({ model: provider('claude-scripted'), prompt: 'Hello?' });
  expect(await streamed.text).toBe(PLAIN_TEXT);
  const { embeddings } = await embedMany({
    model: provider.embeddingModel('openai/text-embedding'),
    values: ['one', 'two'],
  });
  expect(embeddings).toHaveLength(2);
});

test('a tool call, an image and a schema reach the provider and its answer comes back', async () => {
  const answer = await openai.chat.completions.create({
    model: 'openai/scripted/tool_call',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Weather?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        ],
      },
    ],
    tools: [
      { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } },
    ],
  });
  const [call] = answer.choices[0]?.message.tool_calls ?? [];
  expect(call?.type === 'function' && call.function).toEqual({
    name: 'weather',
    arguments: '{"city":"Zürich"}',
  });
  expect(answer.choices[0]?.finish_reason).toBe('tool_calls');
});

test.each(['gpt-scripted', 'claude-scripted', 'ollama/llama'])(
  'the OpenAI client streams what %s answers whole, calls of tools and thinking with it',
  async (model) => {
    const call = { id: 'call_1', name: 'weather', argumentsJson: '{"city":"Zürich"}' };
    lake.upstream.script(
      reply({ fault: 'unstreamed', thinking: 'Hm.', toolCalls: [call], finish: 'tool_calls' }),
    );
    const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } } as const;
    const stream = openai.chat.completions.stream({ model, messages, tools: [tool] });
    const { choices } = await stream.finalChatCompletion();
    expect(choices).toMatchObject([
      {
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: PLAIN_TEXT,
          tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Zürich"}' } }],
        },
      },
    ]);
  },
);

test('a chat that is continued takes an answer that came whole', async () => {
  lake.upstream.script(reply({ fault: 'unstreamed' }));
  const answer = await lake.server.api('POST', '/v1/chat', { json: { model: 'gpt-scripted', messages } });
  expect(answer.json, answer.text).toMatchObject({ text: PLAIN_TEXT, usage: { output_tokens: 12 } });
});

test('a model that takes no images is asked texts, and nothing with an image in it', async () => {
  const text = { type: 'text', text: 'What is it?' };
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
  const before = lake.upstream.received.length;
  const ask = (content: readonly object[]) =>
    lake.server.api('POST', '/v1/chat/completions', {
      json: { model: 'openai/blind', messages: [{ role: 'user', content }] },
    });
  expect((await ask([text])).status).toBe(200);
  for (const content of [[image], [text, image]]) expect((await ask(content)).status).toBe(422);
  expect(lake.upstream.received.length).toBe(before + 1);
});

test('traffic of the provider’s own protocol passes through with what we do not know', async () => {
  const body = { model: 'gpt-scripted', messages, logprobs: true, n: 2, a_new_field: { deep: [1, 'x'] } };
  const answer = await lake.server.api('POST', '/v1/chat/completions', { json: body });
  expect(answer.status).toBe(200);
  const sent = lake.upstream.received.at(-1);
  expect(sent?.body).toEqual(body);
  expect(sent?.headers['x-api-key']).toBeUndefined();
  expect(sent?.headers.authorization).toBeUndefined();
});

test('a refusal reads well in each client', async () => {
  await expect(openai.chat.completions.create({ model: 'no/such', messages })).rejects.toMatchObject({
    status: 404,
    code: 'models.unknown_model',
  });
  await expect(
    anthropic.messages.create({ model: 'no/such', max_tokens: 10, messages }),
  ).rejects.toMatchObject({ status: 404 });
});

test('a service chooses no model beside the one that is granted and held for', async () => {
  const before = lake.upstream.received.length;
  const body = { model: 'gpt-scripted', messages, models: ['openai/gpt-of-another-price'] };
  const refused = await lake.server.api('POST', '/v1/chat/completions', { json: body });
  expect(refused.status).toBe(400);
  expect(refused.json).toMatchObject({ code: 'models.bad_request', errors: [{ pointer: '/models' }] });
  const fallbacks = [{ model: 'claude-of-another-price' }];
  await expect(
    anthropic.beta.messages.create({ model: 'claude-scripted', max_tokens: 10, messages, fallbacks }),
  ).rejects.toMatchObject({ status: 400 });
  expect(lake.upstream.received.length).toBe(before);
});

test('a route is explained for a ladder as clients name it', async () => {
  const explain = (json: object) => lake.server.api('POST', '/v1/route/explain', { json });
  const [named, asked] = [await explain({ model: 'ladder/fallback' }), await explain({ ladder: 'fallback' })];
  expect(named.json.rungs).toHaveLength(2);
  expect(named.json).toEqual(asked.json);
});

test('tokens in place of a text are refused in words that help', async () => {
  const refused = openai.embeddings.create({ model: 'openai/text-embedding', input: [[1, 2]] });
  await expect(refused).rejects.toThrow(/lists of tokens cannot be judged/);
});

test('models are listed: those of the catalogue, and those a service of one’s own says it has', async () => {
  const { data } = await openai.models.list();
  expect(data.filter(({ owned_by }) => owned_by === 'ollama').length).toBeGreaterThan(0);
  expect(data.filter(({ owned_by }) => owned_by === 'openai').length).toBeGreaterThan(5);
  expect(data.every(({ id }) => id.includes('/'))).toBe(true);
});

test.each(['openai/gpt-5', 'gpt-scripted', 'ollama/scripted:1t', 'openai/openai/gpt-oss:120b'])(
  'each client retrieves %s by the name that it chats with',
  async (name) => {
    const model = await openai.models.retrieve(name);
    expect(model).toMatchObject({ object: 'model', created: 0 });
    expect(`${model.owned_by}/`).toBe(model.id.slice(0, model.id.indexOf('/') + 1));
    const same = await anthropic.models.retrieve(name);
    expect(same).toMatchObject({ id: model.id, type: 'model', display_name: model.id });
    expect(Number.isNaN(Date.parse(same.created_at))).toBe(false);
    const plain = await lake.server.api('GET', `/v1/models/${name}`);
    expect(plain.json.id).toBe(model.id);
  },
);

test.each([
  [
    'responses',
    () => openai.responses.create({ model: 'gpt-scripted', input: 'Hello?' }),
    '/v1/chat/completions',
  ],
  [
    'completions',
    () => openai.completions.create({ model: 'gpt-scripted', prompt: 'Hello?' }),
    '/v1/chat/completions',
  ],
  ['images', () => openai.images.generate({ prompt: 'A lake' }), 'only chats, embeddings'],
  ['batches', () => anthropic.messages.batches.create({ requests: [] }), 'each request by itself'],
])('a client that calls %s is told what is served instead', async (_what, call, instead) => {
  await expect(call()).rejects.toMatchObject({ status: 404, message: expect.stringContaining(instead) });
});

test('a model that is not granted answers as one that does not exist', async () => {
  const policy = { roles: { recruiter: { grants: [], models: ['openai/*'] } }, masks: [], row_filters: [] };
  const limited = await startModelServer({ policy });
  try {
    const limitedKey = (await limited.server.key('recruiter')).key;
    const told = async (name: string) => {
      const answer = await limited.server.api('GET', `/v1/models/${name}`, { key: limitedKey });
      expect(answer.status).toBe(404);
      const { instance: _, ...rest } = answer.json;
      return JSON.stringify(rest).replaceAll(name, 'NAME');
    };
    expect(await told('anthropic/claude-a')).toBe(await told('anthropix/claude-b'));
    const granted = await limited.server.api('GET', '/v1/models/gpt-scripted', { key: limitedKey });
    expect(granted.status).toBe(200);
  } finally {
    await limited.close();
  }
  expect((await lake.server.api('GET', '/v1/models/ollama/not-pulled')).status).toBe(404);
});

test('the Anthropic client counts tokens: by the service where it can, by our estimate elsewhere', async () => {
  const asked = { messages, system: 'Be brief.' };
  const before = lake.upstream.received.length;
  const counted = await anthropic.messages.countTokens({ model: 'claude-scripted', ...asked });
  expect(counted).toEqual({ input_tokens: JSON.stringify(messages).length, estimated: false });
  const sent = lake.upstream.received.at(-1);
  expect(sent?.path).toBe('/v1/messages/count_tokens');
  expect(sent?.body).toEqual({ model: 'claude-scripted', ...asked });
  const estimated = await anthropic.messages.countTokens({ model: 'gpt-scripted', ...asked });
  expect(estimated).toEqual({ input_tokens: expect.any(Number), estimated: true });
  expect(estimated.input_tokens).toBeGreaterThan(5);
  expect(lake.upstream.received.length).toBe(before + 1);
  lake.upstream.script(reply({ status: 404 }));
  const fallen = await anthropic.messages.countTokens({ model: 'claude-scripted', ...asked });
  expect(fallen).toEqual(estimated);
  await expect(anthropic.messages.countTokens({ model: 'no/such', ...asked })).rejects.toMatchObject({
    status: 404,
  });
});

test('a conversation that another service thought in goes on at Anthropic’s', async () => {
  lake.upstream.script(reply({ thinking: 'Hm.', text: 'Yes.' }));
  const asked = { max_tokens: 100, messages };
  const first = await anthropic.messages.create({ model: 'gpt-scripted', ...asked });
  expect(first.content[0]).toMatchObject({ type: 'thinking', signature: '' });
  const signed = { type: 'thinking' as const, thinking: 'Ah.', signature: 'c2lnbmVk' };
  const turns = [
    ...messages,
    { role: 'assistant' as const, content: first.content },
    ...messages,
    { role: 'assistant' as const, content: [signed, { type: 'text' as const, text: 'No.' }] },
    ...messages,
  ];
  await anthropic.messages.create({ model: 'claude-scripted', max_tokens: 100, messages: turns });
  expect(lake.upstream.received.at(-1)?.body.messages).toEqual([
    ...messages,
    { role: 'assistant', content: first.content.slice(1) },
    ...turns.slice(2),
  ]);
});

test('our own chat streams its text in pieces, and then says what it cost', async () => {
  const answer = await lake.server.api('POST', '/v1/chat', { json: { messages, stream: true } });
  expect(answer.status).toBe(200);
  const events = answer.text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => /^event: (\w+)\ndata: (.*)$/s.exec(block));
  const texts = events
    .filter((match) => match?.[1] === 'text')
    .map((match) => JSON.parse(match?.[2] ?? '{}').text);
  expect(texts.join('')).toBe(PLAIN_TEXT);
  expect(texts.length).toBeGreaterThan(1);
  expect(events.at(-1)?.[1]).toBe('done');
  expect(JSON.parse(events.at(-1)?.[2] ?? '{}')).toMatchObject({
    finish: 'stop',
    usage: { output_tokens: 12 },
  });
});
