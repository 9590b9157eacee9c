import type { RoutingTable } from './routing-table.ts';

/**
 * A token bucket for each provider: a request puts `budget_ratio` in, a retry takes 1 out, and it holds `budget_burst`
 * at most, with which it starts. So a provider gets no more retries than `budget_burst` and that share of its requests,
 * however many callers fail at once.
 */
export class RetryBudgets {
  readonly #policy: RoutingTable['retries'];
  /** In millionths, so that a share such as 0.1 sums without drift. Providers are those of the configuration. */
  readonly #millionths = new Map<string, number>();

  constructor(policy: RoutingTable['retries']) {
    this.#policy = policy;
  }

  requested(provider: string): void {
    const most = this.#policy.budget_burst * MILLION;
    const added = this.#held(provider) + Math.floor(this.#policy.budget_ratio * MILLION);
    this.#millionths.set(provider, Math.min(most, added));
  }

  /** Takes a retry out, where one is in. */
  take(provider: string): boolean {
    const held = this.#held(provider);
    if (held < MILLION) return false;
    this.#millionths.set(provider, held - MILLION);
    return true;
  }

  /** Whole retries left. */
  left(provider: string): number {
    return Math.floor(this.#held(provider) / MILLION);
  }

  #held(provider: string): number {
    return this.#millionths.get(provider) ?? this.#policy.budget_burst * MILLION;
  }
}

const MILLION = 1_000_000;
