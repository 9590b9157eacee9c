import type { IdGenerator, Logger } from '../../base/index.ts';
import type { EventInput, NewEvent } from './event.ts';

/** Where rooms tell of what they did; fire and forget. */
export interface EventSpool {
  /** Never throws and never waits. A full spool drops the event and counts it. */
  send(event: NewEvent): void;
  /** Events given up since the process started. */
  dropped(): number;
  /** Tries once more to record what is left, and takes no more. */
  close(): Promise<void>;
}

export interface SpoolParts {
  /** Records events as the system itself; may be called again with what it threw at. */
  record(events: readonly EventInput[]): Promise<void>;
  readonly ids: IdGenerator;
  readonly log: Logger;
  readonly capacity: number;
}

/** Events of one commit, and of its one journal event. */
const BATCH = 500;
/** Time a batch gets to fill: at most two commits a second stand beside those that callers wait for. */
const GATHER_MS = 500;
/** Pause after a failure; the store may be full, or locked by a backup. */
const RETRY_MS = 1_000;

/**
 * Keeps events in memory until they are recorded, in their order. Each gets an external id where it has none, so that a
 * commit of unknown outcome may be tried again.
 */
export function createEventSpool(parts: SpoolParts): EventSpool {
  const waiting: EventInput[] = [];
  let lost = 0;
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let flushing: Promise<boolean> | null = null;

  function schedule(afterMs: number): void {
    if (timer !== null || flushing !== null || closed || waiting.length === 0) return;
    timer = setTimeout(() => {
      timer = null;
      void flush().then((recorded) => schedule(recorded ? 0 : RETRY_MS));
    }, afterMs).unref();
  }

  function flush(): Promise<boolean> {
    flushing ??= recordBatch().finally(() => {
      flushing = null;
    });
    return flushing;
  }

  async function recordBatch(): Promise<boolean> {
    const batch = waiting.slice(0, BATCH);
    if (batch.length === 0) return true;
    try {
      await parts.record(batch);
      waiting.splice(0, batch.length);
      return true;
    } catch (error) {
      parts.log.warn({ err: error, waiting: waiting.length }, 'events of this server wait to be recorded');
      return false;
    }
  }

  return {
    send(event) {
      if (closed || waiting.length >= parts.capacity) {
        lost += 1;
        return;
      }
      waiting.push(inputOf(event, parts.ids));
      schedule(GATHER_MS);
    },
    dropped: () => lost,
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      await flushing;
      while (waiting.length > 0 && (await flush()));
      lost += waiting.splice(0).length;
    },
  };
}

function inputOf(event: NewEvent, ids: IdGenerator): EventInput {
  return {
    source: event.source,
    kind: event.kind,
    severity: event.severity,
    // A character beyond the first plane may be cut in two; what is left of it is escaped when it is recorded.
    message: event.message.slice(0, 2_000),
    external_id: event.externalId ?? ids.next(),
    data: event.data ?? null,
    ...(event.correlationId === undefined ? {} : { correlation_id: event.correlationId }),
    ...(event.signature === undefined ? {} : { signature: event.signature }),
  };
}
