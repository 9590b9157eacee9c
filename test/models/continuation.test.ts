import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, ROUTING, startModelServer } from '../harness/model-server.ts';
import { reply, type ScriptedReply } from '../support/scripted-provider/scripted-reply.ts';
import { isNode, type SourceFile, type SyntaxNode, sourceTree, walk } from '../support/source-tree.ts';

// M-4: POST /v1/chat goes on with cut-off answers, within its limits, and says `length` where they are reached.

const LIMITS = '[models]\nmax_continuations = 3\nmax_answer_tokens = 200\nmax_answer_usd = 0.0002\n';
const BREAKER = '[breaker]\nfailures = 1000\n';

let lake: ModelServer;
beforeAll(async () => {
  lake = await startModelServer({
    truth: 'rules = []\n',
    config: LIMITS,
    routing: `${ROUTING}\n${BREAKER}`,
  });
});
afterAll(() => lake.close());

const messages = [{ role: 'user', content: 'Tell me a story.' }];
const used = (output: number) => ({ input: 20, cachedInput: 0, output, reasoning: 0 });
let counter = 0;

/** Asks with the replies scripted; what was answered, recorded, and what the provider got for each call. */
async function ask(replies: readonly ScriptedReply[], more: Record<string, unknown> = {}) {
  lake.upstream.script(...replies);
  const before = lake.upstream.received.length;
  const requestId = `continuation-${counter++}`;
  const answer = await lake.server.api('POST', '/v1/chat', {
    json: { model: 'gpt-scripted', messages, ...more },
    headers: { 'x-request-id': requestId },
  });
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  const sent = lake.upstream.received.slice(before).map(({ body }) => body);
  // What was scripted and not asked for is not for the next test.
  for (let left = replies.length - sent.length; left > 0; left--) {
    await lake.server.api('POST', '/v1/chat/completions', { json: { model: 'gpt-scripted', messages } });
  }
  return { answer, sent, records: callRecords(lake.server.home, requestId) };
}

const FIRST = 'Once upon a time there was a lake, and in the lake';
const SECOND = 'and in the lake lived a fish.';
const STORY = 'Once upon a time there was a lake, and in the lake lived a fish.';

test.each([
  ['length', reply({ text: FIRST, finish: 'length' })],
  ['a cut stream', reply({ text: FIRST, fault: 'no_finish' })],
])('an answer ended by %s is gone on with, and its repetition trimmed', async (_, first) => {
  const { answer, sent, records } = await ask([first, reply({ text: SECOND })]);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toMatchObject({ text: STORY, finish: 'stop', calls: 2 });
  // A model that takes no beginning of an answer is asked in a turn of the user.
  const turns = sent[1]?.messages as { role: string; content: string }[];
  expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(turns[1]?.content).toBe(FIRST);
  expect(records.calls).toHaveLength(2);
  expect(records.events).toHaveLength(2);
});

test.each(['max_tokens', 'pause_turn'])(
  'a model with prefill goes on from its own words after %s',
  async (stop) => {
    const finish = stop === 'pause_turn' ? 'pause' : 'length';
    const { answer, sent } = await ask([reply({ text: FIRST, finish }), reply({ text: SECOND })], {
      model: 'claude-scripted',
    });
    expect(answer.json).toMatchObject({ text: STORY, finish: 'stop', calls: 2 });
    const turns = sent[1]?.messages as { role: string }[];
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant']);
  },
);

test('a model that is to think first is asked to go on: it takes no beginning of its answer', async () => {
  const { answer, sent } = await ask([reply({ text: FIRST, finish: 'length' }), reply({ text: SECOND })], {
    model: 'claude-scripted',
    reasoning: 'low',
  });
  expect(answer.json).toMatchObject({ text: STORY, calls: 2 });
  const turns = sent[1]?.messages as { role: string }[];
  expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
});

test('a streamed answer is shown once, without the seam', async () => {
  const { answer } = await ask([reply({ text: FIRST, finish: 'length' }), reply({ text: SECOND })], {
    stream: true,
  });
  const events = answer.text.split('\n\n').filter((event) => event.startsWith('event: text'));
  const text = events.map((event) => JSON.parse(event.split('data: ')[1] ?? '{}').text).join('');
  expect(text).toBe(STORY);
  expect(answer.text).toContain('"finish":"stop","calls":2');
});

