import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '../base/index.ts';
import { createCommitQueue } from './commit-queue.ts';
import type { Batch, WriterAnswer } from './sqlite-writer.ts';

const log = createLogger({ level: 'silent' });
const batch = (name: string): Batch => [{ sql: name, parameters: [] }];

/** A writer that answers when it is told to, in order. */
function slowWriter() {
  const asked: { names: string[]; answer(answer: WriterAnswer): void; die(error: Error): void }[] = [];
  return {
    asked,
    send: (batches: readonly Batch[]) =>
      new Promise<WriterAnswer>((answer, die) => {
        asked.push({ names: batches.map(([statement]) => statement?.sql ?? ''), answer, die });
      }),
  };
}

const committed = (count: number): WriterAnswer => ({
  kind: 'done',
  batches: Array.from({ length: count }, () => ({ kind: 'committed', rows: [] })),
});

const idle = () => false;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the commit queue', () => {
  it('sends commits of one turn together, in the order of the calls, and long turns in parts', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 60_000, log });
    const names = Array.from({ length: 20 }, (_, index) => `statement ${index}`);
    const outcomes = names.map((name) => queue.commit(batch(name)));
    await turn();
    expect(writer.asked.length).toBeGreaterThan(1);
    expect(writer.asked.flatMap((asked) => asked.names)).toEqual(names);
    for (const asked of writer.asked) asked.answer(committed(asked.names.length));
    expect((await Promise.all(outcomes)).every((outcome) => outcome.committed)).toBe(true);
  });

  it('sends what several callbacks of one turn commit as one message', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 60_000, log });
    const first = queue.commit(batch('first'));
    for (let tick = 0; tick < 10; tick++) await Promise.resolve();
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const second = queue.commit(batch('second'));
    await turn();
    expect(writer.asked.map(({ names }) => names)).toEqual([['first', 'second']]);
    writer.asked[0]?.answer(committed(2));
    expect(await Promise.all([first, second])).toMatchObject([{ committed: true }, { committed: true }]);
  });

  it('lets the commits of several turns go as one message while the process has no time left', async () => {
    const writer = slowWriter();
    const load = { isBusy: true };
    const queue = createCommitQueue({
      send: writer.send,
      isBusy: () => load.isBusy,
      timeoutMs: 60_000,
      log,
    });
    const first = queue.commit(batch('first'));
    await turn();
    const second = queue.commit(batch('second'));
    await vi.waitUntil(() => writer.asked.length > 0);
    expect(writer.asked.map(({ names }) => names)).toEqual([['first', 'second']]);
    writer.asked[0]?.answer(committed(2));
    await Promise.all([first, second]);
    load.isBusy = false;
    const third = queue.commit(batch('third'));
    await turn();
    const fourth = queue.commit(batch('fourth'));
    await turn();
    expect(writer.asked.slice(1).map(({ names }) => names)).toEqual([['third'], ['fourth']]);
    for (const asked of writer.asked.slice(1)) asked.answer(committed(1));
    await Promise.all([third, fourth]);
  });

  it('does not let a message that is full wait', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: () => true, timeoutMs: 60_000, log });
    const outcomes = Array.from({ length: 16 }, (_, index) => queue.commit(batch(`statement ${index}`)));
    expect(writer.asked.map(({ names }) => names.length)).toEqual([16]);
    writer.asked[0]?.answer(committed(16));
    await Promise.all(outcomes);
  });

  it('refuses new commits while the writer is silent, and takes them again once it answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const writer = slowWriter();
      const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 2_000, log });
      const slow = queue.commit(batch('slow'));
      await turn();
      vi.advanceTimersByTime(1_999);
      const inTime = queue.commit(batch('in time'));
      await turn();
      vi.advanceTimersByTime(1);
      await expect(slow).rejects.toMatchObject({ code: 'metastore.outcome_unknown' });
      await expect(queue.commit(batch('refused'))).rejects.toMatchObject({ code: 'metastore.unavailable' });
      writer.asked[0]?.answer(committed(1));
      writer.asked[1]?.answer(committed(1));
      expect(await inTime).toMatchObject({ committed: true });
      const after = queue.commit(batch('after'));
      await turn();
      writer.asked[2]?.answer(committed(1));
      expect(await after).toMatchObject({ committed: true });
      expect(writer.asked.flatMap((asked) => asked.names)).toEqual(['slow', 'in time', 'after']);
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes a group the writer could not keep for unavailable, or unknown where it may have been kept', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 60_000, log });
    for (const [kept, code] of [
      ['no', 'metastore.unavailable'],
      ['unknown', 'metastore.outcome_unknown'],
    ] as const) {
      const outcome = queue.commit(batch(kept));
      await turn();
      writer.asked
        .at(-1)
        ?.answer({ kind: 'failed', kept, error: { message: 'disk I/O error', errcode: 1034 } });
      await expect(outcome).rejects.toMatchObject({ code });
    }
  });

  it('does not know what a writer that ended has kept, and refuses what comes after', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 60_000, log });
    const underWay = queue.commit(batch('under way'));
    await turn();
    writer.asked[0]?.die(new Error('out of memory'));
    await expect(underWay).rejects.toMatchObject({ code: 'metastore.outcome_unknown' });
    await expect(queue.commit(batch('after'))).rejects.toMatchObject({
      code: 'metastore.ended',
      detail: expect.stringContaining('start it again'),
    });
    expect(writer.asked).toHaveLength(1);
  });

  it('refuses what is far beyond what the store can keep up with', async () => {
    const writer = slowWriter();
    const queue = createCommitQueue({ send: writer.send, isBusy: idle, timeoutMs: 60_000, log });
    const waiting = Array.from({ length: 10_000 }, (_, index) => queue.commit(batch(String(index))));
    await expect(queue.commit(batch('one more'))).rejects.toMatchObject({ code: 'metastore.unavailable' });
    await turn();
    for (const asked of writer.asked) asked.answer(committed(asked.names.length));
    await Promise.all(waiting);
  });
});
