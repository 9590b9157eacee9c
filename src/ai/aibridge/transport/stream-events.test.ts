import { describe, expect, it } from 'vitest';
import { OpenAiChatReader } from '../providers/openai-compatible/stream-reader.ts';
import { ServerSentEvents } from './server-sent-events.ts';
import { streamEvents } from './stream-events.ts';
import { Upstream, type UpstreamBody } from './upstream.ts';

const chunk = (content: string, more = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, ...more }] })}\n\n`;
const FINISH = chunk('', { finish_reason: 'stop' });
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n';
const DONE = 'data: [DONE]\n\n';

/** A stream whose chunks come when the test gives them, and what became of its connection. */
function opened(chunks: readonly string[] = []) {
  const waiting: (Uint8Array | null | Error)[] = chunks.map((text) => Buffer.from(text));
  const connection: string[] = [];
  let wake: (() => void) | null = null;
  const give = (what: Uint8Array | null | Error) => {
    waiting.push(what);
    wake?.();
  };
  const body: UpstreamBody = {
    async next() {
      while (waiting.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const first = waiting.shift() ?? null;
      if (first instanceof Error) throw first;
      return first;
    },
    async dump() {
      connection.push('kept');
    },
    abort(error) {
      connection.push('cut');
      give(error);
    },
  };
  const deadline = { release: () => undefined };
  const upstream = new Upstream({ status: 200, headers: {}, body, deadline, maxBytes: 100_000 });
  const events = streamEvents(upstream, new ServerSentEvents(), new OpenAiChatReader({ stripsUsage: false }));
  return { iterator: events[Symbol.asyncIterator](), connection, give };
}

type Opened = ReturnType<typeof opened>;

/** What the steps to come say, up to the end or the failure. */
async function rest({ iterator }: Opened): Promise<readonly string[]> {
  const told: string[] = [];
  try {
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      told.push(step.value.deltas.map((delta) => ('text' in delta ? delta.text : delta.kind)).join(' '));
    }
    return [...told, 'end'];
  } catch (error) {
    return [...told, (error as { class?: string }).class ?? 'defect'];
  }
}

const OVER = { done: true, value: undefined };

describe('the events of a stream', () => {
  it.each([
    [
      'end with the terminator, whatever comes with it',
      [chunk('a') + FINISH + DONE + chunk('b')],
      ['start a', 'finish', '', 'end'],
      'kept',
    ],
    [
      'tell the usage that comes after the reason to stop',
      [chunk('a') + FINISH, USAGE, DONE],
      ['start a', 'finish', 'usage', '', 'end'],
      'kept',
    ],
    [
      'tell what came before garbage of the same chunk',
      [`${chunk('a')}data: {\n\n${chunk('b')}`],
      ['start a', 'server_error'],
      'cut',
    ],
    ['fail where the first is garbage', ['data: {\n\n'], ['server_error'], 'cut'],
    ['fail where the first is an error', ['data: {"error":{"message":"no"}}\n\n'], ['server_error'], 'cut'],
  ])('%s', async (_, chunks, told, became) => {
    const stream = opened(chunks);
    expect(await rest(stream)).toEqual(told);
    expect(await stream.iterator.next()).toEqual(OVER);
    expect(await stream.iterator.return?.()).toEqual(OVER);
    expect(new Set(stream.connection)).toEqual(new Set([became]));
  });

  it.each([
    ['that has said why it stopped', chunk('a') + FINISH, ['start a', 'finish', 'end'], 'kept'],
    ['that has not', chunk('a'), ['start a', 'cut_off'], 'cut'],
    ['in the middle of an event', chunk('a') + FINISH.slice(0, -2), ['start a', 'finish', 'end'], 'kept'],
    ['in the middle of its JSON', chunk('a') + FINISH.slice(0, -9), ['start a', 'cut_off'], 'cut'],
    ['that held nothing', '', ['cut_off'], 'cut'],
  ])('of a connection that ends, or breaks, %s', async (_, text, told, became) => {
    for (const end of [null, Object.assign(new Error('reset'), { code: 'ECONNRESET' })]) {
      const stream = opened([text]);
      stream.give(end);
      expect(await rest(stream)).toEqual(told);
      expect(stream.connection.at(-1)).toBe(became);
      expect(await stream.iterator.next()).toEqual(OVER);
    }
  });

  it('are cut off by a reader that leaves while it waits, which then hears of it', async () => {
    const stream = opened([chunk('a')]);
    await stream.iterator.next();
    const waiting = stream.iterator.next();
    expect(await stream.iterator.return?.()).toEqual(OVER);
    await expect(waiting).rejects.toMatchObject({ class: 'cancelled' });
    expect(await stream.iterator.next()).toEqual(OVER);
  });

  it('say nothing more to a reader that left as they came', async () => {
    const stream = opened([chunk('a')]);
    await stream.iterator.next();
    const waiting = stream.iterator.next();
    stream.give(Buffer.from(chunk('b')));
    await stream.iterator.return?.();
    expect(await waiting).toEqual(OVER);
    expect(stream.connection).toEqual(['cut']);
  });

  it('are cut off by a reader that reads none of them', async () => {
    const stream = opened([chunk('a') + FINISH + DONE]);
    await stream.iterator.return?.();
    expect(await stream.iterator.next()).toEqual(OVER);
    expect(stream.connection).toEqual(['cut']);
  });
});
