import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom, seedOfRun } from '../faults/seeded-random.ts';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, startModelServer } from '../harness/model-server.ts';
import { bodyOf, postJson, statusOf } from '../harness/raw-http.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// T-2 and K-17 over HTTP: the shipped rules, and a few more.

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const SHIPPED = readFileSync(new URL('../../config/truth.toml', import.meta.url), 'utf8');
const MORE = `
[[rules]]
name = "whole-forbidden-word"
task_class = "chat.whole"
phase = "after"
action = "block"
message = "The answer says a word that is not to be said."
when = { type = "FieldMatches", field = "answer.text", pattern = "forbidden" }

[[rules]]
name = "flags-greetings"
task_class = "chat.greet"
phase = "after"
action = "flag"
message = "A greeting."
when = { type = "FieldMatches", field = "answer.text", pattern = "Hello" }

[[rules]]
name = "guard-that-cannot-judge"
task_class = "chat.guarded"
phase = "after"
extent = "piece"
action = "block"
message = "Never said."
when = { type = "FieldMatches", field = "answer.text", pattern = "(a|b|ab){1,200}never" }

[[rules]]
name = "piece-forbidden-word"
task_class = "chat.pieced"
phase = "after"
extent = "piece"
action = "block"
message = "A piece says a word that is not to be said."
when = { type = "FieldMatches", field = "answer.text", pattern = "forbidden" }

[[rules]]
name = "nothing-said-forbidden"
task_class = "chat.nowhere"
phase = "after"
action = "block"
message = "It says a word that is not to be said anywhere."
when = { type = "FieldMatches", field = "answer.said", pattern = "forbidden" }

[[rules]]
name = "prompt-forbidden"
task_class = "chat.prompted"
phase = "before"
action = "block"
message = "Not to be asked."
when = { type = "FieldMatches", field = "prompt.text", pattern = "forbidden" }

[[rules]]
name = "too-dear"
task_class = "chat.thrifty"
phase = "before"
action = "block"
message = "It could cost too much."
when = { type = "FieldGreater", field = "worst_cost_usd", value = 0.003 }

[[rules]]
name = "texts-forbidden"
task_class = "embedding"
phase = "before"
action = "block"
message = "Not to be embedded."
when = { type = "FieldMatches", field = "prompt.text", pattern = "forbidden" }
`;

let lake: ModelServer;
let analyst: string;
let recruiter: string;
beforeAll(async () => {
  lake = await startModelServer({ truth: SHIPPED + MORE });
  analyst = (await lake.server.key('analyst')).key;
  recruiter = (await lake.server.key('recruiter')).key;
});
afterAll(() => lake.close());

const messages = [{ role: 'user', content: 'Who is it?' }];
let counter = 0;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly isWhole: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  readonly json: any;
}

/** A chat whose answer is the text. */
async function ask(
  text: string,
  asked: { key?: string; path?: string; model?: string; stream?: boolean; task?: string } = {},
): Promise<Answer & { requestId: string }> {
  const {
    key = analyst,
    path = '/v1/chat/completions',
    model = 'gpt-scripted',
    stream = false,
    task,
  } = asked;
  lake.upstream.script(reply({ text }));
  const requestId = `truth-${counter++}`;
  const isOurs = path === '/v1/chat';
  const named = task === undefined ? {} : isOurs ? { task } : { lakehouse_task: task };
  const limit = isOurs ? { max_output_tokens: 500 } : { max_tokens: 500 };
  const answer = await send(path, requestId, key, { model, messages, stream, ...limit, ...named });
  return { ...answer, requestId };
}

/** As `api` of the harness, but a stream that breaks is an answer too. */
async function send(path: string, requestId: string, key: string, json: object): Promise<Answer> {
  const raw = await postJson(lake.server.url, path, { key, requestId, json });
  const { text, isWhole } = bodyOf(raw);
  return { status: statusOf(raw), text, isWhole, json: text.startsWith('{') ? JSON.parse(text) : null };
}

const WAYS = ['/v1/chat', '/v1/chat/completions', '/v1/messages'].flatMap((path) =>
  ['gpt-scripted', 'claude-scripted', 'ollama/llama'].flatMap((model) =>
    [false, true].map((stream) => ({ path, model, stream })),
  ),
);

