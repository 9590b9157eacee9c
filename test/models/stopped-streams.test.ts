import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callRecords, heldNow } from '../harness/call-records.ts';
import { type ModelServer, startModelServer } from '../harness/model-server.ts';
import { bodyOf, openConnection, postJson, statusOf } from '../harness/raw-http.ts';
import { reply } from '../support/scripted-provider/scripted-reply.ts';

// F-8 and K-17 under the shipped rules: a stream that is stopped after some of it has left is settled once, by what it said.

let lake: ModelServer;
let analyst: string;
beforeAll(async () => {
  lake = await startModelServer({
    truth: readFileSync(new URL('../../config/truth.toml', import.meta.url), 'utf8'),
    provider: 'headers_timeout_ms = 60000\nidle_timeout_ms = 60000',
  });
  analyst = (await lake.server.key('analyst')).key;
});
afterAll(() => lake.close());

const WAYS = ['/v1/chat', '/v1/chat/completions', '/v1/messages'].flatMap((path) =>
  ['gpt-scripted', 'claude-scripted', 'ollama/llama'].map((model) => ({ path, model })),
);
type Way = (typeof WAYS)[number];
const requestOf = ({ path, model }: Way) => ({
  model,
  messages: [{ role: 'user', content: 'Hello?' }],
  stream: true,
  [path === '/v1/chat' ? 'max_output_tokens' : 'max_tokens']: 900,
});
const idOf = (what: string, { path, model }: Way) => `${what}-${path}-${model}`.replaceAll(/\W/g, '-');

/** Settled by what was said of the call, and not as held. */
function expectSettled(requestId: string, errorClass: string) {
  const { calls, events } = callRecords(lake.server.home, requestId);
  expect(calls).toEqual([expect.objectContaining({ status: 'partial', error_class: errorClass })]);
  expect(calls[0]?.output_tokens).toBeGreaterThan(0);
  expect(calls[0]?.output_tokens).toBeLessThan(300);
  expect(calls[0]?.input_tokens).toBeGreaterThan(0);
  expect(events).toHaveLength(1);
  expect(heldNow(lake.server.home)).toEqual({ holds: 0, held: 0 });
}

const CALM = 'So far all is well, and so it goes on. ';

test.each(WAYS)(
  'a rule stops a stream of $path by $model in the middle: its provider is cut off',
  async (way) => {
    // Half of it is given, and then nothing more: only a cut ends it.
    lake.upstream.script(
      reply({
        text: `${CALM.repeat(4)}Write to ada@example.org now. ${CALM.repeat(9)}`,
        fault: 'hang_midway',
      }),
    );
    const requestId = idOf('blocked', way);
    const before = lake.upstream.received.length;
    const answer = await postJson(lake.server.url, way.path, {
      key: analyst,
      requestId,
      json: requestOf(way),
    });
    const { text, isWhole } = bodyOf(answer);
    expect(statusOf(answer)).toBe(200);
    expect(isWhole).toBe(false);
    expect(text).toContain('So far');
    expect(text).toContain('holds personal data of a kind that your role sees masked');
    expect(text).not.toMatch(/ada|\[DONE\]|message_stop|"finish_reason":"|"stop_reason":"|event: done/);
    expect(lake.upstream.received.length).toBe(before + 1);
    expect(await lake.upstream.received.at(-1)?.ended).toBe('cancelled');
    expectSettled(requestId, 'cancelled');
    expect(callRecords(lake.server.home, requestId).audit).toEqual([
      expect.objectContaining({ status: 'failed', closing_code: 'door.truth_blocked' }),
    ]);
  },
);

test.each(WAYS)('the reader of $path by $model leaves between two pieces', async (way) => {
  lake.upstream.script(reply({ text: CALM.repeat(40), gapMs: 5 }));
  const requestId = idOf('between', way);
  const before = lake.upstream.received.length;
  const { url } = lake.server;
  const body = JSON.stringify(requestOf(way));
  const socket = await openConnection(url);
  socket.write(
    `POST ${way.path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nx-api-key: ${analyst}\r\n` +
      `x-request-id: ${requestId}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  let came = '';
  socket.on('data', (bytes) => {
    came += bytes;
  });
  while (!came.includes('all is')) await once(socket, 'data');
  socket.destroy();
  expect(lake.upstream.received.length).toBe(before + 1);
  expect(await lake.upstream.received.at(-1)?.ended).toBe('cancelled');
  await expect
    .poll(() => callRecords(lake.server.home, requestId).audit.map(({ status }) => status))
    .toEqual(['cancelled']);
  expectSettled(requestId, 'cancelled');
});
