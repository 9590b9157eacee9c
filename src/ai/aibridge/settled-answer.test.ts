import { expect, test } from 'vitest';
import type { Counted } from './call-model.ts';
import type { StreamEvent } from './provider.ts';
import { settledAnswer } from './settled-answer.ts';

/** A call whose stream says a word and then waits; what it was told. */
function startedStream() {
  const told: string[] = [];
  const events: AsyncIterator<StreamEvent> = {
    next: async () => ({
      done: false,
      value: { bytes: Buffer.from('so '), deltas: [{ kind: 'text', choice: 0, text: 'so ' }] },
    }),
    async return() {
      told.push('cut off');
      return { done: true, value: undefined };
    },
  };
  const usage = { input: 1, cachedInput: 0, cacheWriteInput: 0, output: 1, reasoning: 0 };
  const chunks = settledAnswer({
    started: {
      rung: { provider: 'p', model: 'm' } as never,
      reply: { kind: 'stream', events: { [Symbol.asyncIterator]: () => events } },
      attempts: [],
      settle(counted: Counted, failure) {
        told.push(`settled as ${failure} after ${JSON.stringify(counted.said().trimEnd())}`);
        return { costNanoUsd: 1, usage };
      },
    },
    task: 'chat',
    invocation: { extentAfter: 'piece', fieldsOfPieces: [] },
    personalData: { kindsIn: () => [], openFrom: (text) => text.length },
    maskedTags: [],
    stream: { write: ({ bytes }) => bytes, end: () => new Uint8Array(0) },
    whole: () => new Uint8Array(0),
  });
  return { told, chunks: chunks[Symbol.asyncIterator]() };
}

test.each([
  [0, ''],
  [1, 'so'],
  [2, 'so so'],
])('a stream given up after %i pieces is cut off, and settled once by what it said', async (pieces, said) => {
  const { told, chunks } = startedStream();
  for (let piece = 0; piece < pieces; piece++) await chunks.next();
  await chunks.return?.();
  await chunks.return?.();
  expect(await chunks.next()).toEqual({ done: true, value: undefined });
  expect(told.toSorted()).toEqual(['cut off', `settled as cancelled after ${JSON.stringify(said)}`]);
});
