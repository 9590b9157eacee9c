import type { Clock } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { ReadAnswer, ReadScope } from '../../govern/scope/index.ts';
import type { EngineLease, EngineStream } from '../engine/index.ts';
import { jsonBody } from './json-body.ts';
import { laneOf } from './lane-of.ts';
import { leaseHolder } from './lease-holder.ts';
import { type TimeLeft, withinTime } from './parser-time.ts';
import type { PlannedQuery } from './plan-query.ts';
import { type CallersQuery, callerError, fileFailure } from './query-failure.ts';
import { type RewriteDeps, rewriteQuery, type ScannedQuery, scanTables } from './rewrite-query.ts';
import type { GovernedSql } from './written-values.ts';

export const QUERY_FORMATS = ['json', 'ndjson', 'csv', 'parquet'] as const;
export type QueryFormat = (typeof QUERY_FORMATS)[number];

export const CONTENT_TYPES: Readonly<Record<QueryFormat, string>> = {
  json: 'application/json; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};

export interface RunDeps extends RewriteDeps {
  readonly config: Pick<Config, 'engine' | 'query'>;
  readonly clock: Clock;
}

export interface RunRequest {
  readonly queryId: string;
  readonly format: QueryFormat;
  /** Rows at most; null for all. */
  readonly limit: number | null;
  readonly timeoutMs: number;
  /** Aborted by a cancel. */
  readonly signal: AbortSignal;
  /** Called once, when the query has ended in whatever way. */
  readonly onEnd: () => void;
}

/**
 * Up to it a query of the small lane runs on one thread: measured on a point query of 4 MB, a second one costs a
 * millisecond of processor time, and waits for a processor where the next instance is being made.
 */
const ONE_THREAD_BYTES = 8_388_608;

type StreamAnswer = Extract<ReadAnswer<never>, { kind: 'stream' }>;

/**
 * Runs a planned query under the caller's decisions and answers with its bytes. The first bytes are awaited here, so
 * that a query that fails at once is refused with a problem, not with a broken stream.
 */
export async function runQuery(
  deps: RunDeps,
  scope: ReadScope,
  planned: PlannedQuery,
  request: RunRequest,
): Promise<StreamAnswer> {
  const startedMs = deps.clock.monotonicMs();
  const callers: CallersQuery = { sql: planned.sql, statement: planned.statement };
  let lease: EngineLease | null = null;
  let scans: ScannedQuery['scans'] = [];
  const failed = async (error: unknown) => {
    const requireFiles = async () => {
      for (const { table, plan } of scans) await deps.catalog.requireFiles(scope, table.pinned, plan.files);
    };
    return callerError(await fileFailure(error, requireFiles), callers);
  };
  const end = () => {
    // Not awaited: the answer is whole, and giving an instance back never fails.
    void lease?.release();
    request.onEnd();
  };
  try {
    const time = { timeoutMs: request.timeoutMs, spentMs: startedMs - planned.startedMs };
    const stopped = AbortSignal.any([scope.signal, request.signal]);
    const ready = await withinTime(time, stopped, async (signal) => {
      const scanned = await scanTables(deps, scope, planned, signal);
      scans = scanned.scans;
      return { scanned, ...(await leaseAndRewrite(deps, scope, { scanned, time, stopped, signal })) };
    });
    lease = ready.lease;
    const { scanned } = ready;
    const { format } = request;
    const stream = await lease.stream(
      limited(ready.governed.sql, request),
      ready.governed.parameters,
      format === 'json' ? 'ndjson' : format,
      ready.governed.shape,
    );
    const body = bodyOf(deps, stream, scanned, request, startedMs);
    const chunks = body.chunks[Symbol.asyncIterator]();
    const first = await chunks.next();
    return {
      kind: 'stream',
      contentType: CONTENT_TYPES[format],
      headers: answerHeaders(request, scanned),
      chunks: endingWith(chunks, first, failed, end),
      rowCount: body.rowCount,
      truthContext: {
        datasets: Object.keys(scanned.snapshots),
        masked_columns: [...scanned.maskedColumns],
        format,
      },
    };
  } catch (error) {
    end();
    throw await failed(error);
  }
}

interface LeaseParts {
  readonly scanned: ScannedQuery;
  readonly time: TimeLeft;
  /** Aborted where the query is wanted no more. */
  readonly stopped: AbortSignal;
  /** Aborted then too, and when its time is over, which a lease counts by itself. */
  readonly signal: AbortSignal;
}

/**
 * Takes an engine process, which needs only the files and flags, while the parser process writes the SQL. Where either
 * fails, the lease is given back.
 */
async function leaseAndRewrite(
  deps: RunDeps,
  scope: ReadScope,
  { scanned, time, stopped, signal }: LeaseParts,
): Promise<{ lease: EngineLease; governed: GovernedSql }> {
  const { engine } = deps.config;
  const givenUp = new AbortController();
  const lane = laneOf(scanned.planned, scanned.plannedBytes, engine.small_query_bytes);
  const leasing = deps.engine.lease({
    lane,
    oneThread: lane === 'small' && scanned.plannedBytes <= ONE_THREAD_BYTES,
    readFiles: scanned.readFiles,
    writeFiles: [],
    memoryLimitMb: engine.memory_limit_mb,
    ...time,
    signal: AbortSignal.any([stopped, givenUp.signal]),
    preserveOrder: scanned.preserveOrder,
    blindPlan: scanned.blindPlan,
    oneStatement: true,
    holder: leaseHolder(scope.identity, scanned),
  });
  try {
    const [lease, governed] = await Promise.all([leasing, rewriteQuery(deps, scope, scanned, signal)]);
    return { lease, governed };
  } catch (error) {
    givenUp.abort();
    void leasing.then(
      (lease) => lease.release(),
      () => {},
    );
    throw error;
  }
}

/** One row more than asked for tells a JSON answer whether it was cut off. */
function limited(sql: string, { limit, format }: RunRequest): string {
  return limit === null ? sql : `${sql} LIMIT ${format === 'json' ? limit + 1 : limit}`;
}

function bodyOf(
  deps: RunDeps,
  stream: EngineStream,
  scanned: ScannedQuery,
  request: RunRequest,
  startedMs: number,
): { chunks: AsyncIterable<Uint8Array>; rowCount(): number | null } {
  if (request.format !== 'json' || request.limit === null) {
    return { chunks: stream.chunks, rowCount: () => stream.rowCount() };
  }
  return jsonBody({
    stream,
    limit: request.limit,
    queryId: request.queryId,
    latencyMs: () => Math.round((deps.clock.monotonicMs() - startedMs) * 1000) / 1000,
    maskedColumns: scanned.maskedColumns,
    snapshots: scanned.snapshots,
  });
}

/** What a JSON answer says in its body, for formats that have no room for it. */
function answerHeaders(request: RunRequest, scanned: ScannedQuery): Record<string, string> {
  const facts = JSON.stringify({ masked_columns: scanned.maskedColumns, snapshots: scanned.snapshots });
  // Header values are ASCII: anything else is written as JSON's own escapes.
  const ascii = facts.replace(
    /[^\x20-\x7e]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { 'x-query-id': request.queryId, ...(ascii.length <= 4_096 ? { 'x-query-facts': ascii } : {}) };
}

/** The chunks, with their errors made the caller's, and `end` called exactly once however they end. */
function endingWith(
  chunks: AsyncIterator<Uint8Array>,
  first: IteratorResult<Uint8Array>,
  failed: (error: unknown) => Promise<unknown>,
  end: () => void,
): AsyncIterable<Uint8Array> {
  let pending: IteratorResult<Uint8Array> | null = first;
  let ended = false;
  const endOnce = () => {
    if (!ended) end();
    ended = true;
  };
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const result = pending ?? (await chunks.next());
        pending = null;
        if (result.done === true) endOnce();
        return result;
      } catch (error) {
        endOnce();
        throw await failed(error);
      }
    },
    async return() {
      await chunks.return?.();
      endOnce();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}
