import type { Clock } from '../../base/index.ts';
import type { Timer } from './timer.ts';

/** Whether something is still valid, and the next time at which it may stop being so; null for never. */
export type Liveness = { readonly live: false } | { readonly live: true; readonly untilMs: number | null };

interface Watch {
  readonly liveness: () => Liveness;
  readonly callback: () => void;
}

/** The longest wait before the clock is looked at again: a clock set forward is noticed within this. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Calls back once for each watched identity that stops being valid. Told of changes by `check`; expiry is found by one
 * timer set to the earliest end.
 */
export class RevocationWatch {
  readonly #watches = new Set<Watch>();
  readonly #clock: Clock;
  readonly #timer: Timer;
  #cancel: (() => void) | null = null;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timer: Timer) {
    this.#clock = clock;
    this.#timer = timer;
  }

  /** Returns the unsubscribe. Something already dead calls back at once. */
  add(liveness: () => Liveness, callback: () => void): () => void {
    const watch = { liveness, callback };
    const now = liveness();
    if (!now.live) {
      callback();
      return () => undefined;
    }
    this.#watches.add(watch);
    this.#wakeAt(now.untilMs);
    return () => {
      this.#watches.delete(watch);
    };
  }

  /** Looks at every watch: after keys, delegations or time changed. */
  check(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const watch of [...this.#watches]) {
      const now = watch.liveness();
      if (now.live) {
        this.#wakeAt(now.untilMs);
      } else if (this.#watches.delete(watch)) {
        watch.callback();
      }
    }
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#watches.clear();
  }

  #wakeAt(untilMs: number | null): void {
    if (untilMs === null || untilMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = untilMs;
    const delayMs = Math.min(Math.max(0, untilMs - this.#clock.nowMs()), LONGEST_WAIT_MS);
    this.#cancel = this.#timer.after(delayMs, () => this.check());
  }
}
