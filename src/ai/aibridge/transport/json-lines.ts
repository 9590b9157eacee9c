import { ByteQueue } from './byte-queue.ts';
import { type EventReader, eventTooLarge, MAX_EVENT_BYTES, type WireEvent } from './wire-event.ts';

const LINE_FEED = 0x0a;

/** Newline-delimited JSON: each line is an event, an empty one carries no data. Throws `ProviderFailure` beyond the limit. */
export class JsonLines implements EventReader {
  readonly #maxEventBytes: number;
  readonly #queue = new ByteQueue();
  #scanned = 0;

  constructor(maxEventBytes = MAX_EVENT_BYTES) {
    this.#maxEventBytes = maxEventBytes;
  }

  push(chunk: Uint8Array): readonly WireEvent[] {
    this.#queue.append(chunk);
    const events: WireEvent[] = [];
    for (;;) {
      const end = this.#queue.indexOf(LINE_FEED, this.#scanned);
      if (end === -1) break;
      events.push(this.#event(end + 1, true));
    }
    this.#scanned = this.#queue.length;
    if (this.#queue.length > this.#maxEventBytes) throw eventTooLarge(this.#maxEventBytes);
    return events;
  }

  end(): readonly WireEvent[] {
    return this.#queue.length === 0 ? [] : [this.#event(this.#queue.length, false)];
  }

  #event(length: number, isWhole: boolean): WireEvent {
    if (length > this.#maxEventBytes) throw eventTooLarge(this.#maxEventBytes);
    const bytes = this.#queue.take(length);
    this.#scanned = 0;
    const text = new TextDecoder().decode(bytes).trim();
    return { bytes, name: null, data: text === '' ? null : text, isWhole };
  }
}
