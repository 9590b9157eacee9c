import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to a server of this machine, for requests that no HTTP client would send. */
export async function openConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  // Resets are what several tests are about.
  socket.on('error', () => {});
  return socket;
}

/** Everything the server says until it closes the connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** Sends raw bytes and returns the whole answer; the request must ask for the connection to be closed. */
export async function exchange(url: string, bytes: string): Promise<string> {
  const socket = await openConnection(url);
  socket.write(bytes, 'latin1');
  return readToEnd(socket);
}

/** A request without a body, as its lines. */
export function requestLines(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}connection: close\r\n\r\n`;
}

/** The status of an answer's first line. */
export function statusOf(answer: string): number {
  return Number(answer.split(' ', 2)[1]);
}

/** One POST of JSON over a connection of its own; everything that came until it was closed, properly or not. */
export function postJson(
  url: string,
  path: string,
  request: { readonly key: string; readonly requestId: string; readonly json: unknown },
): Promise<string> {
  const body = JSON.stringify(request.json);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${new URL(url).host}`,
    `x-api-key: ${request.key}`,
    `x-request-id: ${request.requestId}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return exchange(url, `${head.join('\r\n')}\r\n\r\n${Buffer.from(body).toString('latin1')}`);
}

/** The body of an answer as it was sent, out of its chunks; `isWhole` where its end came too. */
export function bodyOf(answer: string): { readonly text: string; readonly isWhole: boolean } {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const bytes = rest.join('\r\n\r\n');
  if (!/transfer-encoding: chunked/i.test(head)) {
    const declared = /content-length: (\d+)/i.exec(head)?.[1];
    return {
      text: asText(bytes),
      isWhole: declared !== undefined && bytes.length === Number(declared),
    };
  }
  let text = '';
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    const size = end === -1 ? Number.NaN : Number.parseInt(bytes.slice(at, end), 16);
    if (Number.isNaN(size)) return { text: asText(text), isWhole: false };
    if (size === 0) return { text: asText(text), isWhole: true };
    text += bytes.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
  }
}

function asText(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