test('usage, cost and the record are the sums of the calls', async () => {
  const { answer, records } = await ask([
    reply({ text: FIRST, finish: 'length', usage: used(30) }),
    reply({ text: SECOND, usage: used(10) }),
  ]);
  expect(answer.json.usage).toMatchObject({ input_tokens: 40, output_tokens: 40, cost_usd: 0.00012 });
  const sum = records.calls.reduce((total, { cost_nano_usd }) => total + cost_nano_usd, 0);
  expect(sum).toBe(120_000);
});

test('what a provider does not count is counted by us, and bounded like the rest', async () => {
  const uncounted = reply({ text: 'word '.repeat(45), finish: 'length', usage: null });
  const { answer, records } = await ask([uncounted, uncounted, uncounted, uncounted, uncounted]);
  const summed = records.calls.reduce((total, { output_tokens }) => total + output_tokens, 0);
  expect(answer.json.usage.output_tokens).toBe(summed);
  expect(answer.json.usage.output_tokens).toBeGreaterThan(0);
  expect(answer.json.calls).toBeLessThan(4);
});

test('calls that failed before another model answered are told, beside those of the continuation', async () => {
  const ladder = { model: 'ladder/fallback' };
  const failing = reply({ status: 500 });
  const { answer } = await ask(
    [failing, reply({ text: FIRST, finish: 'length' }), failing, reply({ text: SECOND })],
    ladder,
  );
  const attempt = { provider: 'openai', model: 'scripted/failing', class: 'server_error' };
  expect(answer.json, answer.text).toMatchObject({ text: STORY, calls: 2, attempts: [attempt, attempt] });
});

test('an answer that thinking left empty is asked for once more without thinking', async () => {
  const empty = reply({
    text: '',
    thinking: 'I think.',
    finish: 'length',
    usage: { ...used(12), reasoning: 12 },
  });
  const { answer, sent } = await ask([empty, reply({ text: 'An answer.' })]);
  expect(answer.json).toMatchObject({ text: 'An answer.', finish: 'stop', calls: 2 });
  expect(sent[0]?.reasoning_effort).toBeUndefined();
  expect(sent[1]?.reasoning_effort).toBe('none');
  const again = await ask([empty, reply({ text: '', thinking: 'Still.', finish: 'stop' })]);
  expect(again.answer.json).toMatchObject({ text: '', finish: 'stop', calls: 2 });
});

test('a continuation is held for every byte that it sends again', async () => {
  const uncounted = reply({ text: 'The end.', usage: null });
  const [alone] = (await ask([uncounted])).records.calls;
  const first = reply({ text: '湖'.repeat(30), finish: 'length', usage: used(30) });
  const [, second] = (await ask([first, uncounted])).records.calls;
  expect((second?.input_tokens ?? 0) - (alone?.input_tokens ?? 0)).toBeGreaterThanOrEqual(90);
});

const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } } };

test('cut JSON is made anew with a larger cap, once, and never continued', async () => {
  const cut = reply({ text: '{"a": 1, "b', finish: 'length' });
  const { answer, sent } = await ask([cut, reply({ text: '{"a": 1}' })], { schema: SCHEMA });
  expect(answer.json).toMatchObject({ text: '{"a": 1}', json: { a: 1 }, finish: 'stop', calls: 2 });
  expect(sent.map(({ messages: turns }) => (turns as unknown[]).length)).toEqual([1, 1]);
  const still = await ask([cut, cut, reply()], { schema: SCHEMA });
  expect(still.answer.json).toMatchObject({ text: '{"a": 1, "b', json: null, finish: 'length', calls: 2 });
  expect(still.sent).toHaveLength(2);
  const streamed = await ask([cut, cut], { schema: SCHEMA, stream: true });
  expect(streamed.answer.text).toContain(JSON.stringify({ text: '{"a": 1, "b' }));
});

