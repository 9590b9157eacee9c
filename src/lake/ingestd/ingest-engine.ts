import { isLakeError, LakeError } from '../../base/index.ts';
import { type EngineLease, type EnginePool, engineErrors } from '../engine/index.ts';
import { ingestErrors } from './errors.ts';

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
        throw ownRefusal(error);
      }
    },
  };
}

/** What an ingest ran out of has settings of its own; the engine's words are about queries. */
function ownRefusal(error: unknown): unknown {
  if (!isLakeError(error)) return error;
  if (error.code === engineErrors.memory.code) {
    const detail = 'Writing the rows needs more memory than ingest.memory_limit_mb allows; nothing was kept.';
    return new LakeError(ingestErrors.memory, { detail, cause: error });
  }
  if (error.code === engineErrors.timeout.code) {
    const detail = 'The rows were not read within ingest.timeout_ms; nothing was kept.';
    return new LakeError(ingestErrors.timeout, { detail, cause: error });
  }
  return error;
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
