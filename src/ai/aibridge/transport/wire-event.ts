import { ProviderFailure } from '../provider.ts';

/** One event of a stream as it came over the wire. The bytes of all events together are the bytes of the stream. */
export interface WireEvent {
  readonly bytes: Uint8Array;
  /** The name an event has in server-sent events; null where it has none. */
  readonly name: string | null;
  /** Null where the bytes carry no data: a comment, a heartbeat, an empty line. */
  readonly data: string | null;
  /** False where the stream ended before the event's own end. */
  readonly isWhole: boolean;
}

/** Cuts a stream into events; bytes may be split anywhere. One for each stream. */
export interface EventReader {
  push(chunk: Uint8Array): readonly WireEvent[];
  /** What is left when the stream has ended. */
  end(): readonly WireEvent[];
}

/** Larger events are no answer of any protocol here; what waits for the end of one is bounded by it. */
export const MAX_EVENT_BYTES = 8 * 1_024 * 1_024;

export function eventTooLarge(maxBytes: number): ProviderFailure {
  return new ProviderFailure(
    { class: 'server_error' },
    `An event of the provider’s stream is larger than the ${maxBytes} bytes that are taken.`,
  );
}
