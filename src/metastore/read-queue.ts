import { LakeError } from '../base/index.ts';
import { isStorable } from './commit-queue.ts';
import { metastoreErrors } from './errors.ts';
import { unavailable } from './sqlite-error.ts';
import type { ReadAnswer, ReadQuery } from './sqlite-reader.ts';

/** A turn with more goes as several messages, so that the reader works while the rest is still being made. */
const MESSAGE_READS_MAX = 16;

/**
 * One read of the store; each sees the last committed state by itself. Throws `metastore.unavailable`,
 * `metastore.statement_failed`.
 */
export type ReadQueue = (query: ReadQuery) => Promise<ReadAnswer>;

interface Entry {
  readonly query: ReadQuery;
  readonly resolve: (answer: ReadAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Sends the reads of one turn of the event loop as one message: to wake the reader costs more than a read by a key. No
 * delay is added: a lone read goes when the turn that made it is over.
 */
export function createReadQueue(parts: {
  readonly send: (queries: readonly ReadQuery[]) => Promise<readonly ReadAnswer[]>;
  readonly timeoutMs: number;
}): ReadQueue {
  let turn: Entry[] = [];

  async function sendTurn(): Promise<void> {
    const entries = turn;
    if (entries.length === 0) return;
    turn = [];
    try {
      const answers = await within(parts.send(entries.map(({ query }) => query)), parts.timeoutMs);
      for (const [at, { resolve, reject }] of entries.entries()) {
        const answer = answers[at];
        if (answer === undefined) reject(new Error('a read without its answer'));
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of entries) reject(error as Error);
    }
  }

  return (query) =>
    new Promise((resolve, reject) => {
      if (!query.parameters.every(isStorable)) {
        const detail = 'A query holds a value that the store cannot compare with.';
        return reject(new LakeError(metastoreErrors.statement_failed, { detail }));
      }
      // After the microtasks: what several requests ask for in answer to one event is then one message.
      if (turn.length === 0) process.nextTick(sendTurn);
      turn.push({ query, resolve, reject });
      if (turn.length >= MESSAGE_READS_MAX) void sendTurn();
    });
}

/** The answer, or `metastore.unavailable` when the thread is gone or the time is up. */
export function within<A>(answer: Promise<A>, timeoutMs: number): Promise<A> {
  return new Promise((resolve, reject) => {
    const late = () => reject(unavailable('The metadata store did not answer a read in time.'));
    const timer = setTimeout(late, timeoutMs);
    answer
      .then(resolve, (cause) => reject(unavailable('The metadata store’s reader ended.', cause)))
      .finally(() => clearTimeout(timer));
  });
}