test.each(WAYS)('$path by $model blocks leaked personal data, streamed $stream', async (way) => {
  const answer = await ask('Write to ada@example.org today.', way);
  expectBlocked(answer, way.stream);
  const { calls, events, audit } = callRecords(lake.server.home, answer.requestId);
  // The model has answered and is paid, or was stopped and is paid for what it may have said.
  const cost = way.model.startsWith('ollama') ? 0 : way.stream ? expect.any(Number) : 44_000;
  expect(calls).toEqual([
    expect.objectContaining({ status: way.stream ? 'partial' : 'ok', cost_nano_usd: cost }),
  ]);
  expect(events).toHaveLength(1);
  expect(audit).toEqual([expect.objectContaining({ status: 'failed', closing_code: 'door.truth_blocked' })]);
  expect(audit[0]?.truth_json).toContain('chat-leaks-masked-data');
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});

test.each(WAYS)('$path by $model shows it to a role that sees it, streamed $stream', async (way) => {
  const answer = await ask('Write to ada@example.org today.', { ...way, key: recruiter });
  expect(answer.status, answer.text).toBe(200);
  const said = way.stream ? saidIn(answer.text) : answer.text;
  expect(said).toContain('ada@example.org');
});

test('personal data in thinking and in arguments of calls is blocked like text', async () => {
  const leaks = [
    reply({ thinking: 'It is ada@example.org, I think.' }),
    reply({
      text: '',
      finish: 'tool_calls',
      toolCalls: [{ id: 'call_1', name: 'mail', argumentsJson: '{"to":"ada@example.org"}' }],
    }),
    reply({
      text: '',
      finish: 'tool_calls',
      toolCalls: [{ id: 'call_1', name: 'mail', argumentsJson: '{"to":"ada\\u0040example.org"}' }],
    }),
    reply({
      text: '',
      finish: 'tool_calls',
      toolCalls: [{ id: 'call_1', name: 'ada@example.org', argumentsJson: '{}' }],
    }),
    reply({ text: '{"to":"ada\\u0040example.org"}' }),
  ];
  for (const leak of leaks) {
    for (const stream of [false, true]) {
      lake.upstream.script(leak);
      const answer = await send('/v1/chat/completions', `leak-${counter++}`, analyst, {
        model: 'gpt-scripted',
        messages,
        stream,
      });
      expectBlocked(answer, stream);
    }
  }
});

/** Nothing of a leak has left: of a stream at most what was said before it, and then the refusal and no end. */
function expectBlocked(answer: Answer, stream: boolean): void {
  expect(answer.text).not.toMatch(/ada|example/);
  if (stream && answer.status === 200) {
    expect(answer.isWhole).toBe(false);
    expect(answer.text).toContain('holds personal data of a kind that your role sees masked');
    expect(answer.text).not.toMatch(/\[DONE\]|message_stop|"finish_reason":"|"stop_reason":"/);
    return;
  }
  expect(answer.status, answer.text).toBe(422);
  expect(answer.json).toMatchObject({
    code: 'door.truth_blocked',
    rules: [{ rule: 'chat-leaks-masked-data', action: 'block' }],
  });
}

/** Letters that stand nowhere else in what is streamed. */
const LETTERS = /[QXZ]/;

test('no byte of a leaked value leaves a stream, wherever the provider divides it', async () => {
  const random = seededRandom(SEED);
  const filler = (length: number) =>
    Array.from({ length }, () => (random() < 0.2 ? ' ' : 'abcdefghi'[Math.floor(random() * 9)])).join('');
  // The provider writes seven characters an event: these lengths divide the value in each of its places.
  for (let shift = 0; shift < 28; shift++) {
    const way = WAYS.filter(({ path, stream }) => stream && path !== '/v1/chat')[shift % 6];
    const text = `${filler(280 + shift)} QXZQ@QXZQ.org ${filler(Math.floor(random() * 400))}`;
    const answer = await ask(text, way ?? {});
    expect(answer.status).toBe(200);
    expect(answer.isWhole).toBe(false);
    expect(answer.text).toContain('holds personal data of a kind that your role sees masked');
    expect(saidIn(answer.text)).not.toMatch(LETTERS);
    expect(answer.text).not.toMatch(/\[DONE\]|message_stop|"finish_reason":"|"stop_reason":"/);
    const { calls, audit } = callRecords(lake.server.home, answer.requestId);
    expect(calls).toHaveLength(1);
    expect(audit).toEqual([expect.objectContaining({ closing_code: 'door.truth_blocked' })]);
  }
});

