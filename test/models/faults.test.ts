import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { bodyOf, postJson, statusOf } from '../harness/raw-http.ts';
import {
  PLAIN_TEXT,
  reply,
  SCRIPTED_REPLIES,
  type ScriptedFault,
  type ScriptedReply,
} from '../support/scripted-provider/scripted-reply.ts';

// F-7: what a client gets, what is charged, journaled and audited when a provider misbehaves, at every address and provider.

/** Only upstream errors say this. */
const CANARY = 'canary sentence';
/** A fault is met as often as the table has rows; an open breaker would answer in the provider's place. */
const PATIENT_BREAKER = '[breaker]\nfailures = 1000\n';
/** So that an endless answer ends soon. */
const SMALL_ANSWERS = 'max_response_bytes = 200000';

let lake: ModelServer;
beforeAll(async () => {
  // No rules: what is sent leaves at once, and a break can come in the middle.
  lake = await startModelServer({
    truth: 'rules = []\n',
    routing: `${ROUTING}\n${PATIENT_BREAKER}`,
    provider: SMALL_ANSWERS,
  });
});
afterAll(() => lake.close());

/** How a client sees the end: refused with a status, broken off after the head, or whole. */
type Ending =
  | { readonly kind: 'refused'; readonly status: number; readonly code: string; readonly class: string }
  | { readonly kind: 'broken'; readonly class: 'cut_off' }
  | { readonly kind: 'whole' };
type ByProvider = Readonly<Record<'openai' | 'anthropic' | 'ollama', Ending>>;
const refused = (status: number, code: string, failure: string): Ending => ({
  kind: 'refused',
  status,
  code: `models.${code}`,
  class: failure,
});
const broken: Ending = { kind: 'broken', class: 'cut_off' };
const whole: Ending = { kind: 'whole' };
const failed = refused(503, 'unavailable', 'server_error');
const unreachable = refused(503, 'unavailable', 'unreachable');
const silent = refused(504, 'timeout', 'timeout');
const limited = refused(429, 'rate_limited', 'rate_limited');

/** By fault: what becomes of a whole answer and of a streamed one; where providers differ, by provider. */
const TABLE: Readonly<Record<string, readonly [Ending, Ending | ByProvider]>> = {
  hang: [silent, silent],
  hang_midway: [silent, broken],
  // All is said, the reason why it stopped included; only the connection stays.
  hang_at_end: [whole, { openai: whole, anthropic: whole, ollama: broken }],
  reset: [unreachable, broken],
  cut: [failed, broken],
  // OpenAI's and Anthropic's streams have said why they stopped; Ollama's last line is both.
  no_terminator: [whole, { openai: whole, anthropic: whole, ollama: broken }],
  // A whole body that does not say why the model stopped is passed on, and does not say that it is complete either.
  no_finish: [whole, broken],
  garbage: [failed, broken],
  torn: [failed, broken],
  deep: [failed, broken],
  wrong_content_type: [failed, failed],
  error_body: [failed, failed],
  error_midway: [failed, broken],
  endless: [failed, broken],
  no_answer: [unreachable, unreachable],
  no_http: [failed, failed],
  compressed: [failed, failed],
  rate_limited: [limited, limited],
  rate_limited_silently: [limited, limited],
  failing: [failed, failed],
  overloaded: [failed, failed],
  unavailable: [failed, failed],
  redirect: [failed, failed],
  refused_key: [refused(503, 'unavailable', 'refused_key'), refused(503, 'unavailable', 'refused_key')],
  forbidden: [refused(503, 'unavailable', 'refused_key'), refused(503, 'unavailable', 'refused_key')],
  unknown_model: [refused(503, 'unavailable', 'unknown_model'), refused(503, 'unavailable', 'unknown_model')],
  bad_request: [
    refused(422, 'refused_by_provider', 'bad_request'),
    refused(422, 'refused_by_provider', 'bad_request'),
  ],
  too_long: [
    refused(413, 'context_too_long', 'context_too_long'),
    refused(413, 'context_too_long', 'context_too_long'),
  ],
  length: [whole, whole],
  thinking_only: [whole, whole],
  cut_tool_call: [whole, whole],
  unstreamed: [whole, whole],
  usage_missing: [whole, whole],
  usage_zero: [whole, whole],
  slow: [whole, whole],
};

