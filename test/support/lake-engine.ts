import { AsyncLocalStorage } from 'node:async_hooks';
import { isLakeError } from '../../src/base/index.ts';
import type { EngineLease, EnginePool } from '../../src/lake/engine/index.ts';

/** After these a lease runs nothing more. */
const ENDS_LEASE: ReadonlySet<string> = new Set([
  'engine.process_died',
  'engine.memory',
  'engine.timeout',
  'engine.internal',
]);

/** Whether what runs within it asks for a plan in place of an answer. */
export const asksForPlan = new AsyncLocalStorage<true>();

/** An engine that answers a request with its plan where the request asks for that. */
export function explaining(engine: EnginePool): EnginePool {
  return {
    ...engine,
    async lease(request) {
      const lease = await engine.lease(request);
      if (asksForPlan.getStore() !== true) return lease;
      return {
        ...lease,
        async stream(sql, parameters) {
          const { rows } = await lease.query(`EXPLAIN ${sql}`, parameters);
          const text = Buffer.from(String(rows[0]?.explain_value));
          return {
            columns: [],
            chunks: (async function* () {
              yield text;
            })(),
            rowCount: () => 1,
          };
        },
      };
    },
  };
}

/**
 * An engine whose leases are given back only at the end: one for plans that may use statistics, one for others. One that
 * answers no more is replaced.
 */
export function keptLeases(
  engine: EnginePool,
  files: () => readonly string[],
): EnginePool & { release(): Promise<void> } {
  const leases = new Map<string, Promise<EngineLease>>();
  const turns = new Map<string, Promise<void>>();
  let used = 0;
  return {
    parse: engine.parse,
    deparse: engine.deparse,
    stats: engine.stats,
    close: engine.close,
    async lease(request) {
      const key = `${request.blindPlan ?? false} ${used++ % 2}`;
      const made =
        leases.get(key) ??
        engine.lease({ ...request, lane: 'query', readFiles: files(), timeoutMs: 3_600_000 });
      leases.set(key, made);
      const before = turns.get(key);
      const turn = Promise.withResolvers<void>();
      turns.set(key, turn.promise);
      await before;
      const lease = await made;
      const failed = (error: unknown): never => {
        if (isLakeError(error) && ENDS_LEASE.has(error.code)) leases.delete(key);
        throw error;
      };
      const release = async () => {
        if (leases.get(key) !== made) await lease.release();
        turn.resolve();
      };
      return {
        query: (sql, parameters) => lease.query(sql, parameters).catch(failed),
        async stream(sql, parameters, format, shape) {
          const streamed = await lease.stream(sql, parameters, format, shape).catch(failed);
          return { ...streamed, chunks: watched(streamed.chunks, failed) };
        },
        release,
      };
    },
    async release() {
      for (const lease of leases.values()) await (await lease).release();
    },
  };
}

async function* watched<T>(chunks: AsyncIterable<T>, failed: (error: unknown) => never): AsyncGenerator<T> {
  try {
    yield* chunks;
  } catch (error) {
    failed(error);
  }
}
