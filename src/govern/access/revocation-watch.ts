import { type Clock, LiveList } from '../../base/index.ts';
import type { Timer } from './timer.ts';

/** Whether something is still valid, and the next time at which it may stop being so; null for never. */
export type Liveness = { readonly live: false } | { readonly live: true; readonly untilMs: number | null };

interface Watch {
  readonly liveness: () => Liveness;
  readonly callback: () => void;
}

/** The longest wait before the clock is looked at again: a clock set forward is noticed within this. */
const LONGEST_WAIT_MS = 30_000;

/** How often changes made elsewhere are looked for while anything is watched. */
const POLL_MS = 500;

/**
 * Calls back once for each watched identity that stops being valid. Told of changes made here by `check`; of changes
 * made elsewhere by `poll`, which looks at the store and calls `check`; expiry is found by one timer set to the
 * earliest end.
 */
export class RevocationWatch {
  readonly #watches = new LiveList<Watch>();
  readonly #clock: Clock;
  readonly #timer: Timer;
  readonly #poll: () => Promise<void>;
  #polling = false;
  #cancel: (() => void) | null = null;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(parts: { clock: Clock; timer: Timer; poll: () => Promise<void> }) {
    this.#clock = parts.clock;
    this.#timer = parts.timer;
    this.#poll = parts.poll;
  }

  /** Returns the unsubscribe. Something already dead calls back at once. */
  add(liveness: () => Liveness, callback: () => void): () => void {
    const now = liveness();
    if (!now.live) {
      callback();
      return () => undefined;
    }
    const place = this.#watches.add({ liveness, callback });
    this.#wakeAt(now.untilMs);
    this.#armPoll();
    return () => {
      place.remove();
    };
  }

  /** Looks at every watch: after keys, delegations or time changed. */
  check(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#dueMs = Number.POSITIVE_INFINITY;
    for (const place of this.#watches.places()) {
      const now = place.member.liveness();
      if (now.live) {
        this.#wakeAt(now.untilMs);
      } else if (place.remove()) {
        place.member.callback();
      }
    }
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#watches.clear();
  }

  /** Runs on while there is anything to watch; not cancelled in between, since most watches last milliseconds. */
  #armPoll(): void {
    if (this.#polling) return;
    this.#polling = true;
    this.#timer.after(POLL_MS, () => {
      this.#polling = false;
      if (this.#watches.size === 0) return;
      // A store that cannot be read refuses every new request by itself; running ones are looked at again next time.
      this.#poll()
        .catch(() => undefined)
        .finally(() => {
          if (this.#watches.size > 0) this.#armPoll();
        });
    });
  }

  #wakeAt(untilMs: number | null): void {
    if (untilMs === null || untilMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = untilMs;
    const delayMs = Math.min(Math.max(0, untilMs - this.#clock.nowMs()), LONGEST_WAIT_MS);
    this.#cancel = this.#timer.after(delayMs, () => this.check());
  }
}
