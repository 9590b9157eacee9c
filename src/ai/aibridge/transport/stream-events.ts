import type { ChatDelta } from '../chat.ts';
import { ProviderFailure, type StreamEvent } from '../provider.ts';
import { answerFailure } from './status-failure.ts';
import type { Upstream } from './upstream.ts';
import type { EventReader, WireEvent } from './wire-event.ts';

/** What a protocol makes of one event. */
export interface Reading {
  readonly deltas: readonly ChatDelta[];
  /** The event answers a wish of ours and not the client's: its bytes are not passed on. */
  readonly isOurs: boolean;
  /** The protocol's terminator: nothing follows. */
  readonly isLast: boolean;
}

/** Reads the events of one stream of one protocol. Throws `ProviderFailure` for an error in the stream, or garbage. */
export interface ChatReader {
  read(event: WireEvent): Reading;
  /** Whether a stream that ends here has said everything: every answer gave the reason why it stopped. */
  isFinished(): boolean;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The events of a provider's stream, for one reader. `return()` cuts the connection at once, also while a `next()` waits for
 * the provider. Written out and not as generators, of which each is paid again for every piece of an answer.
 */
export function streamEvents(
  upstream: Upstream,
  events: EventReader,
  reader: ChatReader,
): AsyncIterable<StreamEvent> {
  return { [Symbol.asyncIterator]: () => new StreamReading(upstream, events, reader) };
}

/**
 *     open ──the provider ends──▶ ended ──what was left is read──▶ over
 *       └──the protocol's terminator, a failure, or `return`─────▶ over
 */
class StreamReading implements AsyncIterator<StreamEvent> {
  readonly #upstream: Upstream;
  readonly #events: EventReader;
  readonly #reader: ChatReader;
  #waiting: readonly WireEvent[] = [];
  /** How many of those that wait were read. */
  #read = 0;
  #state: 'open' | 'ended' | 'over' = 'open';

  constructor(upstream: Upstream, events: EventReader, reader: ChatReader) {
    this.#upstream = upstream;
    this.#events = events;
    this.#reader = reader;
  }

  async next(): Promise<IteratorResult<StreamEvent>> {
    try {
      while (this.#state !== 'over') {
        const wire = this.#waiting[this.#read];
        if (wire !== undefined) {
          this.#read += 1;
          return { done: false, value: this.#eventOf(wire) };
        }
        if (this.#state === 'ended') {
          if (!this.#reader.isFinished()) throw cutOff();
          this.#end();
        } else {
          this.#waiting = await this.#more();
          this.#read = 0;
        }
      }
    } catch (error) {
      this.#state = 'over';
      this.#upstream.destroy();
      throw error;
    }
    return OVER;
  }

  async return(): Promise<IteratorResult<StreamEvent>> {
    // A stream that came to its end has let its connection go, for the next call to use. The `next()` that still waits
    // fails on the cut connection, and its caller hears of it there.
    if (this.#state !== 'over') this.#upstream.destroy();
    this.#state = 'over';
    return OVER;
  }

  #eventOf(wire: WireEvent): StreamEvent {
    const { deltas, isOurs, isLast } = readEvent(this.#reader, wire);
    if (isLast) this.#end();
    return { bytes: isOurs ? NO_BYTES : wire.bytes, deltas };
  }

  /** The stream has said its last word. */
  #end(): void {
    this.#state = 'over';
    this.#upstream.release();
  }

  /** The events of the next chunk, or those left when there is none. */
  async #more(): Promise<readonly WireEvent[]> {
    const chunk = await this.#chunk();
    if (chunk !== null) return this.#events.push(chunk);
    if (this.#state === 'open') this.#state = 'ended';
    return this.#events.end();
  }

  async #chunk(): Promise<Uint8Array | null> {
    try {
      return await this.#upstream.next();
    } catch (error) {
      // A connection that breaks is an end like any other: it is told by what was said before whether it came too early.
      // And a service that has said why it stopped, and then neither ends nor goes on, took nothing away.
      const failure = error instanceof ProviderFailure ? error.class : null;
      const isEnd = failure === 'unreachable' || (failure === 'timeout' && this.#reader.isFinished());
      if (!isEnd) throw error;
      return null;
    }
  }
}

const OVER = { done: true, value: undefined } as const;

function readEvent(reader: ChatReader, wire: WireEvent): Reading {
  try {
    return reader.read(wire);
  } catch (error) {
    if (error instanceof ProviderFailure && !wire.isWhole) throw cutOff(error);
    // A value nested beyond what can be written again.
    if (error instanceof RangeError)
      throw answerFailure('The provider’s stream holds an event that cannot be read.');
    throw error;
  }
}

function cutOff(cause?: Error): ProviderFailure {
  const message =
    'The provider’s stream ended before its end; what came before is only a part of the answer.';
  return new ProviderFailure({ class: 'cut_off' }, message, cause === undefined ? undefined : { cause });
}
