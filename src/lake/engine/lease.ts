import type { EngineColumn, EngineLease, EngineStream, LeaseRequest } from './engine.ts';
import type { EngineProcess } from './engine-process.ts';
import { type LeaseWatch, watchLease } from './lease-watch.ts';
import { type InstanceLock, resultPipePath } from './protocol.ts';
import { openResultPipe, type ResultReader } from './result-pipe.ts';

export interface LeaseParts {
  readonly process: EngineProcess;
  readonly request: LeaseRequest;
  readonly lock: InstanceLock;
  readonly processMemoryMb: number;
  /** Called once, when the process can be used again or is gone. */
  readonly onReleased: () => void;
  readonly onKilled: () => void;
}

/** Opens one use of an engine process: its instance is locked to the request's files before the first statement runs. */
export function openLease(parts: LeaseParts): EngineLease {
  const { process: engine } = parts;
  let unsent: InstanceLock | null = parts.lock;
  const takeLock = () => {
    const lock = unsent;
    unsent = null;
    return lock;
  };
  let reader: ResultReader | null = null;
  let released: Promise<void> | null = null;
  const ends = countEnds();
  const watch = watchLease({ ...parts, onStop: (reason) => reader?.abandon(reason) });
  const release = async () => {
    // Only what ended well, and by itself, leaves an instance that another lease may have.
    const keep = ends.areClean() && watch.reason() === null;
    reader?.abandon(null);
    watch.finish();
    // A process that was killed meanwhile rejects this; it is replaced by the pool.
    await engine.request({ kind: 'close', keep }).catch(() => {});
    watch.end();
    parts.onReleased();
  };
  return {
    async query(sql, parameters = []) {
      const answer = await watch.guard(() =>
        ends.of(engine.request({ kind: 'query', lock: takeLock(), sql, parameters })),
      );
      if (answer.kind !== 'result') throw new Error('unexpected answer of the engine process');
      return answer.result;
    },
    async stream(sql, parameters, format, shape = null) {
      reader?.abandon(null);
      reader = openPipeOf(engine);
      const send = (onColumns: (columns: readonly EngineColumn[]) => void) =>
        ends.of(
          engine.request({ kind: 'stream', lock: takeLock(), sql, parameters, format, shape }, onColumns),
        );
      return startStream(watch, reader, send);
    },
    release() {
      released ??= release();
      return released;
    },
  };
}

/** Whether every statement of a lease has ended, and none by a failure. */
function countEnds(): { of<T>(statement: Promise<T>): Promise<T>; areClean(): boolean } {
  let [begun, well] = [0, 0];
  return {
    async of(statement) {
      begun += 1;
      const answer = await statement;
      well += 1;
      return answer;
    },
    areClean: () => begun > 0 && begun === well,
  };
}

/** A process that dies before its statement is sent takes its pipe along; what is told then is that it died. */
function openPipeOf(engine: EngineProcess): ResultReader {
  if (engine.folder === null) throw new Error('this process does not stream');
  try {
    return openResultPipe(resultPipePath(engine.folder));
  } catch (error) {
    engine.requireAlive();
    throw error;
  }
}

/** What an instance is locked to for a request; `threads` are those of one whose work is not small. */
export function lockOf(request: LeaseRequest, threads: number): InstanceLock {
  return {
    allowedPaths: [...request.readFiles, ...request.writeFiles],
    memoryLimitMb: request.memoryLimitMb,
    preserveOrder: request.preserveOrder ?? true,
    blindPlan: request.blindPlan ?? false,
    threads: request.oneThread === true ? 1 : threads,
    holder: request.holder ?? null,
  };
}

/** Answers as soon as the columns are known; the rest of the statement's fate shows in the chunks. */
async function startStream(
  watch: LeaseWatch,
  pipe: ResultReader,
  send: (onColumns: (columns: readonly EngineColumn[]) => void) => ReturnType<EngineProcess['request']>,
): Promise<EngineStream> {
  const columns = Promise.withResolvers<readonly EngineColumn[]>();
  const finished = watch
    .guard(() => send(columns.resolve))
    .then(
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
