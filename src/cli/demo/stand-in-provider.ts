import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bestCandidate, madeUpAddress } from './stand-in-answer.ts';

/** A service that stands in for a model, so that the demo needs no key. It speaks the protocol of OpenAI; no model runs. */
export interface StandInProvider {
  /** What `base_url` of its entry in lakehouse.toml says. */
  readonly baseUrl: string;
  /** The text of the last chat it was asked, all messages together: what a model would have been given. */
  lastPrompt(): string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 4_194_304;
/** The usual rule of thumb; the stand-in has no tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/** Listens on a free port of 127.0.0.1. */
export async function startStandInProvider(): Promise<StandInProvider> {
  let lastPrompt = '';
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => {
        lastPrompt = promptOf(body);
        answer(response, lastPrompt, body);
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    lastPrompt: () => lastPrompt,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface ChatBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly { readonly content: string | readonly { readonly text?: string }[] }[];
}

async function readBody(request: IncomingMessage): Promise<ChatBody> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function promptOf({ messages }: ChatBody): string {
  return messages
    .map(({ content }) =>
      typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n'),
    )
    .join('\n');
}

function answer(response: ServerResponse, prompt: string, { model, stream = false }: ChatBody): void {
  const text = /\bguess\b/i.test(prompt) ? madeUpAddress(prompt) : bestCandidate(prompt);
  const tokens = (said: string) => Math.ceil(said.length / CHARACTERS_PER_TOKEN);
  const usage = {
    prompt_tokens: tokens(prompt),
    completion_tokens: tokens(text),
    total_tokens: tokens(prompt) + tokens(text),
  };
  const head = { id: 'stand-in', created: 0, model };
  if (!stream) {
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
    return;
  }
  const event = (choices: readonly object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  const words = text.match(/\S+\s*/g) ?? [];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of words) {
    response.write(event([{ index: 0, delta: { content }, finish_reason: null }]));
  }
  response.write(event([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  response.write(event([], { usage }));
  response.end('data: [DONE]\n\n');
}
