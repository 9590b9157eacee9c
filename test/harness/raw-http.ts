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