test('no byte of a leaked value leaves a stream where it is written in escapes of JSON', async () => {
  const value = Array.from('QXZQXZQXZQXZQXZ@QXZQXZQXZQXZ.org')
    .map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
  const told = { before: 'so far so good '.repeat(20), to: '', after: ' and so on'.repeat(100) };
  const argumentsJson = JSON.stringify(told).replace('"to":""', `"to":"${value}"`);
  expect(JSON.parse(argumentsJson).to).toBe('QXZQXZQXZQXZQXZ@QXZQXZQXZQXZ.org');
  lake.upstream.script(
    reply({ text: '', finish: 'tool_calls', toolCalls: [{ id: 'call_1', name: 'mail', argumentsJson }] }),
  );
  const asked = { model: 'gpt-scripted', messages, stream: true };
  const answer = await send('/v1/chat/completions', `escapes-${counter++}`, analyst, asked);
  expect(answer.status).toBe(200);
  expect(answer.isWhole).toBe(false);
  expect(answer.text).not.toContain('u00');
});

test('a rule over the whole sends nothing before the end', async () => {
  const text = `${'So far all is well. '.repeat(30)} The word is forbidden.`;
  const answer = await ask(text, { task: 'whole', stream: true });
  expect(answer.status).toBe(422);
  expect(answer.text).not.toContain('So far');
  const allowed = await ask('So far all is well. '.repeat(30), { task: 'whole', stream: true });
  expect(allowed.status).toBe(200);
  expect(saidIn(allowed.text)).toBe('So far all is well. '.repeat(30));
  // A provider that breaks off after half has let nothing out either.
  lake.upstream.script(reply({ text: 'So far all is well. '.repeat(30), fault: 'reset' }));
  const cut = await send('/v1/chat/completions', `truth-${counter++}`, analyst, {
    model: 'gpt-scripted',
    messages,
    stream: true,
    lakehouse_task: 'whole',
  });
  expect(cut.status).toBe(503);
  expect(cut.json.code).toBe('models.cut_off');
});

test.each([false, true])(
  'a flag leaves the answer alone and stands in the record, streamed %s',
  async (stream) => {
    const answer = await ask('Hello there.', { task: 'greet', stream });
    expect(answer.status).toBe(200);
    const { audit } = callRecords(lake.server.home, answer.requestId);
    expect(JSON.parse(audit[0]?.truth_json ?? 'null')).toEqual([{ rule: 'flags-greetings', action: 'flag' }]);
  },
);

test.each([false, true])('a guard that cannot judge an answer refuses it, streamed %s', async (stream) => {
  const answer = await ask('ab'.repeat(30_000), { task: 'guarded', stream });
  expect([413, 200]).toContain(answer.status);
  expect(answer.isWhole).toBe(answer.status === 413);
  if (answer.status === 413) expect(answer.json.code).toBe('truth.context_too_large');
  const { audit } = callRecords(lake.server.home, answer.requestId);
  expect(audit).toEqual([
    expect.objectContaining({ status: 'failed', closing_code: 'truth.context_too_large' }),
  ]);
});

test('rules before a chat and before an embedding keep the text from every provider', async () => {
  const before = lake.upstream.received.length;
  const chat = await lake.server.api('POST', '/v1/chat', {
    key: analyst,
    json: { model: 'gpt-x', task: 'prompted', messages: [{ role: 'user', content: 'forbidden' }] },
  });
  expect(chat.json.code).toBe('door.truth_blocked');
  const embedded = await lake.server.api('POST', '/v1/embeddings', {
    key: analyst,
    json: { model: 'openai/text-embedding', input: ['fine', 'forbidden'] },
  });
  expect(embedded.json.code).toBe('door.truth_blocked');
  expect(lake.upstream.received.length).toBe(before);
});

const FORBIDDEN = { type: 'text', data: 'a forbidden text' };

test.each<[string, object]>([
  ['/v1/messages', { messages: [{ role: 'user', content: [{ type: 'document', source: FORBIDDEN }] }] }],
  ['/v1/messages', { tools: [{ name: 'f', description: 'forbidden', input_schema: {} }] }],
  ['/v1/chat/completions', { functions: [{ name: 'f', description: 'forbidden' }] }],
  ['/v1/chat/completions', { prediction: { type: 'content', content: 'forbidden' } }],
  ['/v1/chat/completions', { unheard_of: { deep: ['forbidden'] } }],
  [
    '/v1/chat/completions',
    {
      messages: [
        {
          role: 'assistant',
          tool_calls: [
            { id: 'c', type: 'function', function: { name: 'f', arguments: '{"word":"forbidden"}' } },
          ],
        },
      ],
    },
  ],
])('rules before a chat see all that %s gives to the model: %j', async (path, more) => {
  const before = lake.upstream.received.length;
  const messages = [{ role: 'user', content: 'Hi' }];
  const model = path === '/v1/messages' ? 'claude-x' : 'gpt-x';
  const asked = { model, max_tokens: 10, lakehouse_task: 'prompted', messages, ...more };
  const answer = await lake.server.api('POST', path, { key: analyst, json: asked });
  expect(answer.json.code).toBe('door.truth_blocked');
  expect(lake.upstream.received.length).toBe(before);
});

