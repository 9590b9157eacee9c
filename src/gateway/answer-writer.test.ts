import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { writeAnswer } from './answer-writer.ts';

/** These answers are read: no request here asks for the head alone. */
function notAsked(): never {
  throw new Error('the answer was given up unread');
}

/** What one connection is sent, to its end, where the door answers with these chunks and then, if told so, fails. */
async function sent(chunks: readonly string[], failsAtEnd = false, version = '1.1') {
  async function* all(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
    if (failsAtEnd) throw new Error('the record cannot be closed');
  }
  const broken: unknown[] = [];
  const server = createServer((_, response) => {
    void writeAnswer({
      response,
      answer: {
        kind: 'stream',
        status: 200,
        headers: {},
        contentType: 'text/plain',
        identity: null,
        chunks: all(),
        endUnread: notAsked,
      },
      headOnly: false,
      slowReaderMs: 60_000,
      onBreak: (error) => broken.push(error),
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const errors: string[] = [];
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
  socket.write(`GET / HTTP/${version}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await new Promise((resolve) => socket.once('close', resolve));
  server.close();
  const [head = '', ...body] = Buffer.concat(parts).toString('latin1').split('\r\n\r\n');
  return { head: head.toLowerCase(), body: body.join('\r\n\r\n'), broken: broken.length, errors };
}

test('an answer of one chunk leaves whole, with its length', async () => {
  const { head, body } = await sent(['{"a":1}']);
  expect(head).toContain('content-length: 7');
  expect(head).not.toContain('transfer-encoding');
  expect(body).toBe('{"a":1}');
});

test('a long answer of one chunk and one of several are sent in chunks, with an end', async () => {
  const long = 'x'.repeat(200_000);
  for (const chunks of [[long], ['xyz', 'uvw']]) {
    const { head, body } = await sent(chunks);
    expect(head).toContain('transfer-encoding: chunked');
    expect(body.endsWith('0\r\n\r\n')).toBe(true);
    expect(body.replaceAll(/[0-9a-f]+\r\n|\r\n/g, '').length).toBe(chunks.join('').length);
  }
});

test('an answer that breaks off is reset where its end would be that of the connection', async () => {
  const whole = await sent(['abc', 'def'], false, '1.0');
  expect(whole).toMatchObject({ body: 'abcdef', broken: 0, errors: [] });
  expect(await sent(['abc', 'def'], true, '1.0')).toMatchObject({ broken: 1, errors: ['ECONNRESET'] });
});

test('an answer of no chunk says so', async () => {
  expect((await sent([])).head).toContain('content-length: 0');
});

test('no byte of a chunk leaves before what follows it is known: a failure resets the connection', async () => {
  const { head, body, broken } = await sent(['{"a":1}'], true);
  expect({ head, body, broken }).toEqual({ head: '', body: '', broken: 1 });
});

test('a failure after several chunks leaves no end', async () => {
  const { body, broken } = await sent(['one', 'two'], true);
  expect(body).not.toContain('0\r\n\r\n');
  expect(body).not.toContain('two');
  expect(broken).toBe(1);
});

test('an answer whose head cannot be sent is given up: its record is closed, and the caller hears a refusal', async () => {
  let isClosed = false;
  async function* one(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from('{"a":1}');
    } finally {
      isClosed = true;
    }
  }
  const refused = Promise.withResolvers<unknown>();
  const server = createServer((_, response) => {
    writeAnswer({
      response,
      answer: {
        kind: 'stream',
        status: 200,
        headers: { 'x-name': '\u6a21' },
        contentType: 'text/plain',
        identity: null,
        chunks: one(),
        endUnread: notAsked,
      },
      headOnly: false,
      slowReaderMs: 60_000,
      onBreak: () => undefined,
    }).then(refused.resolve, (error: unknown) => {
      refused.resolve({ error: String(error), headersSent: response.headersSent, isClosed });
      response.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  expect(await refused.promise).toEqual({
    error: expect.stringContaining('x-name'),
    headersSent: false,
    isClosed: true,
  });
  socket.destroy();
  server.close();
});
