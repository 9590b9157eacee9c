import type { ServerResponse } from 'node:http';
import type { Answer } from '../door/index.ts';

/** How an answer left: `reset` where it was cut off, so that no client takes a part for the whole. */
export type Delivery = 'sent' | 'reset';

export interface AnswerParts {
  readonly response: ServerResponse;
  readonly answer: Answer;
  /** Only the head is sent: the request was a HEAD. */
  readonly headOnly: boolean;
  readonly slowReaderMs: number;
  readonly onBreak: (error: unknown) => void;
}

/** Written at once at most, so that a slow reader's progress is seen in pieces of this size. */
const WRITE_BYTES = 65_536;
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Writes an answer with back-pressure. The first chunk is awaited before the headers go, so that an early failure is
 * still a refusal (it throws then); the last is held back until the door has closed the answer's record. A later
 * failure, or a reader that takes nothing for `slowReaderMs`, destroys the connection without a terminator.
 */
export async function writeAnswer(parts: AnswerParts): Promise<Delivery> {
  const { answer, response } = parts;
  if (answer.kind === 'value') return writeValue(parts, answer.status, answer.value);
  if (parts.headOnly || BODILESS.has(answer.status)) {
    await answer.endUnread();
    setHeaders(parts, { 'content-type': answer.contentType });
    response.writeHead(answer.status).end();
    return 'sent';
  }
  const chunks = answer.chunks[Symbol.asyncIterator]();
  let step = await chunks.next();
  try {
    setHeaders(parts, { 'content-type': answer.contentType });
    response.statusCode = answer.status;
  } catch (error) {
    // The answer has begun: only when it is told that nobody reads it does it give back what it holds.
    await chunks.return?.();
    throw error;
  }
  try {
    while (step.done !== true) {
      const next: IteratorResult<Uint8Array> = await chunks.next();
      // The only chunk of an answer goes with its head, which then says how long it is.
      if (next.done === true && !response.headersSent) {
        await endWith(response, step.value, parts.slowReaderMs);
        return 'sent';
      }
      await write(response, step.value, parts.slowReaderMs);
      step = next;
    }
    await endWith(response, null, parts.slowReaderMs);
    return 'sent';
  } catch (error) {
    parts.onBreak(error);
    await handedOver(response);
    cutOff(response);
    await Promise.resolve(chunks.return?.()).catch(parts.onBreak);
    return 'reset';
  }
}

async function writeValue(parts: AnswerParts, status: number, value: unknown): Promise<Delivery> {
  const { response } = parts;
  if (BODILESS.has(status) || value === null || value === undefined) {
    setHeaders(parts, {});
    response.writeHead(status).end();
    return 'sent';
  }
  const body = Buffer.from(JSON.stringify(value));
  setHeaders(parts, { 'content-type': 'application/json', 'content-length': String(body.length) });
  response.statusCode = status;
  if (parts.headOnly) {
    response.end();
    return 'sent';
  }
  try {
    await endWith(response, body, parts.slowReaderMs);
    return 'sent';
  } catch (error) {
    parts.onBreak(error);
    response.destroy();
    return 'reset';
  }
}

/** The answer's own headers win over the defaults; the guard's and the request id stay. */
function setHeaders(parts: AnswerParts, defaults: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries({ ...defaults, ...parts.answer.headers })) {
    parts.response.setHeader(name, value);
  }
  if (parts.answer.kind === 'value' && parts.answer.replayed) {
    parts.response.setHeader('idempotency-replayed', 'true');
  }
}

async function write(response: ServerResponse, bytes: Uint8Array, slowReaderMs: number): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += WRITE_BYTES) {
    if (response.destroyed) throw gone();
    const piece = bytes.subarray(offset, offset + WRITE_BYTES);
    if (!response.write(piece)) await awaitReader(response, 'drain', slowReaderMs);
  }
}

/**
 * What was written last may be the refusal in the stream's own words. HTTP corks a write until its turn is over, and a
 * connection that is destroyed within the turn takes it along.
 */
async function handedOver(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Over HTTP/1.0 the end of the connection is the end of the answer, so that one that breaks off there must be reset: an orderly end
 * would make a part of it the whole. A reset may take along what its reader has not read yet.
 */
function cutOff(response: ServerResponse): void {
  if (response.req.httpVersionMajor === 1 && response.req.httpVersionMinor === 0) {
    response.socket?.resetAndDestroy();
  }
  response.destroy();
}

/** Ends the answer, with its last bytes where there are any, and waits until the reader has been given all of it. */
async function endWith(
  response: ServerResponse,
  bytes: Uint8Array | null,
  slowReaderMs: number,
): Promise<void> {
  const isShort = bytes !== null && bytes.length <= WRITE_BYTES;
  if (bytes !== null && !isShort) await write(response, bytes, slowReaderMs);
  const finished = awaitReader(response, 'finish', slowReaderMs);
  if (isShort) response.end(bytes);
  else response.end();
  await finished;
}

function awaitReader(
  response: ServerResponse,
  event: 'drain' | 'finish',
  slowReaderMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (response.destroyed) return reject(gone());
    const settle = (failure: Error | null) => {
      clearTimeout(timer);
      response.off(event, came).off('close', closed).off('error', settle);
      if (failure === null) resolve();
      else reject(failure);
    };
    const came = () => settle(null);
    const closed = () => settle(gone());
    const timer = setTimeout(() => settle(new Error('the client took no byte in time')), slowReaderMs);
    response.on(event, came).on('close', closed).on('error', settle);
  });
}

function gone(): Error {
  return new Error('the client is gone');
}
