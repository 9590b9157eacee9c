import type { Clock } from '../../../base/index.ts';
import type { FailureClass } from '../provider.ts';

interface ProviderRecord {
  readonly failures: { readonly atMs: number; readonly class: FailureClass }[];
  succeededAtMs: number | null;
}

const MAX_KEPT = 64;

/** The latest failures of each provider of the configuration, for health and metrics. */
export class FailureLog {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #records = new Map<string, ProviderRecord>();

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  failed(provider: string, failure: FailureClass): void {
    const { failures } = this.#record(provider);
    failures.push({ atMs: this.#clock.monotonicMs(), class: failure });
    if (failures.length > MAX_KEPT) failures.shift();
  }

  succeeded(provider: string): void {
    this.#record(provider).succeededAtMs = this.#clock.monotonicMs();
  }

  /** How often each class was seen within the window, of the latest 64. */
  recent(provider: string): Readonly<Partial<Record<FailureClass, number>>> {
    const since = this.#clock.monotonicMs() - this.#windowMs;
    const counts: Partial<Record<FailureClass, number>> = {};
    for (const { atMs, class: failure } of this.#records.get(provider)?.failures ?? []) {
      if (atMs > since) counts[failure] = (counts[failure] ?? 0) + 1;
    }
    return counts;
  }

  /** Whether a call succeeded within the window. */
  succeededLately(provider: string): boolean {
    const at = this.#records.get(provider)?.succeededAtMs ?? null;
    return at !== null && at > this.#clock.monotonicMs() - this.#windowMs;
  }

  #record(provider: string): ProviderRecord {
    const record: ProviderRecord = this.#records.get(provider) ?? { failures: [], succeededAtMs: null };
    this.#records.set(provider, record);
    return record;
  }
}
