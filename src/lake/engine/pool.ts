import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LakeError, type Logger } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import type { EngineLease, EnginePool, LeaseRequest } from './engine.ts';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';
import { engineErrors } from './errors.ts';
import { lockOf, openLease } from './lease.ts';
import { rememberingParser } from './parse-memory.ts';
import { createParser } from './parser.ts';

export interface EngineParts {
  readonly config: Pick<Config, 'engine' | 'ingest'>;
  /** A private folder that only this pool uses; emptied at start. */
  readonly folder: string;
  readonly log: Logger;
}

type Lane = LeaseRequest['lane'];

interface Waiter {
  readonly request: LeaseRequest;
  readonly grant: (process: EngineProcess) => void;
}

interface LaneState {
  readonly idle: EngineProcess[];
  readonly waiting: Waiter[];
  processes: number;
  busy: number;
}

const RESTART_PAUSE_MS = 1_000;
const LANES: readonly Lane[] = ['small', 'query', 'ingest'];

/** Starts the engine processes of every lane and the parser, and waits until they are warm. */
export async function createEnginePool(parts: EngineParts): Promise<EnginePool> {
  const { engine } = parts.config;
  await rm(parts.folder, { recursive: true, force: true });
  await mkdir(parts.folder, { recursive: true, mode: 0o700 });
  const pool = new Pool(parts);
  // Started together: each process takes a while to load the engine's library, and a restart waits for all of them.
  const [parsing, serving] = await Promise.allSettled([
    createParser({ log: parts.log }),
    pool.start({
      query: engine.processes,
      small: engine.small_processes,
      ingest: parts.config.ingest.processes,
    }),
  ]);
  if (parsing.status === 'rejected' || serving.status === 'rejected') {
    await Promise.all([pool.close(), parsing.status === 'fulfilled' ? parsing.value.close() : null]);
    throw parsing.status === 'rejected' ? parsing.reason : (serving as PromiseRejectedResult).reason;
  }
  const parser = rememberingParser(parsing.value);
  return {
    lease: (request) => pool.lease(request),
    parse: (sql, signal) => parser.parse(sql, signal),
    deparse: (ast, signal) => parser.deparse(ast, signal),
    stats: () => ({ ...pool.stats(), parser_restarts: parser.restarts() }),
    async close() {
      await Promise.all([pool.close(), parser.close()]);
      await rm(parts.folder, { recursive: true, force: true });
    },
  };
}

class Pool {
  readonly #parts: EngineParts;
  readonly #lanes: Record<Lane, LaneState> = { small: lane(), query: lane(), ingest: lane() };
  readonly #all = new Set<EngineProcess>();
  readonly #starting = new Set<Promise<EngineProcess>>();
  readonly #counts = { leases: 0, restarts: 0, killed: 0, refused: 0 };
  #made = 0;
  readonly #closing = new AbortController();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  async start(processes: Readonly<Record<Lane, number>>): Promise<void> {
    const starts = LANES.flatMap((name) => Array.from({ length: processes[name] }, () => this.#add(name)));
    for (const name of LANES) this.#lanes[name].processes = processes[name];
    await Promise.all(starts);
  }

  async lease(request: LeaseRequest): Promise<EngineLease> {
    const name = this.#laneOf(request.lane);
    const lock = lockOf(request, this.#parts.config.engine.threads);
    const sameness = lock.holder === null ? null : JSON.stringify(lock);
    const deadline = startDeadline(Math.max(0, request.timeoutMs - (request.spentMs ?? 0)));
    const engine = await this.#acquire(name, request, { sameness, deadline }).catch((error: unknown) => {
      deadline.clear();
      throw error;
    });
    const owner = this.#ownerOf(engine, name);
    this.#counts.leases += 1;
    this.#lastOf.set(engine, sameness);
    return openLease({
      process: engine,
      request,
      deadline,
      lock,
      processMemoryMb: this.#parts.config.engine.process_memory_mb,
      onKilled: () => {
        this.#counts.killed += 1;
      },
      onReleased: () => this.#giveBack(owner, engine),
    });
  }