const PROVIDERS = [
  { provider: 'openai', path: '/v1/chat/completions' },
  { provider: 'anthropic', path: '/v1/messages' },
  { provider: 'ollama', path: '/v1/chat/completions' },
] as const;

const cases = Object.entries(TABLE).flatMap(([fault, [asWhole, asStream]]) =>
  PROVIDERS.flatMap(({ provider, path }) => {
    const streamed = isEnding(asStream) ? asStream : asStream[provider];
    return [
      { fault, provider, path, stream: false, ending: asWhole },
      { fault, provider, path, stream: true, ending: streamed },
    ];
  }),
);
const titled = cases.map(
  (one) => [`${one.fault} of ${one.provider}, ${one.stream ? 'streamed' : 'whole'}`, one] as const,
);

function isEnding(value: Ending | ByProvider): value is Ending {
  return 'kind' in value;
}

test('the table has every scripted fault', () => {
  const others = new Set(['plain', 'echo', 'tool_call', 'thinking', 'too_large']);
  expect(Object.keys(SCRIPTED_REPLIES).filter((name) => !others.has(name) && !(name in TABLE))).toEqual([]);
});

test.each(titled)('%s', async (title, { fault, provider, path, stream, ending }) => {
  const requestId = title.replaceAll(/\W+/g, '-');
  const raw = await send(path, requestId, {
    model: `${provider}/scripted/${fault}`,
    messages: [{ role: 'user', content: 'Hello?' }],
    max_tokens: 200,
    stream,
  });
  expect(raw).not.toContain(CANARY);
  expectEnding(raw, { fault, ending, stream });
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  const { calls, events, audit } = callRecords(lake.server.home, requestId);
  expect(calls).toHaveLength(1);
  const [call] = calls;
  if (call === undefined) return;
  expect(call.error_class).toBe(ending.kind === 'whole' ? null : ending.class);
  const partial = ending.kind === 'broken';
  expect(call.status).toBe(ending.kind === 'whole' ? 'ok' : partial ? 'partial' : 'failed');
  expectCost(call, ending, fault);
  expect(events).toEqual([
    expect.objectContaining({
      spend_id: call.spend_id,
      status: call.status,
      error_class: call.error_class,
      cost_nano_usd: call.cost_nano_usd,
      output_tokens: call.output_tokens,
    }),
  ]);
  const code = ending.kind === 'whole' ? null : ending.kind === 'broken' ? 'models.cut_off' : ending.code;
  expect(audit).toEqual([
    expect.objectContaining({
      decision: 'allowed',
      status: ending.kind === 'whole' ? 'ok' : 'failed',
      closing_code: code,
    }),
  ]);
});

function expectEnding(
  raw: string,
  { fault, ending, stream }: { fault: string; ending: Ending; stream: boolean },
): void {
  const { text: body, isWhole } = bodyOf(raw);
  if (ending.kind === 'refused') {
    expect(statusOf(raw), raw).toBe(ending.status);
    expect(body).toContain(`"code":"${ending.code}"`);
    if (ending.status === 429 || ending.status === 503) expect(raw).toMatch(/\r\nretry-after: \d/);
    return;
  }
  expect(statusOf(raw), raw).toBe(200);
  if (fault === 'no_finish') expect(body).not.toMatch(/"(?:finish|stop)_reason":"(?:stop|end_turn)"/);
  if (!stream) return;
  expect(isWhole, raw).toBe(ending.kind === 'whole');
  if (ending.kind === 'whole') return;
  expect(body).toContain('after part of the answer was sent');
  expect(body).not.toMatch(/\[DONE\]|message_stop|"finish_reason":"|"stop_reason":"/);
}

