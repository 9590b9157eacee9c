import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropicFormat } from './anthropic-format.ts';
import { ollamaFormat } from './ollama-format.ts';
import { openAiFormat } from './openai-format.ts';
import { reply, SCRIPTED_REPLIES, type ScriptedReply } from './scripted-reply.ts';
import type { WireFormat } from './wire-format.ts';

/**
 * A stand-in for model services: a real HTTP server on 127.0.0.1 that speaks the wire formats of OpenAI (below `/v1`),
 * Anthropic (`/v1/messages`) and Ollama (below `/api`), and fails on demand. It runs no model.
 */
export interface ScriptedProvider {
  /** `http://127.0.0.1:<port>`; OpenAI's base URL is this with `/v1`. */
  readonly url: string;
  /** Requests in the order in which they came. */
  readonly received: readonly ReceivedRequest[];
  /** Replies for the next chats, in order, before any that a model name or a header asks for. */
  script(...replies: readonly ScriptedReply[]): void;
  /** Answers every chat by what it asks, from now on, where nothing is scripted; null goes back to the names. */
  answerBy(judge: ((request: ReceivedRequest) => ScriptedReply) | null): void;
  close(): Promise<void>;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; an empty object where there is none. */
  readonly body: Record<string, unknown>;
  /** Tells connections apart. */
  readonly remotePort: number | undefined;
  /** Resolves when the connection of the answer is over: whether the whole answer was taken. */
  readonly ended: Promise<'complete' | 'cancelled'>;
}

/** Faults that come after everything was said. */
const WHOLE_STREAMS: ReadonlySet<string> = new Set([
  'no_terminator',
  'no_finish',
  'no_last_count',
  'hang_at_end',
]);