test('a rule over the worst cost counts each answer that is asked for', async () => {
  const asked = { model: 'gpt-x', lakehouse_task: 'thrifty', messages: [{ role: 'user', content: 'Hi' }] };
  const chat = (n: number) =>
    lake.server.api('POST', '/v1/chat/completions', { key: analyst, json: { ...asked, n } });
  expect((await chat(1)).status).toBe(200);
  expect((await chat(2)).json.code).toBe('door.truth_blocked');
});

test('an answer for a task has its required fields', async () => {
  const missing = await ask('{"candidate_id": 7, "score": 0.9}', { path: '/v1/chat', task: 'match' });
  expect(missing.json).toMatchObject({
    code: 'door.truth_blocked',
    rules: [{ rule: 'match-has-its-fields' }],
  });
  const whole = JSON.stringify({ candidate_id: 7, score: 0.9, reason: 'fits', confidence: 0.8 });
  const answer = await ask(whole, { path: '/v1/chat', task: 'match' });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json.json).toMatchObject({ candidate_id: 7 });
});

/** What a stream said, put together from its events; our own, OpenAI's and Anthropic's. */
function saidIn(stream: string): string {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)))
    .map((event) => event.choices?.[0]?.delta?.content ?? event.delta?.text ?? event.text ?? '')
    .join('');
}

const UNSURE = JSON.stringify({ candidate_id: 7, score: 0.4, reason: 'perhaps', confidence: 0.2 });

/** An unsure match of the analyst, held for a review. */
async function heldMatch(way: { path?: string; model?: string; stream?: boolean } = {}) {
  const answer = await ask(UNSURE, { path: '/v1/chat', task: 'match', ...way });
  expect(answer.status, answer.text).toBe(422);
  expect(answer.json).toMatchObject({ code: 'door.review_required', rules: [{ rule: 'match-unsure' }] });
  expect(answer.text).not.toContain('perhaps');
  return { id: String(answer.json.review_id), requestId: answer.requestId };
}

const decide = (id: string, key: string, decision: string) =>
  lake.server.api('POST', `/truth/reviews/${id}/decision`, { key, json: { decision, reason: 'I looked.' } });
const fetched = (id: string, key: string) => lake.server.api('GET', `/truth/reviews/${id}/answer`, { key });

test.each(WAYS)('an answer of $path by $model waits for its review, streamed $stream', async (way) => {
  const { id, requestId } = await heldMatch(way);
  const { calls, audit } = callRecords(lake.server.home, requestId);
  expect(calls).toEqual([expect.objectContaining({ status: 'ok' })]);
  expect(audit).toEqual([
    expect.objectContaining({ status: 'failed', closing_code: 'door.review_required' }),
  ]);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  const events = await lake.server.api('GET', '/journal/events?action=review.requested&limit=1000');
  expect(
    events.json.events.filter(({ subject }: { subject: string }) => subject === `review:${id}`),
  ).toHaveLength(1);
  const shown = await lake.server.api('GET', `/truth/reviews/${id}`);
  expect(shown.json).toMatchObject({
    state: 'pending',
    identity: 'analyst',
    rules: [{ rule: 'match-unsure' }],
  });
  expect(way.stream ? saidIn(shown.json.content) : shown.json.content).toContain('perhaps');
});

test('an approved answer is fetched by who asked, and by nobody else', async () => {
  const { id } = await heldMatch();
  const waiting = await lake.server.api('GET', '/truth/reviews?limit=1000');
  expect(waiting.json.reviews.map(({ review_id }: { review_id: string }) => review_id)).toContain(id);
  expect(waiting.text).not.toContain('perhaps');
  expect((await fetched(id, analyst)).json.code).toBe('truth.review_state');
  for (const path of ['/truth/reviews', `/truth/reviews/${id}`]) {
    expect((await lake.server.api('GET', path, { key: analyst })).status).toBe(403);
  }
  expect((await decide(id, analyst, 'approve')).status).toBe(403);
  expect((await decide(id, lake.server.adminKey, 'approve')).json).toMatchObject({ state: 'approved' });
  expect((await decide(id, lake.server.adminKey, 'reject')).json.code).toBe('truth.review_state');
  const answer = await fetched(id, analyst);
  expect(answer.status).toBe(200);
  expect(answer.json.text).toBe(UNSURE);
  for (const other of [recruiter, lake.server.adminKey]) {
    expect((await fetched(id, other)).json.code).toBe('truth.review_not_found');
  }
  const events = await lake.server.api('GET', '/journal/events?action=review.approved&limit=1000');
  expect(events.json.events).toContainEqual(
    expect.objectContaining({
      subject: `review:${id}`,
      identity: expect.objectContaining({ name: 'admin' }),
    }),
  );
  expect(events.text).not.toContain('perhaps');
});

