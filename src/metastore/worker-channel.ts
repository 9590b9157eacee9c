import { Worker } from 'node:worker_threads';

/** Requests to one worker thread and its answers, in order of arrival on both sides. */
export interface WorkerChannel<Q, A> {
  /** Rejects only when the worker died; an answer that never comes leaves the promise pending. */
  request(question: Q): Promise<A>;
  /** Resolves with the reason when the thread has ended, whoever ended it. */
  readonly ended: Promise<Error>;
  /** Ends the thread, whatever it is doing. */
  terminate(): Promise<void>;
}

/** What a worker's first message says: it is open, or why not. */
export type Opening = { readonly opened: true } | { readonly opened: false; readonly error: WorkerError };

/** An error as it crosses threads. */
export interface WorkerError {
  readonly message: string;
  /** SQLite's extended result code; null for anything else. */
  readonly errcode: number | null;
  /** Why the worker refused to open, where it decided so itself. */
  readonly refusal?: StoreRefusal;
}

/** What an error of SQLite, or of anything else, says across threads. */
export function workerError(error: unknown): WorkerError {
  const errcode = (error as { errcode?: unknown }).errcode;
  return { message: (error as Error).message, errcode: typeof errcode === 'number' ? errcode : null };
}

/** A store that is not this program's, and the migration that shows it. */
export interface StoreRefusal {
  readonly kind: 'newer' | 'edited' | 'older';
  readonly name: string;
}

/**
 * Starts a worker and waits for its first message. Every later message answers the oldest open request, since a worker
 * runs its requests one after the other.
 */
export async function openWorkerChannel<Q, A>(
  entry: URL,
  workerData: object,
): Promise<{ readonly opening: Opening & { opened: false } } | { readonly channel: WorkerChannel<Q, A> }> {
  const worker = new Worker(entry, { workerData });
  const waiting: { resolve: (answer: A) => void; reject: (error: Error) => void }[] = [];
  let dead: Error | null = null;
  const ended = Promise.withResolvers<Error>();
  const die = (error: Error) => {
    dead ??= error;
    for (const request of waiting.splice(0)) request.reject(dead);
    ended.resolve(dead);
  };
  const opening = await new Promise<Opening>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker thread ended while opening')));
  });
  if (!opening.opened) {
    await worker.terminate();
    return { opening };
  }
  worker.on('message', (answer: A) => waiting.shift()?.resolve(answer));
  worker.on('error', die);
  worker.on('exit', () => die(new Error('the worker thread ended')));
  return {
    channel: {
      request(question) {
        if (dead !== null) return Promise.reject(dead);
        return new Promise((resolve, reject) => {
          worker.postMessage(question);
          waiting.push({ resolve, reject });
        });
      },
      ended: ended.promise,
      terminate: async () => {
        await worker.terminate();
      },
    },
  };
}
