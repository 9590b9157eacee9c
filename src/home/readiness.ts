import { type Clock, isLakeError } from '../base/index.ts';
import { type Metastore, statement } from '../metastore/index.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

/** Whoever asks, and however often, the disk is written to at most this often. */
const KNOWN_FOR_MS = 1_000;

/**
 * Tells whether the store takes changes, by making one: a store that reads well and cannot write answers no request
 * that matters. An empty transaction would succeed on a full disk.
 */
export function createReadiness(parts: { readonly store: Metastore; readonly clock: Clock }) {
  const { store, clock } = parts;
  let known: { readonly atMs: number; readonly answer: Promise<Readiness> } | null = null;

  async function look(): Promise<Readiness> {
    const row = { probe: 1, probed_ms: clock.nowMs() };
    const write = store.queries
      .insertInto('store_probes')
      .values(row)
      .onConflict((conflict) => conflict.column('probe').doUpdateSet(row));
    try {
      await store.commit([statement(write)]);
      return { ready: true, reasons: [] };
    } catch (error) {
      return {
        ready: false,
        reasons: [isLakeError(error) ? error.errorCode.title : 'the store does not answer'],
      };
    }
  }

  return (): Promise<Readiness> => {
    const nowMs = clock.monotonicMs();
    if (known === null || nowMs - known.atMs >= KNOWN_FOR_MS) known = { atMs: nowMs, answer: look() };
    return known.answer;
  };
}
