import { describe, expect, it } from 'vitest';
import { createReadQueue } from './read-queue.ts';
import type { ReadAnswer, ReadQuery } from './sqlite-reader.ts';

const read = (name: string): ReadQuery => ({ sql: name, parameters: [] });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A reader that answers each read with its own text, except `broken`. */
function reader() {
  const messages: string[][] = [];
  return {
    messages,
    async send(queries: readonly ReadQuery[]): Promise<readonly ReadAnswer[]> {
      messages.push(queries.map(({ sql }) => sql));
      return queries.map(({ sql }) =>
        sql === 'broken'
          ? { kind: 'failed', error: { message: 'no such column', errcode: 1 } }
          : { kind: 'rows', rows: [{ sql }] },
      );
    },
  };
}

describe('the read queue', () => {
  it('sends what several requests read in answer to one event as one message, and long turns in parts', async () => {
    const { messages, send } = reader();
    const reads = createReadQueue({ send, timeoutMs: 60_000 });
    const names = Array.from({ length: 20 }, (_, at) => `read ${at}`);
    const answers = names.map(async (name, at) => {
      // Requests come to their reads in different microtasks of the turn.
      for (let hop = 0; hop < at % 3; hop++) await null;
      return reads(read(name));
    });
    expect(await Promise.all(answers)).toEqual(names.map((sql) => ({ kind: 'rows', rows: [{ sql }] })));
    expect(messages.map((message) => message.length)).toEqual([16, 4]);
  });

  it('keeps reads of different turns apart', async () => {
    const { messages, send } = reader();
    const reads = createReadQueue({ send, timeoutMs: 60_000 });
    await reads(read('first'));
    await turn();
    await reads(read('second'));
    expect(messages).toEqual([['first'], ['second']]);
  });

  it('fails a refused read alone', async () => {
    const reads = createReadQueue({ ...reader(), timeoutMs: 60_000 });
    const answers = await Promise.all([reads(read('a')), reads(read('broken')), reads(read('b'))]);
    expect(answers.map(({ kind }) => kind)).toEqual(['rows', 'failed', 'rows']);
  });

  it('refuses a value that cannot cross to the thread, and sends its neighbours', async () => {
    const { messages, send } = reader();
    const reads = createReadQueue({ send, timeoutMs: 60_000 });
    const unstorable = { sql: 'a', parameters: [() => 1] };
    const outcomes = await Promise.allSettled([reads(unstorable), reads(read('b'))]);
    expect(outcomes[0]).toMatchObject({ reason: { code: 'metastore.statement_failed' } });
    expect(outcomes[1]).toMatchObject({ value: { kind: 'rows' } });
    expect(messages).toEqual([['b']]);
  });

  it('tells all readers of a turn that the thread is gone or silent', async () => {
    const gone = createReadQueue({ send: () => Promise.reject(new Error('ended')), timeoutMs: 60_000 });
    const silent = createReadQueue({ send: () => new Promise(() => undefined), timeoutMs: 1 });
    for (const reads of [gone, silent]) {
      const outcomes = await Promise.allSettled([reads(read('a')), reads(read('b'))]);
      expect(outcomes).toMatchObject([
        { status: 'rejected', reason: { code: 'metastore.unavailable' } },
        { status: 'rejected', reason: { code: 'metastore.unavailable' } },
      ]);
    }
  });
});