const UNREADABLE: ReadonlySet<string> = new Set([
  'deep',
  'compressed',
  'reset',
  'cut',
  'torn',
  'garbage',
  'endless',
]);

/** Prices are 1 and 2 dollars a million: a token of input is 1,000 nano-dollars, one of output 2,000. */
function expectCost(
  call: ReturnType<typeof callRecords>['calls'][number],
  ending: Ending,
  fault: string,
): void {
  const metered = call.provider !== 'ollama';
  expect(call.cost_nano_usd).toBe(metered ? call.input_tokens * 1_000 + call.output_tokens * 2_000 : 0);
  expect(call.cost_nano_usd).toBeLessThanOrEqual(call.held_nano_usd);
  const { input_tokens: input, output_tokens: output } = call;
  if (ending.kind === 'broken') {
    // Charged for what was sent and what was said of it.
    expect(input).toBeGreaterThan(0);
    expect(output).toBeGreaterThan(0);
  } else if (ending === silent) expect({ output, counts: input > 0 }).toEqual({ output: 0, counts: true });
  else if (ending.kind === 'refused') {
    // A whole answer that breaks off, or cannot be read, was worked on: what was sent is charged.
    expect({ output, counts: input > 0 }).toEqual({ output: 0, counts: UNREADABLE.has(fault) });
  } else if (fault === 'usage_zero') expect({ input, output }).toEqual({ input: 0, output: 0 });
  // Ollama's last line, which does not come here, holds its usage.
  else if (fault === 'usage_missing' || (fault === 'no_finish' && !metered)) {
    expect(input).toBeGreaterThan(0);
    expect(output).toBe(Math.ceil(PLAIN_TEXT.length / 3));
  } else expect({ input, output }).toEqual({ input: 20, output: 12 });
}

// The first rung fails by what the script says; the second answers, where the ladder falls on that failure.
const FALLBACKS: readonly (readonly [string, string])[] = [
  ['hang', 'timeout'],
  ['no_answer', 'unreachable'],
  ['no_http', 'server_error'],
  ['wrong_content_type', 'server_error'],
  ['error_body', 'server_error'],
  ['rate_limited', 'rate_limited'],
  ['rate_limited_silently', 'rate_limited'],
  ['failing', 'server_error'],
  ['overloaded', 'server_error'],
  ['redirect', 'server_error'],
  ['refused_key', 'refused_key'],
  ['unknown_model', 'unknown_model'],
  ['too_long', 'context_too_long'],
];

test.each(
  FALLBACKS.flatMap(([fault, failure]) => [false, true].map((stream) => ({ fault, failure, stream }))),
)(
  'after $fault another model answers (streamed: $stream), and both calls are settled',
  async ({ fault, failure, stream }) => {
    lake.upstream.script(scripted(fault));
    const requestId = `fallback-${fault}-${stream}`;
    const answer = await lake.server.api('POST', '/v1/chat/completions', {
      json: { model: 'ladder/fallback', messages: [{ role: 'user', content: 'Hello?' }], stream },
      headers: { 'x-request-id': requestId },
    });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('x-lakehouse-model')).toBe('anthropic/claude-scripted');
    expect(answer.headers.get('x-lakehouse-attempts')).toBe('2');
    expect(answer.text).not.toContain(CANARY);
    const { calls, events, audit } = callRecords(lake.server.home, requestId);
    expect(calls.map(({ model, status, error_class }) => ({ model, status, error_class }))).toEqual([
      { model: 'openai/scripted/failing', status: 'failed', error_class: failure },
      { model: 'anthropic/claude-scripted', status: 'ok', error_class: null },
    ]);
    expect(events).toHaveLength(2);
    expect(audit).toEqual([expect.objectContaining({ status: 'ok' })]);
    expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  },
);

