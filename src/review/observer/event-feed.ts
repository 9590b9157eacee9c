/** Tells who waits that events were recorded; the events themselves are read from the store. */
export interface EventFeed {
  /** Rises with each change. Take it before reading: what is recorded meanwhile is then not slept over. */
  readonly version: number;
  /** True from the moment the server goes: streams end then. */
  readonly stopped: boolean;
  changed(): void;
  stop(): void;
  /**
   * Waits until there is more than what `version` was; true then, false when the time is up. Throws the signal's
   * reason when it is aborted.
   */
  beyond(
    version: number,
    waiting: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<boolean>;
}

export function createEventFeed(): EventFeed {
  const waiters = new Set<() => void>();
  let version = 0;
  let stopped = false;
  const changed = () => {
    version += 1;
    for (const wake of [...waiters]) wake();
  };
  return {
    get version() {
      return version;
    },
    get stopped() {
      return stopped;
    },
    changed,
    stop() {
      stopped = true;
      changed();
    },
    async beyond(seen, { timeoutMs, signal }) {
      signal.throwIfAborted();
      if (version === seen) await oneOf(waiters, timeoutMs, signal);
      signal.throwIfAborted();
      return version !== seen;
    },
  };
}

/** Until woken, out of time, or aborted, whichever comes first. */
function oneOf(waiters: Set<() => void>, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      waiters.delete(end);
      resolve();
    };
    const timer = setTimeout(end, timeoutMs).unref();
    signal.addEventListener('abort', end, { once: true });
    waiters.add(end);
  });
}
