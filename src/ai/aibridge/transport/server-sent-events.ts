import { ByteQueue } from './byte-queue.ts';
import { type EventReader, eventTooLarge, MAX_EVENT_BYTES, type WireEvent } from './wire-event.ts';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Server-sent events (WHATWG HTML §9.2): lines end in LF, CR or CRLF, an empty line ends an event, several `data` lines
 * are joined, a line that begins with a colon is a comment. Unlike the standard, an event that the stream's end cut is
 * given out, marked so: its bytes belong to the stream, and some services leave out the last empty line. Throws
 * `ProviderFailure` for an event beyond the limit.
 */
export class ServerSentEvents implements EventReader {
  readonly #maxEventBytes: number;
  readonly #queue = new ByteQueue();
  /** Bytes of the queue that are known to hold no end of an event. */
  #scanned = 0;
  /** Where the line being scanned begins. */
  #lineStart = 0;
  #isFirst = true;

  constructor(maxEventBytes = MAX_EVENT_BYTES) {
    this.#maxEventBytes = maxEventBytes;
  }

  push(chunk: Uint8Array): readonly WireEvent[] {
    this.#queue.append(chunk);
    const events: WireEvent[] = [];
    for (let end = this.#endOfEvent(); end !== null; end = this.#endOfEvent())
      events.push(this.#event(end, true));
    if (this.#queue.length > this.#maxEventBytes) throw eventTooLarge(this.#maxEventBytes);
    return events;
  }

  end(): readonly WireEvent[] {
    const left = this.#queue.length;
    if (left === 0) return [];
    // A CR that waited for its LF ended an event after all.
    const isWhole = this.#lineStart === left - 1 && this.#queue.at(left - 1) === CARRIAGE_RETURN;
    return [this.#event(left, isWhole)];
  }

  /**
   * The length of the first event in the queue. A CR at the end of what has arrived waits for the next byte, which may be
   * its LF: so events are the same however the stream is split.
   */
  #endOfEvent(): number | null {
    for (; this.#scanned < this.#queue.length; this.#scanned++) {
      const byte = this.#queue.at(this.#scanned);
      if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
      if (byte === CARRIAGE_RETURN && this.#scanned + 1 === this.#queue.length) return null;
      const isEmptyLine = this.#scanned === this.#lineStart;
      if (byte === CARRIAGE_RETURN && this.#queue.at(this.#scanned + 1) === LINE_FEED) this.#scanned++;
      this.#lineStart = this.#scanned + 1;
      if (isEmptyLine) return this.#lineStart;
    }
    return null;
  }

  #event(length: number, isWhole: boolean): WireEvent {
    if (length > this.#maxEventBytes) throw eventTooLarge(this.#maxEventBytes);
    const bytes = this.#queue.take(length);
    this.#scanned = 0;
    this.#lineStart = 0;
    // The decoder drops a byte order mark, which is right at the beginning of a stream and nowhere else.
    const text = new TextDecoder('utf-8', { ignoreBOM: !this.#isFirst }).decode(bytes);
    this.#isFirst = false;
    return { bytes, ...fieldsOf(text), isWhole };
  }
}

function fieldsOf(text: string): { readonly name: string | null; readonly data: string | null } {
  let name: string | null = null;
  const data: string[] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    if (field !== 'data' && field !== 'event') continue;
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') data.push(value);
    else name = value;
  }
  return { name, data: data.length === 0 ? null : data.join('\n') };
}
