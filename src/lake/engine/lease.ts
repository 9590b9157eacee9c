import type { LakeError } from '../../base/index.ts';
import type { Deadline } from './deadline.ts';
import type { EngineColumn, EngineLease, EngineStream, LeaseRequest } from './engine.ts';
import type { EngineProcess } from './engine-process.ts';
import { type LeaseWatch, watchLease } from './lease-watch.ts';
import { type ChildAnswer, type InstanceLock, resultPipePath, type StreamedAnswer } from './protocol.ts';
import { openResultPipe, type ResultReader } from './result-pipe.ts';

export interface LeaseParts {
  readonly process: EngineProcess;
  readonly request: LeaseRequest;
  /** Of the request's time, which began when it asked for the lease. */
  readonly deadline: Deadline;
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
  let isClosed = false;
  const ends = countEnds();
  // What is stopped is given back at once: its holder may wait for a reader that takes nothing. The watch is there by then.
  const onStop = (reason: LakeError) => {
    reader?.abandon(reason);
    queueMicrotask(() => void releaseOnce());
  };
  const watch = watchLease({ ...parts, onStop });
  const release = async () => {
    // Only what ended well, and by itself, leaves an instance that another lease may have.
    const keep = ends.areClean() && watch.reason() === null;
    reader?.abandon(null);
    watch.finish();
    // A process that was killed meanwhile rejects this; it is replaced by the pool.
    if (!isClosed) await engine.request({ kind: 'close', keep }).catch(() => {});
    watch.end();
    parts.onReleased();
  };
  const releaseOnce = () => {
    released ??= release();
    return released;
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
      const stopped = watch.reason();
      // The process may be another's by now, and so may what its pipe holds.
      if (stopped !== null) throw stopped;
      reader?.abandon(null);
      reader = openPipeOf(engine);
      const send = async (onColumns: (columns: readonly EngineColumn[]) => void) => {
        const endsLease = parts.request.oneStatement ?? false;
        const lock = takeLock();
        const answer = streamed(
          await ends.of(
            engine.request({ kind: 'stream', lock, sql, parameters, format, shape, endsLease }, onColumns),
          ),
        );
        isClosed = answer.isClosed;
        return answer;
      };
      return startStream(watch, reader, send);
    },
    release: releaseOnce,
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

/** The columns of a stream, with all of its text where that is short; null where it comes through the pipe. */
interface Begun {
  readonly columns: readonly EngineColumn[];
  readonly text: string | null;
}

/** Answers as soon as the columns are known; the rest of the statement's fate shows in the chunks. */
async function startStream(
  watch: LeaseWatch,
  pipe: ResultReader,
  send: (onColumns: (columns: readonly EngineColumn[]) => void) => Promise<StreamedAnswer>,
): Promise<EngineStream> {
  const begun = Promise.withResolvers<Begun>();
  const finished = watch
    .guard(() => send((columns) => begun.resolve({ columns, text: null })))
    .then(
      (answer) => {
        pipe.over();
        if (answer.short === null) pipe.finish();
        else {
          begun.resolve(answer.short);
          pipe.abandon(null);
        }
        return answer;
      },
      (error: Error) => {
        pipe.over();
        begun.reject(error);
        pipe.abandon(error);
        throw error;
      },
    );
  // Told through the columns or the chunks; this only keeps the rejection from being nobody's.
  finished.catch(() => {});
  return streamOf(await begun.promise, pipe, finished);
}

function streamed(answer: ChildAnswer): ChildAnswer & { readonly kind: 'streamed' } {
  if (answer.kind !== 'streamed') throw new Error('unexpected answer of the engine process');
  return answer;
}

function streamOf(begun: Begun, pipe: ResultReader, finished: Promise<StreamedAnswer>): EngineStream {
  const counted: { rows: number | null } = { rows: null };
  return {
    columns: begun.columns,
    chunks: chunksOf({ begun, pipe, finished, counted }),
    rowCount: () => counted.rows,
  };
}

async function* chunksOf(parts: {
  readonly begun: Begun;
  readonly pipe: ResultReader;
  readonly finished: Promise<StreamedAnswer>;
  readonly counted: { rows: number | null };
}): AsyncGenerator<Uint8Array> {
  const { begun, pipe, finished, counted } = parts;
  let whole = false;
  try {
    if (begun.text === null) for await (const chunk of pipe.chunks) yield chunk;
    else if (begun.text !== '') yield Buffer.from(begun.text, 'utf8');
    counted.rows = (await finished).rowCount;
    whole = true;
  } finally {
    if (!whole) pipe.abandon(null);
  }
}
