/** Waiting as a parameter, so that a test decides when time is up. */
export interface Timer {
  /** Calls back once after the delay; returns the cancel. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Node's own timers; a delay beyond their range fires early, and whoever waits looks at the clock again. */
export const systemTimer: Timer = {
  after(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), 2 ** 31 - 1));
    handle.unref();
    return () => clearTimeout(handle);
  },
};
