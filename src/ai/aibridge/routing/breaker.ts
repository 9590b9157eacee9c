import type { Clock } from '../../../base/index.ts';
import type { RoutingTable } from './routing-table.ts';

/** How a call may pass: `probe` is the one call that tries whether the model is well again. Null where none may. */
export type Passage = 'closed' | 'probe' | null;

/** A model that calls are kept from. */
export interface OpenBreaker {
  readonly provider: string;
  readonly model: string;
  readonly state: 'open' | 'half_open';
  /** Until a probe may pass; 0 where one may, or is on its way. */
  readonly probeInMs: number;
}

interface Circuit {
  readonly provider: string;
  readonly model: string;
  /** When the latest failures were, at most as many as open it. */
  failedAtMs: number[];
  openUntilMs: number | null;
  /** A probe that never reports is taken for lost after this. */
  probeUntilMs: number | null;
}

/** Models kept in mind; of more, the one that failed longest ago is forgotten. */
const MAX_CIRCUITS = 1_024;

/**
 * Circuit breakers, one for each model of each provider. Only failures make one, so that names a caller invents cost
 * nothing.
 *
 * ```text
 *            `failures` within `window_s`             `open_s` later
 *   closed ───────────────────────────────▶ open ───────────────────▶ half open: one probe passes
 *     ▲                                      ▲                              │        │
 *     │                                      └──────── the probe fails ─────┘        │
 *     └────────────────────────── the probe succeeds ────────────────────────────────┘
 * ```
 *
 * A probe that ends for no fault of the model, or is never heard of for `open_s`, makes room for another.
 */
export class Breakers {
  readonly #policy: RoutingTable['breaker'];
  readonly #clock: Clock;
  readonly #circuits = new Map<string, Circuit>();

  constructor(policy: RoutingTable['breaker'], clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Asks to pass; a probe is handed out once. */
  pass(provider: string, model: string): Passage {
    const circuit = this.#circuits.get(keyOf(provider, model));
    if (circuit === undefined || circuit.openUntilMs === null) return 'closed';
    const now = this.#clock.monotonicMs();
    if (now < circuit.openUntilMs || (circuit.probeUntilMs !== null && now < circuit.probeUntilMs))
      return null;
    circuit.probeUntilMs = now + this.#policy.open_s * 1_000;
    return 'probe';
  }

  failed(provider: string, model: string): void {
    const key = keyOf(provider, model);
    const now = this.#clock.monotonicMs();
    const circuit = this.#circuits.get(key) ?? fresh(provider, model);
    this.#circuits.delete(key);
    this.#circuits.set(key, circuit);
    const oldest = this.#circuits.keys().next().value;
    if (this.#circuits.size > MAX_CIRCUITS && oldest !== undefined) this.#circuits.delete(oldest);
    circuit.failedAtMs = [...circuit.failedAtMs, now].slice(-this.#policy.failures);
    const since = now - this.#policy.window_s * 1_000;
    const opens = circuit.failedAtMs.filter((at) => at > since).length >= this.#policy.failures;
    if (opens || circuit.probeUntilMs !== null) circuit.openUntilMs = now + this.#policy.open_s * 1_000;
    circuit.probeUntilMs = null;
  }

  /** Closes the circuit where this was its probe; of an open one, a late success of an older call says nothing. */
  succeeded(provider: string, model: string, passage: Passage): void {
    if (passage === 'probe') this.#circuits.delete(keyOf(provider, model));
  }

  /** The call ended without a word on the model. */
  released(provider: string, model: string, passage: Passage): void {
    const circuit = this.#circuits.get(keyOf(provider, model));
    if (passage === 'probe' && circuit !== undefined) circuit.probeUntilMs = null;
  }

  open(): readonly OpenBreaker[] {
    const now = this.#clock.monotonicMs();
    return [...this.#circuits.values()].flatMap(({ provider, model, openUntilMs }) => {
      if (openUntilMs === null) return [];
      const probeInMs = Math.max(0, openUntilMs - now);
      return [
        { provider, model, state: probeInMs > 0 ? ('open' as const) : ('half_open' as const), probeInMs },
      ];
    });
  }
}

function fresh(provider: string, model: string): Circuit {
  return { provider, model, failedAtMs: [], openUntilMs: null, probeUntilMs: null };
}

/** A provider's name has no slash, so the first one parts the two. */
function keyOf(provider: string, model: string): string {
  return `${provider}/${model}`;
}