  stats(): Readonly<Record<string, number>> {
    const perLane = LANES.flatMap((name) => {
      const { processes, busy, waiting } = this.#lanes[name];
      return [
        [`${name}_processes`, processes],
        [`${name}_busy`, busy],
        [`${name}_queued`, waiting.length],
      ];
    });
    return { ...Object.fromEntries(perLane), ...this.#counts };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const end = (engine: EngineProcess) => {
      engine.kill(null);
      return engine.exited;
    };
    const starting = [...this.#starting].map((started) => started.then(end, () => {}));
    await Promise.all([...[...this.#all].map(end), ...starting]);
  }

  /** The lane whose processes serve a request. */
  #laneOf(wanted: Lane): Lane {
    return wanted === 'small' && this.#lanes.small.processes === 0 ? 'query' : wanted;
  }

  readonly #owners = new Map<EngineProcess, Lane>();
  /** What a process served last; it may have kept the instance. A hint and no more: the process compares the locks itself. */
  readonly #lastOf = new Map<EngineProcess, string | null>();

  #ownerOf(engine: EngineProcess, fallback: Lane): Lane {
    return this.#owners.get(engine) ?? fallback;
  }

  async #acquire(
    name: Lane,
    request: LeaseRequest,
    { sameness, deadline }: { sameness: string | null; deadline: Deadline },
  ): Promise<EngineProcess> {
    const state = this.#lanes[name];
    // A small query may use a free process of the query lane; never the other way round.
    const isKnown = (engine: EngineProcess) => sameness !== null && this.#lastOf.get(engine) === sameness;
    const idle =
      idleOf(state, isKnown) ?? (name === 'small' ? idleOf(this.#lanes.query, isKnown) : undefined);
    if (idle !== undefined) return this.#take(idle);
    const { queue_length: length } = this.#parts.config.engine;
    if (state.waiting.length >= length) {
      this.#counts.refused += 1;
      const retryAfterS = 1 + Math.floor(state.waiting.length / Math.max(1, state.processes));
      throw new LakeError(engineErrors.busy, {
        detail: `${state.waiting.length} requests are already waiting for the engine. Try again in ${retryAfterS} s.`,
        data: { retry_after_s: retryAfterS },
      });
    }
    return this.#wait(state, request, deadline);
  }

  #wait(state: LaneState, request: LeaseRequest, deadline: Deadline): Promise<EngineProcess> {
    const { queue_timeout_ms: queueTimeoutMs } = this.#parts.config.engine;
    return new Promise((resolve, reject) => {
      const leave = (error: LakeError) => {
        const at = state.waiting.indexOf(waiter);
        if (at >= 0) state.waiting.splice(at, 1);
        settle();
        reject(error);
      };
      const onAbort = () =>
        leave(
          new LakeError(engineErrors.cancelled, { detail: 'The request was cancelled while it waited.' }),
        );
      const timer = setTimeout(
        () =>
          leave(
            new LakeError(engineErrors.queue_timeout, {
              detail: `No engine process became free within ${queueTimeoutMs} ms.`,
              data: { retry_after_s: 1 },
            }),
          ),
        queueTimeoutMs,
      );
      const settle = () => {
        clearTimeout(timer);
        request.signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        request,
        grant: (engine) => {
          settle();
          resolve(this.#take(engine));
        },
      };
      request.signal.addEventListener('abort', onAbort, { once: true });
      if (request.signal.aborted) return onAbort();
      state.waiting.push(waiter);
      deadline.onReached(() => leave(timedOutWaiting(request.timeoutMs)));
    });
  }

  #take(engine: EngineProcess): EngineProcess {
    this.#lanes[this.#ownerOf(engine, 'query')].busy += 1;
    return engine;
  }

  /** After a lease: the process serves the next waiter, or is replaced where it is gone or has grown too large. */
  #giveBack(name: Lane, engine: EngineProcess): void {
    this.#lanes[name].busy -= 1;
    if (!this.#all.has(engine)) return;
    const resident = engine.residentBytes();
    const limit = (this.#parts.config.engine.process_memory_mb * 1_048_576) / 2;
    if (resident !== null && resident > limit) engine.kill(null);
    else this.#offer(name, engine);
  }

  #offer(name: Lane, engine: EngineProcess): void {
    // One that has ended is replaced when its folder is gone; until then nobody gets it.
    if (!this.#all.has(engine) || !engine.isAlive()) return;
    const small = name === 'query' ? this.#lanes.small.waiting : [];
    const next = this.#lanes[name].waiting.shift() ?? small.shift();
    if (next === undefined) this.#lanes[name].idle.push(engine);
    else next.grant(engine);
  }

  async #add(name: Lane): Promise<void> {
    const { engine } = this.#parts.config;
    this.#made += 1;
    const starting = startEngineProcess({
      settings: {
        folder: join(this.#parts.folder, `${name}-${this.#made}`),
        spillLimitMb: engine.spill_limit_mb,
      },
      dataLimitMb: engine.process_memory_mb,
      closing: this.#closing.signal,
      log: this.#parts.log,
    });
    this.#starting.add(starting);
    try {
      const started = await starting;
      this.#all.add(started);
      this.#owners.set(started, name);
      void started.exited.then(() => this.#replace(name, started));
      this.#offer(name, started);
    } finally {
      // Only now: at every moment a process is in one of the two sets, and `close` finds it.
      this.#starting.delete(starting);
    }
  }

  async #replace(name: Lane, gone: EngineProcess): Promise<void> {
    this.#all.delete(gone);
    this.#owners.delete(gone);
    this.#lastOf.delete(gone);
    const { idle } = this.#lanes[name];
    const at = idle.indexOf(gone);
    if (at >= 0) idle.splice(at, 1);
    while (!this.#closing.signal.aborted) {
      this.#counts.restarts += 1;
      try {
        return await this.#add(name);
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        this.#parts.log.error({ err: error }, 'an engine process could not be started; trying again');
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS).unref());
      }
    }
  }
}

/** A process of the lane that waits for work and lives; one that knows the work, where there is one. */
function idleOf(state: LaneState, isKnown: (engine: EngineProcess) => boolean): EngineProcess | undefined {
  for (;;) {
    const at = state.idle.findLastIndex(isKnown);
    const engine = at < 0 ? state.idle.pop() : state.idle.splice(at, 1)[0];
    if (engine === undefined || engine.isAlive()) return engine;
  }
}

function timedOutWaiting(timeoutMs: number): LakeError {
  return new LakeError(engineErrors.timeout, {
    detail: `The query did not begin within its ${timeoutMs} ms: it waited for an engine process.`,
    data: { timeout_ms: timeoutMs },
  });
}

function lane(): LaneState {
  return { idle: [], waiting: [], processes: 0, busy: 0 };
}