// A pattern of the routing file takes any name, and a header no character beyond Latin-1.
test.each([
  ['/v1/chat/completions', { stream: false }],
  ['/v1/chat/completions', { stream: true }],
  ['/v1/embeddings', {}],
])('a model of any name answers at %s %o, named in the header as in a URL', async (path, members) => {
  const requestId = `any-name-${path.replaceAll('/', '-')}-${JSON.stringify(members).length}`;
  const said =
    path === '/v1/embeddings' ? { input: 'Hello?' } : { messages: [{ role: 'user', content: 'Hello?' }] };
  const answer = await lake.server.api('POST', path, {
    json: { model: 'ollama/模型 7b\ud800\n', ...said, ...members },
    headers: { 'x-request-id': requestId },
  });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get('x-lakehouse-model')).toBe('ollama/%E6%A8%A1%E5%9E%8B%207b%EF%BF%BD%0A');
  expect(callRecords(lake.server.home, requestId).audit).toEqual([expect.objectContaining({ status: 'ok' })]);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});

test('a model that cannot carry the request is passed over for one that can, and nothing is charged for it', async () => {
  const before = lake.upstream.received.length;
  const content = [{ type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Long.' } }];
  const answer = await lake.server.api('POST', '/v1/messages', {
    json: { model: 'ladder/fallback', max_tokens: 10, messages: [{ role: 'user', content }] },
    headers: { 'x-request-id': 'passed-over' },
  });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get('x-lakehouse-model')).toBe('anthropic/claude-scripted');
  expect(lake.upstream.received.length).toBe(before + 1);
  const { calls } = callRecords(lake.server.home, 'passed-over');
  expect(calls.map(({ model }) => model)).toEqual(['anthropic/claude-scripted']);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});

test('where no other model can carry the request, what the first one did is told', async () => {
  lake.upstream.script(scripted('failing'));
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'ladder/fallback', n: 2, messages: [{ role: 'user', content: 'Hello?' }] },
  });
  expect(answer.status).toBe(503);
  expect(answer.json).toMatchObject({ code: 'models.unavailable', retryable: true });
});

test.each([
  [
    'ollama/llama',
    'messages.image_url',
    [{ type: 'image_url', image_url: { url: 'https://x.example/a.png' } }],
  ],
  ['claude-scripted', 'messages.content', [{ type: 'file', file: { file_id: 'f' } }]],
])('the refusal of %s names %s', async (model, member, content) => {
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model, messages: [{ role: 'user', content }] },
  });
  expect(answer.status).toBe(422);
  expect(answer.json).toMatchObject({ code: 'models.not_translatable', members: [member] });
});

test('a request that the provider calls wrong falls to no other model', async () => {
  lake.upstream.script(scripted('bad_request'));
  const before = lake.upstream.received.length;
  const answer = await lake.server.api('POST', '/v1/chat/completions', {
    json: { model: 'ladder/fallback', messages: [{ role: 'user', content: 'Hello?' }] },
  });
  expect(answer.status).toBe(422);
  expect(lake.upstream.received.length).toBe(before + 1);
});

test('where every model fails the refusal names what each did, and nothing that they said', async () => {
  lake.upstream.script(scripted('failing'), scripted('rate_limited'));
  const answer = await lake.server.api('POST', '/v1/chat', {
    json: { model: 'ladder/fallback', messages: [{ role: 'user', content: 'Hello?' }] },
  });
  expect(answer.status).toBe(429);
  expect(answer.json.attempts).toEqual([
    { provider: 'openai', model: 'scripted/failing', class: 'server_error' },
    { provider: 'anthropic', model: 'claude-scripted', class: 'rate_limited' },
  ]);
  expect(answer.text).not.toContain(CANARY);
});

const BREAKS = ['hang_midway', 'reset', 'cut', 'no_finish', 'garbage', 'error_midway'];

