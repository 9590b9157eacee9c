import { isLakeError } from '../../base/index.ts';
import type { EngineLease, EnginePool } from '../engine/index.ts';

/** What a statement may touch. */
export interface EngineFiles {
  readonly readFiles: readonly string[];
  readonly writeFiles: readonly string[];
  readonly signal: AbortSignal;
}

/** The engine for ingests: one process at a time out of the lane that is kept for them. */
export interface IngestEngine {
  run<T>(files: EngineFiles, work: (lease: EngineLease) => Promise<T>): Promise<T>;
}

export function createIngestEngine(
  pool: EnginePool,
  limits: { memoryLimitMb: number; timeoutMs: number },
): IngestEngine {
  return {
    async run(files, work) {
      const lease = await pool.lease({ lane: 'ingest', ...files, ...limits });
      try {
        const done = await work(lease);
        // Not awaited: the work is whole, and the instance may take its time to go. It never fails.
        void lease.release();
        return done;
      } catch (error) {
        // Awaited, so that nothing writes any more when the caller removes what was written.
        await lease.release();
        throw error;
      }
    },
  };
}

const REFUSALS: ReadonlySet<string> = new Set([
  'engine.bind',
  'engine.conversion',
  'engine.internal',
  'engine.invalid_input',
  'engine.io',
  'engine.out_of_range',
  'engine.type_error',
  'engine.not_supported',
]);

/** Whether the engine refused the content, rather than ran out of something or was stopped. */
export function isRefusedByEngine(error: unknown): boolean {
  return isLakeError(error) && REFUSALS.has(error.code);
}
