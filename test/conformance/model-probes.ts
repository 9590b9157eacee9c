import { isLakeError } from '../../src/base/index.ts';
import { callRecords, heldNow } from '../harness/call-records.ts';
import type { ModelServer } from '../harness/model-server.ts';
import { bodyOf, postJson, statusOf } from '../harness/raw-http.ts';
import { storeRows } from '../harness/store-rows.ts';
import { chatOf, providersOver, spendingOf } from '../support/provider-calls.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';
import type { Probe } from './probes.ts';

/** Rules and a ceiling that the probes meet on purpose. */
export const MODEL_TRUTH = `
[[rules]]
name = "probe-reviewed"
task_class = "chat.reviewed"
phase = "after"
action = "require-review"
message = "The probe holds it."
when = { type = "Always" }

[[rules]]
name = "probe-whole"
task_class = "chat.whole"
phase = "after"
action = "block"
message = "Blocked by the probe."
when = { type = "Always" }

[[rules]]
name = "probe-pieces"
task_class = "chat.pieces"
phase = "after"
extent = "piece"
action = "block"
message = "Blocked by the probe."
when = { type = "FieldMatches", field = "answer.text", pattern = "QXZQ 7319 QXZQ" }
`;
export const MODEL_CEILINGS =
  '[[ceilings]]\nname = "probe-one"\nwhen = { task = "rationed" }\nrequests_per_hour = 1\n';

const messages = [{ role: 'user', content: 'Hello?' }];

/** What is only seen of a call from more than its answer: the store meanwhile and after, the provider, the stream. */
export async function modelProbes({ server, upstream }: ModelServer): Promise<Probe[]> {
  const found: Probe[] = [];
  const note = (step: string, holds: boolean, seen: unknown) =>
    found.push({ operation: 'models', step, holds, seen: JSON.stringify(seen).slice(0, 300) });
  const send = async (requestId: string, more: object) => {
    const json = { model: 'gpt-scripted', messages, max_tokens: 50, ...more };
    const raw = await postJson(server.url, '/v1/chat/completions', { key: server.adminKey, requestId, json });
    return { status: statusOf(raw), ...bodyOf(raw) };
  };

  upstream.script(reply({ fault: 'hang' }));
  const before = upstream.received.length;
  const underWay = send('probe-under-way', {});
  while (upstream.received.length === before) await new Promise((done) => setImmediate(done));
  const [open] = storeRows<{ status: string }>(
    server.home,
    "SELECT status FROM audit_rows WHERE request_id = 'probe-under-way'",
  );
  note('held before the provider is asked', heldNow(server.home).holds === 1, heldNow(server.home));
  note('audited before the provider is asked', open?.status === 'open', open ?? 'no row');
  await underWay;

  const answered = await send('probe-answered', {});
  const { calls, events, audit } = callRecords(server.home, 'probe-answered');
  const [call] = calls;
  note('call settled', calls.length === 1 && call?.cost_nano_usd === 44_000, calls);
  note('nothing held after', heldNow(server.home).holds === 0, heldNow(server.home));
  note('call journaled', events.length === 1 && events[0]?.spend_id === call?.spend_id, events);
  note('audited, closed', audit.length === 1 && audit[0]?.status === 'ok', { answered, audit });

  for (const stream of [false, true]) {
    const whole = await send(`probe-whole-${stream}`, { stream, lakehouse_task: 'whole' });
    note('whole answer judged', whole.status === 422 && !whole.text.includes('Hello from'), whole);
  }
  upstream.script(reply({ text: `${'so it is '.repeat(40)} QXZQ 7319 QXZQ ${'and so on '.repeat(40)}` }));
  const pieces = await send('probe-pieces', { stream: true, lakehouse_task: 'pieces' });
  note('pieces judged before they leave', !pieces.isWhole && !/QXZ|731/.test(saidIn(pieces.text)), pieces);

  const first = await send('probe-first', { lakehouse_task: 'rationed' });
  const second = await send('probe-second', { lakehouse_task: 'rationed' });
  note('ceiling holds', first.status === 200 && second.status === 402, [first.status, second.status]);

  for (const provider of providersOver(upstream.url)) {
    const { signal } = new AbortController();
    const once = {
      model: 'scripted/plain',
      request: { kind: 'chat', chat: chatOf() },
      stream: false,
      signal,
    } as const;
    const spending = spendingOf();
    await provider.chat(spending, once);
    const refused = await provider.chat(spending, once).catch((error: unknown) => error);
    const holds = isLakeError(refused) && refused.code === 'scope.not_issued';
    note('a spending is good for one call', holds, `${provider.name} ${holds}`);
    await provider.close();
  }
  return found;
}

function saidIn(stream: string): string {
  return stream
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices?.[0]?.delta?.content ?? '')
    .join('');
}