test.each(BREAKS.flatMap((fault) => PROVIDERS.map(({ provider }) => ({ fault, provider }))))(
  'the OpenAI client throws on a stream with $fault of $provider',
  async ({ fault, provider }) => {
    const { url, adminKey } = lake.server;
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: adminKey, maxRetries: 0 });
    const stream = await openai.chat.completions.create({
      model: `${provider}/scripted/${fault}`,
      messages: [{ role: 'user', content: 'Hello?' }],
      stream: true,
    });
    await expect(Array.fromAsync(stream)).rejects.toThrow();
  },
);

test.each(BREAKS.flatMap((fault) => PROVIDERS.map(({ provider }) => ({ fault, provider }))))(
  'the Anthropic client throws on a stream with $fault of $provider',
  async ({ fault, provider }) => {
    const { url, adminKey } = lake.server;
    const anthropic = new Anthropic({ baseURL: url, apiKey: adminKey, maxRetries: 0 });
    const stream = anthropic.messages.stream({
      model: `${provider}/scripted/${fault}`,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hello?' }],
    });
    await expect(stream.finalMessage()).rejects.toThrow();
  },
);

/** Whether the service had begun an answer, so that it worked and may bill. */
const EMBEDDING_FAULTS: readonly (readonly [ScriptedFault, boolean])[] = [
  ['vector_short', true],
  ['no_vectors', true],
  ['empty', true],
  ['garbage', true],
  ['deep', true],
  ['cut', true],
  ['reset', true],
  ['endless', true],
  ['wrong_content_type', false],
  ['error_body', false],
  ['error_midway', false],
  ['no_answer', false],
];

test.each(
  EMBEDDING_FAULTS.flatMap(([fault, wasBegun]) =>
    (['openai', 'ollama'] as const).map((provider) => ({ fault, wasBegun, provider })),
  ),
)(
  'embeddings with $fault of $provider are refused, and what was sent is charged: $wasBegun',
  async ({ fault, wasBegun, provider }) => {
    const requestId = `embeddings-${fault}-${provider}`;
    lake.upstream.script(reply({ fault }));
    const answer = await lake.server.api('POST', '/v1/embeddings', {
      json: { model: `${provider}/text-embedding`, input: ['one', 'two'] },
      headers: { 'x-request-id': requestId },
    });
    expect(answer.status, answer.text).toBe(503);
    expect(answer.text).not.toContain(CANARY);
    const { calls, events, audit } = callRecords(lake.server.home, requestId);
    expect(calls).toHaveLength(1);
    const [call] = calls;
    if (call === undefined) return;
    const { input_tokens: input, output_tokens: output, cost_nano_usd: cost } = call;
    expect({ status: call.status, output, counts: input > 0 }).toEqual({
      status: 'failed',
      output: 0,
      counts: wasBegun,
    });
    expect(cost).toBe(provider === 'openai' ? input * 1_000 : 0);
    expect(cost).toBeLessThanOrEqual(call.held_nano_usd);
    expect(events).toEqual([
      expect.objectContaining({
        spend_id: call.spend_id,
        status: 'failed',
        cost_nano_usd: cost,
        input_tokens: input,
      }),
    ]);
    expect(audit).toEqual([
      expect.objectContaining({ status: 'failed', closing_code: 'models.unavailable' }),
    ]);
    expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  },
);

test('no file of the home repeats what a provider said in an error', async () => {
  const files = await readdir(lake.server.home, { recursive: true, withFileTypes: true });
  for (const file of files) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    expect(bytes.includes(CANARY), file.name).toBe(false);
  }
});

function scripted(name: string): ScriptedReply {
  const found = SCRIPTED_REPLIES[name];
  if (found === undefined) throw new Error(`no scripted reply ${name}`);
  return found;
}

function send(path: string, requestId: string, json: object): Promise<string> {
  const { url, adminKey } = lake.server;
  return postJson(url, path, { key: adminKey, requestId, json });
}
