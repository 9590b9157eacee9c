import { LakeError } from '../../base/index.ts';
import type { EngineColumn, EngineLease, EngineStream, LeaseRequest } from './engine.ts';
import type { EngineProcess } from './engine-process.ts';
import { engineErrors } from './errors.ts';
import type { ChildAnswer } from './protocol.ts';
import { resultPipePath } from './protocol.ts';
import { openResultPipe, type ResultReader } from './result-pipe.ts';

const KILL_AFTER_INTERRUPT_MS = 1_000;
const MEMORY_CHECK_MS = 50;

export interface LeaseParts {
  readonly process: EngineProcess;
  readonly request: LeaseRequest;
  readonly processMemoryMb: number;
  /** Called once, when the process can be used again or is gone. */
  readonly onReleased: () => void;
  /** Counts processes killed, by reason. */
  readonly onKilled: (reason: LakeError) => void;
}

/**
 * One use of an engine process.
 *
 * ```
 * open ──release──────────────▶ closing ──▶ released
 *   │ timeout, abort, memory        ▲
 *   └──▶ stopping (interrupt; SIGKILL after 1 s or at once for memory) ──┘
 * ```
 * In `stopping` every statement fails with the reason, whatever the engine says.
 */
export async function openLease(parts: LeaseParts): Promise<EngineLease> {
  const { process: engine, request } = parts;
  let stopReason: LakeError | null = null;
  let released: Promise<void> | null = null;
  let running = 0;
  let reader: ResultReader | null = null;
  let killTimer: NodeJS.Timeout | undefined;

  const kill = () => {
    const reason = stopReason ?? cancelled();
    parts.onKilled(reason);
    engine.kill(reason);
  };
  const stop = (reason: LakeError, gentle: boolean) => {
    if (stopReason !== null || released !== null) return;
    stopReason = reason;
    reader?.abandon(reason);
    if (!gentle) return kill();
    if (running === 0) return;
    engine.interrupt();
    killTimer = setTimeout(kill, KILL_AFTER_INTERRUPT_MS);
  };
  const timer = setTimeout(() => stop(timedOut(request.timeoutMs), true), request.timeoutMs);
  const memoryTimer = setInterval(() => {
    void engine.residentBytes().then((bytes) => {
      if (bytes !== null && bytes > parts.processMemoryMb * 1_048_576) stop(outOfMemory(), false);
    });
  }, MEMORY_CHECK_MS);
  const onAbort = () => stop(cancelled(), true);
  request.signal.addEventListener('abort', onAbort, { once: true });

  const ask = async (run: () => Promise<ChildAnswer>): Promise<ChildAnswer> => {
    if (released !== null) throw cancelled();
    if (stopReason !== null) throw stopReason;
    running += 1;
    try {
      return await run();
    } catch (error) {
      throw stopReason ?? error;
    } finally {
      running -= 1;
    }
  };
  const stopWatching = () => {
    clearTimeout(timer);
    clearTimeout(killTimer);
    clearInterval(memoryTimer);
    request.signal.removeEventListener('abort', onAbort);
  };
  const release = async () => {
    clearTimeout(timer);
    request.signal.removeEventListener('abort', onAbort);
    reader?.abandon(null);
    if (running > 0 && killTimer === undefined) {
      stopReason ??= cancelled();
      engine.interrupt();
      killTimer = setTimeout(kill, KILL_AFTER_INTERRUPT_MS);
    }
    await engine.request({ kind: 'close' }).catch(() => {});
    stopWatching();
    parts.onReleased();
  };
  const lease: EngineLease = {
    async query(sql, parameters = []) {
      const answer = await ask(() => engine.request({ kind: 'query', sql, parameters }));
      if (answer.kind !== 'result') throw new Error('unexpected answer of the engine process');
      return answer.result;
    },
    async stream(sql, parameters, format) {
      if (engine.folder === null) throw new Error('this process does not stream');
      reader?.abandon(null);
      const pipe = openResultPipe(resultPipePath(engine.folder));
      reader = pipe;
      const columns = Promise.withResolvers<readonly EngineColumn[]>();
      const finished = ask(() =>
        engine.request({ kind: 'stream', sql, parameters, format }, columns.resolve),
      ).then(
        (answer) => {
          pipe.finish();
          return answer.kind === 'streamed' ? answer.rowCount : 0;
        },
        (error: Error) => {
          columns.reject(error);
          pipe.abandon(error);
          throw error;
        },
      );
      // Told through the columns or the chunks; this only keeps the rejection from being nobody's.
      finished.catch(() => {});
      return streamOf(await columns.promise, pipe, finished);
    },
    release() {
      released ??= release();
      return released;
    },
  };
  if (request.signal.aborted) stop(cancelled(), true);
  try {
    await ask(() =>
      engine.request({
        kind: 'open',
        allowedPaths: [...request.readFiles, ...request.writeFiles],
        memoryLimitMb: request.memoryLimitMb,
        preserveOrder: request.preserveOrder ?? true,
        blindPlan: request.blindPlan ?? false,
      }),
    );
  } catch (error) {
    await lease.release();
    throw error;
  }
  return lease;
}

function streamOf(
  columns: readonly EngineColumn[],
  pipe: ResultReader,
  finished: Promise<number>,
): EngineStream {
  let rows = 0;
  return {
    columns,
    chunks: (async function* () {
      let whole = false;
      try {
        for await (const chunk of pipe.chunks) yield chunk;
        rows = await finished;
        whole = true;
      } finally {
        if (!whole) pipe.abandon(null);
      }
    })(),
    rowCount: () => rows,
  };
}

function cancelled(): LakeError {
  return new LakeError(engineErrors.cancelled, { detail: 'The query was cancelled before its end.' });
}

function timedOut(timeoutMs: number): LakeError {
  return new LakeError(engineErrors.timeout, {
    detail: `The query did not end within its ${timeoutMs} ms.`,
    data: { timeout_ms: timeoutMs },
  });
}

function outOfMemory(): LakeError {
  return new LakeError(engineErrors.memory, {
    detail: 'The query used more memory than one engine process may hold and was stopped.',
  });
}
