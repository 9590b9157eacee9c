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
 * The events of a provider's stream. `return()` cuts the connection at once, also while a `next()` waits for the provider,
 * which a generator by itself would let wait.
 */
export function streamEvents(
  upstream: Upstream,
  events: EventReader,
  reader: ChatReader,
): AsyncIterable<StreamEvent> {
  const generator = generate(upstream, events, reader);
  let isOver = false;
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const step = await generator.next();
        isOver = step.done === true;
        return step;
      },
      return: async () => {
        // A stream that came to its end has let its connection go, for the next call to use.
        if (!isOver) upstream.destroy();
        // The `next()` that still waits fails on the cut connection, and its caller hears of it there.
        await generator.return(undefined);
        return { done: true, value: undefined };
      },
    }),
  };
}

async function* generate(
  upstream: Upstream,
  events: EventReader,
  reader: ChatReader,
): AsyncGenerator<StreamEvent, void, undefined> {
  let isDone = false;
  try {
    for await (const wire of wireEvents(upstream, events, reader)) {
      const { deltas, isOurs, isLast } = readEvent(reader, wire);
      isDone = isLast;
      yield { bytes: isOurs ? NO_BYTES : wire.bytes, deltas };
      if (isLast) return;
    }
    if (!reader.isFinished()) throw cutOff();
    isDone = true;
  } finally {
    if (isDone) upstream.release();
    else upstream.destroy();
  }
}

async function* wireEvents(
  upstream: Upstream,
  events: EventReader,
  reader: ChatReader,
): AsyncGenerator<WireEvent> {
  try {
    for await (const chunk of upstream.chunks()) yield* events.push(chunk);
  } catch (error) {
    // A connection that breaks is an end like any other: it is told by what was said before whether it came too early. And
    // a service that has said why it stopped, and then neither ends nor goes on, took nothing away.
    const failure = error instanceof ProviderFailure ? error.class : null;
    const isEnd = failure === 'unreachable' || (failure === 'timeout' && reader.isFinished());
    if (!isEnd) throw error;
  }
  yield* events.end();
}

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
