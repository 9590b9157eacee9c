import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, startModelServer } from '../harness/model-server.ts';
import { openConnection } from '../harness/raw-http.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// F-8: the client leaves while a model answers, or its key is revoked: the provider is cut off and what was used is paid.

let lake: ModelServer;
beforeAll(async () => {
  lake = await startModelServer({
    truth: 'rules = []\n',
    provider: 'headers_timeout_ms = 60000\nidle_timeout_ms = 60000',
  });
});
afterAll(() => lake.close());

const WAYS = [
  { path: '/v1/chat', model: 'gpt-scripted', named: 'max_output_tokens' },
  { path: '/v1/chat/completions', model: 'gpt-scripted', named: 'max_tokens' },
  { path: '/v1/chat/completions', model: 'ollama/llama', named: 'max_tokens' },
  { path: '/v1/messages', model: 'claude-scripted', named: 'max_tokens' },
  { path: '/v1/messages', model: 'gpt-scripted', named: 'max_tokens' },
];

/** Sends a chat and answers the connection it goes over, and the head and body as far as they have come. */
async function begin(
  way: (typeof WAYS)[number],
  requestId: string,
  options: { key?: string; stream: boolean },
) {
  const { url, adminKey } = lake.server;
  const body = JSON.stringify({
    model: way.model,
    messages: [{ role: 'user', content: 'Hello?' }],
    stream: options.stream,
    [way.named]: 900,
  });
  const socket = await openConnection(url);
  socket.write(
    `POST ${way.path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nx-api-key: ${options.key ?? adminKey}\r\n` +
      `x-request-id: ${requestId}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

/** The request as the provider got it, once it has. */
async function upstreamRequest(before: number) {
  await expect.poll(() => lake.upstream.received.length).toBe(before + 1);
  const received = lake.upstream.received.at(-1);
  if (received === undefined) throw new Error('nothing was received');
  return received;
}

const records = (requestId: string) => callRecords(lake.server.home, requestId);
const closed = (requestId: string) => expect.poll(() => records(requestId).audit.map(({ status }) => status));

test.each(WAYS)('leaving $path by $model in the middle of a stream', async (way) => {
  lake.upstream.script(reply({ text: 'A long answer. '.repeat(20), fault: 'hang_midway' }));
  const requestId = `leaves-${way.path}-${way.model}`.replaceAll(/\W/g, '-');
  const before = lake.upstream.received.length;
  const socket = await begin(way, requestId, { stream: true });
  await once(socket, 'data');
  const received = await upstreamRequest(before);
  socket.destroy();
  expect(await received.ended).toBe('cancelled');
  await closed(requestId).toEqual(['cancelled']);
  const { calls, events } = records(requestId);
  expect(calls).toEqual([expect.objectContaining({ status: 'partial', error_class: 'cancelled' })]);
  const [call] = calls;
  // What was said is paid for, and not what was held.
  expect(call?.output_tokens).toBeGreaterThan(0);
  expect(call?.output_tokens).toBeLessThan(300);
  expect(call?.input_tokens).toBeGreaterThan(0);
  expect(events).toHaveLength(1);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});

test.each(WAYS.flatMap((way) => [true, false].map((stream) => ({ ...way, stream }))))(
  'leaving $path by $model before the first byte, streamed $stream',
  async ({ stream, ...way }) => {
    lake.upstream.script(reply({ fault: 'hang' }));
    const requestId = `early-${way.path}-${way.model}-${stream}`.replaceAll(/\W/g, '-');
    const before = lake.upstream.received.length;
    const socket = await begin(way, requestId, { stream });
    const received = await upstreamRequest(before);
    socket.destroy();
    expect(await received.ended).toBe('cancelled');
    await closed(requestId).toEqual(['cancelled']);
    const { calls, events } = records(requestId);
    expect(calls).toEqual([expect.objectContaining({ error_class: 'cancelled', output_tokens: 0 })]);
    expect(events).toHaveLength(1);
    expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  },
);

test.each(WAYS)(
  'leaving $path by $model while its hold is made durable: nothing is sent, and nothing to pay',
  async (way) => {
    const requestId = `held-${way.path}-${way.model}`.replaceAll(/\W/g, '-');
    const before = lake.upstream.received.length;
    const database = new DatabaseSync(join(lake.server.home, 'store', 'lakehouse.db'), { timeout: 10_000 });
    try {
      // The store waits for who writes into its file, and with it the hold.
      database.exec('BEGIN IMMEDIATE');
      const socket = await begin(way, requestId, { stream: true });
      for (let turn = 0; turn < 50; turn++) await fetch(`${lake.server.url}/health`);
      socket.destroy();
      for (let turn = 0; turn < 5; turn++) await fetch(`${lake.server.url}/health`);
      database.exec('ROLLBACK');
    } finally {
      database.close();
    }
    await closed(requestId).toEqual(['cancelled']);
    const { calls } = records(requestId);
    expect(calls).toEqual([
      expect.objectContaining({
        error_class: 'cancelled',
        cost_nano_usd: 0,
        input_tokens: 0,
        output_tokens: 0,
      }),
    ]);
    expect(lake.upstream.received.length).toBe(before);
    expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
  },
);

test.each(WAYS)('a key revoked in the middle of a stream of $path by $model', async (way) => {
  const { key, keyId } = await lake.server.key('analyst');
  lake.upstream.script(reply({ text: 'A long answer. '.repeat(20), fault: 'hang_midway' }));
  const requestId = `revoked-${way.path}-${way.model}`.replaceAll(/\W/g, '-');
  const before = lake.upstream.received.length;
  const socket = await begin(way, requestId, { key, stream: true });
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  await once(socket, 'data');
  const received = await upstreamRequest(before);
  expect((await lake.server.api('DELETE', `/access/keys/${keyId}`)).status).toBeLessThan(300);
  expect(await received.ended).toBe('cancelled');
  if (!socket.closed) await once(socket, 'close');
  expect(text.endsWith('0\r\n\r\n')).toBe(false);
  expect(text).not.toMatch(/\[DONE\]|message_stop/);
  await closed(requestId).toEqual(['failed']);
  const { calls, audit } = records(requestId);
  expect(audit[0]?.closing_code).toBe('door.revoked');
  expect(calls).toEqual([expect.objectContaining({ status: 'partial', error_class: 'cancelled' })]);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
});