test('a schema is first answered within the usual size of the task, and anew within the largest', async () => {
  const roomy = await startModelServer({ config: '[models]\nmax_answer_tokens = 900\n' });
  const json = { model: 'gpt-scripted', messages, schema: SCHEMA };
  for (let seen = 0; seen < 20; seen++) {
    roomy.upstream.script(reply({ text: '{"a": 1}', usage: used(15) }));
    await roomy.server.api('POST', '/v1/chat', { json });
  }
  const before = roomy.upstream.received.length;
  const cut = reply({ text: '{"a": 1, "b', finish: 'length', usage: used(40) });
  roomy.upstream.script(cut, reply({ text: '{"a": 1}' }));
  const answer = await roomy.server.api('POST', '/v1/chat', { json });
  expect(answer.json).toMatchObject({ json: { a: 1 }, calls: 2 });
  const asked = roomy.upstream.received.slice(before).map(({ body }) => body.max_tokens);
  await roomy.close();
  expect(asked).toEqual([256, 860]);
});

test.each<[string, readonly ScriptedReply[], Record<string, unknown>, number]>([
  [
    'calls',
    Array.from({ length: 6 }, () => reply({ text: 'more ', finish: 'length', usage: used(1) })),
    {},
    4,
  ],
  [
    'tokens',
    Array.from({ length: 6 }, () => reply({ text: 'more ', finish: 'length', usage: used(70) })),
    { model: 'ollama/llama' },
    3,
  ],
  [
    'dollars',
    Array.from({ length: 6 }, () => reply({ text: 'more ', finish: 'length', usage: used(45) })),
    {},
    2,
  ],
  [
    'the tokens asked for',
    Array.from({ length: 6 }, () => reply({ text: 'more ', finish: 'length', usage: used(30) })),
    { max_output_tokens: 50 },
    2,
  ],
])('%s bound an answer that stays cut, and it says length', async (_, replies, more, calls) => {
  const { answer, sent } = await ask(replies, more);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toMatchObject({ finish: 'length', calls });
  expect(sent).toHaveLength(calls);
});

test('no call is asked for more tokens than are left of the answer', async () => {
  const { sent } = await ask(
    [reply({ text: FIRST, finish: 'length', usage: used(30) }), reply({ text: SECOND })],
    {
      max_output_tokens: 50,
    },
  );
  expect(sent.map(({ max_tokens }) => max_tokens)).toEqual([50, 20]);
});

test('a continuation that fails or is refused leaves what is there, as cut by length', async () => {
  const { answer, records } = await ask([reply({ text: FIRST, finish: 'length' }), reply({ status: 500 })]);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json).toMatchObject({ text: FIRST, finish: 'length', calls: 1 });
  expect(records.calls.map(({ status }) => status)).toEqual(['ok', 'failed']);
});

// Every call of a model by this system itself goes through generateContinuable; the drop-in addresses pass one call on.
const CALL_SITES: Readonly<Record<string, readonly string[]>> = {
  callModel: ['src/ai/aibridge/generate-continuable.ts', 'src/ai/aibridge/operations/protocol-chat.ts'],
  reachModel: ['src/ai/aibridge/call-model.ts', 'src/ai/aibridge/operations/embeddings.ts'],
  chat: ['src/ai/aibridge/call-model.ts', 'src/ai/aibridge/providers/'],
};

test.each(Object.entries(CALL_SITES))('only the listed files call %s', (name, allowed) => {
  const callers = sourceTree(['src']).filter((file) => calls(file, name));
  const others = callers.filter(({ path }) => !allowed.some((one) => path.startsWith(one)));
  expect(others.map(({ path }) => path)).toEqual([]);
  expect(callers.length).toBeGreaterThan(0);
});

/** Whether a file calls a function of this name; `chat` only as the method that sends with a spending. */
function calls(file: SourceFile, name: string): boolean {
  let found = false;
  walk(file.program, ({ type, callee, arguments: args }) => {
    if (type !== 'CallExpression' || !isNode(callee)) return;
    if (name !== 'chat') found ||= callee.type === 'Identifier' && callee.name === name;
    else
      found ||=
        isMethod(callee, name) && Array.isArray(args) && isNode(args[0]) && args[0].name === 'spending';
  });
  return found;
}

function isMethod({ type, property }: SyntaxNode, name: string): boolean {
  return type === 'MemberExpression' && isNode(property) && property.name === name;
}
