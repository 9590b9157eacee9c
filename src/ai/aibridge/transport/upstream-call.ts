import type { UpstreamBody } from './upstream.ts';

/** What came before the body of an answer. */
export interface UpstreamHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the HTTP client lets be done to a call. */
interface CallControl {
  pause(): void;
  resume(): void;
  abort(error: Error): void;
}

/** Bytes that may wait for their reader; beyond it the connection is not read. */
const WAITING_BYTES = 65_536;
/** Of an answer that is not wanted any more, what is read all the same so that its connection can be used again. */
const DUMP_BYTES = 131_072;

/**
 * One call of the HTTP client, as the handler of its `dispatch`. Its own `request` makes a stream of each answer: that costs more than a
 * small answer is worth, and what it leaves outlives the call, with all that the call knew, until the next full collection of
 * garbage (20 kB a call, measured with undici 8.12).
 *
 *     waiting ──head──▶ open ──end──▶ ended
 *        └──an error, or `abort`, whichever comes first──▶ failed
 */
export class UpstreamCall implements UpstreamBody {
  readonly #head = Promise.withResolvers<UpstreamHead>();
  #controller: CallControl | null = null;
  #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #isEnded = false;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor() {
    // A call that fails while nobody waits for its head is told of by whoever reads next.
    this.#head.promise.catch(() => undefined);
  }

  /** Rejects with the client's error, or with what the call was aborted for. */
  head(): Promise<UpstreamHead> {
    return this.#head.promise;
  }

  /** The next bytes; null at the end. For one reader at a time. Rejects as `head` does. */
  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#waitingBytes -= chunk.length;
        if (this.#waitingBytes < WAITING_BYTES) this.#controller?.resume();
        return chunk;
      }
      if (this.#failure !== null) throw this.#failure.error;
      if (this.#isEnded) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async dump(): Promise<void> {
    let left = DUMP_BYTES;
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) {
      left -= chunk.length;
      if (left < 0) return this.abort(new Error('the rest of the answer is too long to be read away'));
    }
  }

  /** Cuts the connection; whoever reads gets the error, and nothing of what still waited. */
  abort(error: Error): void {
    if (this.#isEnded || this.#failure !== null) return;
    this.#chunks = [];
    this.#fail(error);
    this.#controller?.abort(error);
  }

  onRequestStart(controller: CallControl): void {
    this.#controller = controller;
    const { error } = this.#failure ?? {};
    if (error instanceof Error) controller.abort(error);
  }

  onResponseStart(_controller: CallControl, status: number, headers: UpstreamHead['headers']): void {
    // Those below are only announced; the answer comes after them.
    if (status >= 200) this.#head.resolve({ status, headers });
  }

  onResponseData(controller: CallControl, chunk: Uint8Array): void {
    if (this.#failure !== null) return;
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= WAITING_BYTES) controller.pause();
    this.#wakeReader();
  }

  onResponseEnd(): void {
    this.#isEnded = true;
    this.#wakeReader();
  }

  onResponseError(_controller: CallControl, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#head.reject(error);
    this.#wakeReader();
  }

  #wakeReader(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
