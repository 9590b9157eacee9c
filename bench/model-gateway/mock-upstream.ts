// A stand-in for a model service, in a process of its own: chat completions of OpenAI, at once and always the same. A
// stream is sixteen pieces; the model `mock/slow` waits between them, as models do. Prints its port as one line.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PIECES = Array.from({ length: 16 }, (_, at) => `piece ${at} of a made-up answer `);
const GAP_MS = 20;
const HEAD = { id: 'chatcmpl-mock', created: 1_700_000_000, model: 'mock' };
const USAGE = { prompt_tokens: 40, completion_tokens: 96, total_tokens: 136 };

const WHOLE = JSON.stringify({
  ...HEAD,
  object: 'chat.completion',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: PIECES.join('') },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: USAGE,
});
const EVENTS = [
  chunk({ role: 'assistant', content: '' }, null),
  ...PIECES.map((content) => chunk({ content }, null)),
  chunk({}, 'stop'),
  `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE })}\n\n`,
  'data: [DONE]\n\n',
];

function chunk(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices })}\n\n`;
}

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const text = Buffer.concat(parts).toString('utf8');
    // Gateways also look whether somebody is there.
    const { stream = false, model = '' } = text === '' ? {} : JSON.parse(text);
    if (stream === true) writeStream(response, String(model).includes('slow') ? GAP_MS : 0);
    else {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(WHOLE),
      });
      response.end(WHOLE);
    }
  });
});
server.keepAliveTimeout = 60_000;

function writeStream(response: ServerResponse, gapMs: number): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let at = 0;
  const next = () => {
    if (response.destroyed) return;
    const event = EVENTS[at++];
    if (event === undefined) return void response.end();
    response.write(event);
    if (gapMs === 0) setImmediate(next);
    else setTimeout(next, gapMs);
  };
  next();
}

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