test('a rejected answer is gone', async () => {
  const { id } = await heldMatch();
  expect((await decide(id, lake.server.adminKey, 'reject')).json).toMatchObject({ state: 'rejected' });
  expect((await fetched(id, analyst)).json.code).toBe('truth.review_state');
  const shown = await lake.server.api('GET', `/truth/reviews/${id}`);
  expect(shown.json).toMatchObject({ state: 'rejected', content: null });
});

test('nobody decides on their own request, not through an agent and not for one', async () => {
  const policy = (await lake.server.api('GET', '/access/policies')).json;
  const judge = { permissions: ['truth.review'], models: ['*'], grants: [] };
  const put = await lake.server.api('PUT', '/access/policies', {
    json: { roles: { ...policy.roles, judge }, masks: policy.masks, row_filters: policy.row_filters },
  });
  expect(put.status, put.text).toBe(200);
  const person = (await lake.server.key('judge', {}, 'person')).key;
  const agent = (await lake.server.key('judge', {}, 'helper')).key;
  const made = await lake.server.api('POST', '/access/delegations', {
    key: person,
    json: { agent: 'helper' },
  });
  const forPerson = { 'x-on-behalf-of': String(made.json.token) };

  const asked = async (key: string, headers: Record<string, string> = {}) => {
    lake.upstream.script(reply({ text: UNSURE }));
    const json = { model: 'gpt-x', messages, task: 'match' };
    const answer = await lake.server.api('POST', '/v1/chat', { key, json, headers });
    expect(answer.json.code, answer.text).toBe('door.review_required');
    return String(answer.json.review_id);
  };
  const approve = async (id: string, key: string, headers: Record<string, string> = {}) => {
    const json = { decision: 'approve', reason: 'Mine is fine.' };
    return (await lake.server.api('POST', `/truth/reviews/${id}/decision`, { key, json, headers })).json;
  };
  const own = await asked(person);
  expect(await approve(own, person)).toMatchObject({ code: 'truth.own_review' });
  expect(await approve(own, agent, forPerson)).toMatchObject({ code: 'truth.own_review' });
  const delegated = await asked(agent, forPerson);
  expect(await approve(delegated, person)).toMatchObject({ code: 'truth.own_review' });
  expect(await approve(delegated, agent)).toMatchObject({ code: 'truth.own_review' });
  expect(await approve(delegated, lake.server.adminKey)).toMatchObject({ state: 'approved' });
});

// Ollama gives a call whole and last, others in pieces; a short one is never far enough from the end to leave as a piece.
test.each(
  ['openai', 'anthropic', 'ollama'].flatMap((provider) =>
    ['pieced', 'nowhere'].flatMap((task) => [false, true].map((stream) => ({ provider, task, stream }))),
  ),
)(
  'a word forbidden to $task is found in calls and thinking of $provider (streamed: $stream)',
  async (asked) => {
    const { provider, task, stream } = asked;
    const call = { id: 'call_1', name: 'note', argumentsJson: '{"note":"for\\u0062idden"}' };
    // A letter that has to be read as JSON twice, as where an argument is a document itself.
    const nested = { ...call, argumentsJson: '{"body":"{\\"note\\":\\"for\\\\u0062idden\\"}"}' };
    const answers = [
      reply({ text: '', toolCalls: [call], finish: 'tool_calls' }),
      reply({ text: '', toolCalls: [nested], finish: 'tool_calls' }),
      reply({ thinking: 'It is forbidden to say so.', text: 'No.' }),
    ];
    for (const one of answers) {
      lake.upstream.script(one);
      const answer = await lake.server.api('POST', '/v1/chat/completions', {
        json: {
          model: `${provider}/a-model`,
          messages: [{ role: 'user', content: 'Hello?' }],
          max_tokens: 100,
          tools: [{ type: 'function', function: { name: 'note', parameters: { type: 'object' } } }],
          lakehouse_task: task,
          stream,
        },
      });
      expect(answer.status, answer.text).toBe(422);
      expect(answer.json).toMatchObject({ code: 'door.truth_blocked' });
    }
  },
);