const FORMATS: Readonly<Record<string, WireFormat>> = {
  '/v1/chat/completions': openAiFormat,
  '/v1/messages': anthropicFormat,
  '/api/chat': ollamaFormat,
};

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const received: ReceivedRequest[] = [];
  const queue: ScriptedReply[] = [];
  const script: Script = { queue, judge: null };
  const server = createServer((request, response) => {
    void receive(request, response).then((one) => {
      received.push(one);
      answer(one, response, script);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    script: (...replies) => void queue.push(...replies),
    answerBy: (judge) => {
      script.judge = judge;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<ReceivedRequest> {
  const ended = new Promise<'complete' | 'cancelled'>((resolve) => {
    response.on('close', () => resolve(response.writableFinished ? 'complete' : 'cancelled'));
  });
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const body = bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
  const { method = '', url: path = '', headers } = request;
  return { method, path, headers, bytes, body, remotePort: request.socket.remotePort, ended };
}

/** What is to be answered next. */
interface Script {
  readonly queue: ScriptedReply[];
  judge: ((request: ReceivedRequest) => ScriptedReply) | null;
}

function answer(request: ReceivedRequest, response: ServerResponse, script: Script): void {
  const format = FORMATS[request.path];
  if (format !== undefined) chat(request, format, pick(request, script), response);
  else if (request.path === '/v1/messages/count_tokens') count(request, pick(request, script), response);
  else if (request.path.startsWith('/v1/models')) list(response, { object: 'list', data: models('id') });
  else if (request.path === '/api/tags') list(response, { models: models('model') });
  else if (request.path === '/v1/embeddings' || request.path === '/api/embed') {
    embed(request, pick(request, script), response);
  } else {
    const body = '{"error":{"message":"no such path"}}';
    response.writeHead(404, { 'content-type': 'application/json' }).end(body);
  }
}

function chat(
  request: ReceivedRequest,
  format: WireFormat,
  picked: ScriptedReply,
  response: ServerResponse,
): void {
  const one = picked.echoes ? { ...picked, text: request.bytes.toString('utf8') } : picked;
  const model = String(request.body.model);
  const options = request.body.stream_options as { include_usage?: boolean } | undefined;
  const includesUsage = options?.include_usage === true;
  if (answersOtherwise(one, format, response)) return;
  // Ollama streams unless it is told not to.
  const isStream = request.body.stream ?? format === ollamaFormat;
  if (isStream === true && one.fault !== 'unstreamed')
    void stream(one, format, { model, includesUsage }, response);
  else void whole(one, withFault(one, format.whole(one, model)), response);
}

function pick(request: ReceivedRequest, { queue, judge }: Script): ScriptedReply {
  const { headers, body } = request;
  const named = headers['x-scripted'] ?? /^scripted\/(\w+)$/.exec(String(body.model))?.[1];
  const found = typeof named === 'string' ? SCRIPTED_REPLIES[named] : undefined;
  return queue.shift() ?? judge?.(request) ?? found ?? reply();
}

/** Replies that are no answer of the protocol, whether a stream was asked for or not. */
function answersOtherwise(one: ScriptedReply, format: WireFormat, response: ServerResponse): boolean {
  const error = format.error(one.errorMessage);
  if (one.status !== null) {
    response.writeHead(one.status, { 'content-type': 'application/json', ...one.headers }).end(error);
    return true;
  }
  switch (one.fault) {
    case 'hang':
      return true;
    case 'no_answer':
      response.socket?.destroy();
      return true;
    case 'no_http':
      response.socket?.end('this is no HTTP\r\n\r\n');
      return true;
    case 'wrong_content_type':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>It works!</body></html>');
      return true;
    case 'error_body':
      response.writeHead(200, { 'content-type': 'application/json' }).end(error);
      return true;
    default:
      return false;
  }
}

/** One object that holds the depth wherever one of the protocols looks for content. */
function deepObject(): string {
  const depth = `{"a":${'['.repeat(100_000)}"x"${']'.repeat(100_000)}}`;
  const choice = `{"index":0,"message":${depth},"delta":${depth}}`;
  return `{"type":"content_block_start","content_block":${depth},"choices":[${choice}],"content":[${depth}],"message":${depth}}`;
}

/** An answer that is an error as well. */
function withFault({ fault, errorMessage }: ScriptedReply, text: string): string {
  if (fault === 'deep') return deepObject();
  if (fault === 'empty') return '{}';
  return fault === 'error_midway'
    ? JSON.stringify({ ...JSON.parse(text), error: { message: errorMessage } })
    : text;
}

async function whole(one: ScriptedReply, text: string, response: ServerResponse): Promise<void> {
  const body = Buffer.from(one.fault === 'garbage' ? text.slice(0, -9) : text);
  const half = body.subarray(0, body.length / 2);
  if (one.held?.part === 'head') await one.held.until;
  response.writeHead(200, { 'content-type': 'application/json', ...one.headers });
  if (one.held?.part === 'half') {
    response.write(half);
    await one.held.until;
    response.end(body.subarray(half.length));
    return;
  }
  if (one.fault === 'hang_midway') response.write(half);
  else if (one.fault === 'cut' || one.fault === 'torn') response.end(half);
  else if (one.fault === 'reset') response.write(half, () => response.socket?.destroy());
  else if (one.fault === 'endless') repeat(response, ' '.repeat(65_536));
  else response.end(body);
}

async function stream(
  one: ScriptedReply,
  format: WireFormat,
  facts: { readonly model: string; readonly includesUsage: boolean },
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, { 'content-type': format.streamMediaType, ...one.headers });
  response.flushHeaders();
  const { said, finish, terminator } = format.events(one, facts);
  const half = said.slice(0, Math.ceil(said.length / 2));
  const isHalf = one.fault !== null && !WHOLE_STREAMS.has(one.fault);
  const events = isHalf ? half : [...said, ...(one.fault === 'no_finish' ? [] : finish)];
  if (one.fault === null || one.fault === 'no_last_count') events.push(...terminator);
  if (one.fault === 'garbage') events.push(format.garbage);
  if (one.fault === 'deep')
    events.push(format === ollamaFormat ? `${deepObject()}\n` : `data: ${deepObject()}\n\n`);
  if (one.fault === 'torn') events.push((half.at(-1) ?? '').slice(0, -12));
  if (one.fault === 'error_midway') events.push(format.errorEvent(one.errorMessage));
  for (const text of events) {
    if (response.destroyed) return;
    response.write(text);
    if (one.gapMs > 0) await new Promise((resolve) => setTimeout(resolve, one.gapMs));
  }
  if (one.fault === 'hang_midway' || one.fault === 'hang_at_end') return;
  if (one.fault === 'endless') repeat(response, half.at(-1) ?? '');
  else if (one.fault === 'reset') response.write('', () => response.socket?.destroy());
  else response.end();
}

/** Writes as fast as the reader takes it, until the reader goes. */
function repeat(response: ServerResponse, text: string): void {
  const write = () => {
    while (!response.destroyed && response.write(text));
    if (!response.destroyed) response.once('drain', write);
  };
  write();
}

/** As many tokens as the messages have characters. */
function count({ body }: ReceivedRequest, one: ScriptedReply, response: ServerResponse): void {
  if (answersOtherwise(one, anthropicFormat, response)) return;
  list(response, { input_tokens: JSON.stringify(body.messages).length });
}

function embed(request: ReceivedRequest, one: ScriptedReply, response: ServerResponse): void {
  const isOllama = request.path === '/api/embed';
  if (answersOtherwise(one, isOllama ? ollamaFormat : openAiFormat, response)) return;
  const texts = request.body.input as readonly string[];
  const vectors: unknown[] = texts.map((text) => [text.length, 0.5, -1]);
  if (one.fault === 'vector_short') vectors.pop();
  if (one.fault === 'no_vectors') vectors.fill('AACAPw==');
  const data = vectors.map((embedding, index) => ({ object: 'embedding', index, embedding }));
  const tokens = one.usage === null ? {} : { prompt_tokens: texts.length, total_tokens: texts.length };
  const answer = isOllama
    ? {
        model: request.body.model,
        embeddings: vectors,
        ...(one.usage === null ? {} : { prompt_eval_count: texts.length }),
      }
    : { object: 'list', data: data.reverse(), model: request.body.model, usage: tokens };
  void whole(one, withFault(one, JSON.stringify(answer)), response);
}

function models(member: string): readonly object[] {
  return ['scripted/plain', 'scripted:1t'].map((name) => ({ [member]: name }));
}

function list(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
