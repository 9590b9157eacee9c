import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { providersConfig, ROUTING } from '../harness/model-server.ts';
import { startTestServer } from '../harness/server.ts';

const chunk = (delta: object, finish: string | null) =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

it('keeps a connection whose stream ends a moment after its last event, for the calls after it', async () => {
  const ports: (number | undefined)[] = [];
  const ended: Promise<unknown>[] = [];
  // The end of the body comes in a packet of its own, as from most services.
  const upstream = createServer((request, response) => {
    ports.push(request.socket.remotePort);
    ended.push(once(response, 'close'));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`${chunk({ content: 'Hello' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`);
    setTimeout(() => response.end(), 20);
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const { port } = upstream.address() as AddressInfo;
  const server = await startTestServer({
    routing: ROUTING,
    config: providersConfig(`http://127.0.0.1:${port}`),
  });
  try {
    for (let call = 0; call < 3; call++) {
      const json = {
        model: 'openai/gpt-scripted',
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
      };
      const answer = await server.api('POST', '/v1/chat/completions', { json });
      expect(answer.text).toContain('data: [DONE]');
      await ended.at(-1);
    }
    expect(ports).toHaveLength(3);
    expect(new Set(ports).size).toBe(1);
  } finally {
    await server.close();
    upstream.closeAllConnections();
    upstream.close();
  }
});
