/** A value bound to a parameter: `$1` by position or `$name` by name. */
export type EngineValue = string | number | bigint | boolean | null;
export type EngineParameters = readonly EngineValue[] | Readonly<Record<string, EngineValue>>;

export interface EngineColumn {
  readonly name: string;
  /** The engine's type name, `BIGINT`, `DECIMAL(10,2)`, `STRUCT(a INTEGER)`. */
  readonly type: string;
}

export interface EngineResult {
  readonly columns: readonly EngineColumn[];
  /** JSON values; integers beyond 2^53 and decimals as strings, NaN and Infinity as null. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** How a streamed result is encoded. `ndjson`: one JSON object per row, each ended by a newline. */
export type EngineFormat = 'ndjson' | 'csv' | 'parquet';

export interface EngineStream {
  readonly columns: readonly EngineColumn[];
  /** Ends by throwing `LakeError` when the query fails; `return()` interrupts it. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Rows sent; null before the last chunk, when nobody has counted them. */
  rowCount(): number | null;
}

export interface LeaseRequest {
  /** `small` falls back to `query` when no small lane is configured; ingest has its own. */
  readonly lane: 'small' | 'query' | 'ingest';
  /** Absolute paths the instance may read; exactly these. */
  readonly readFiles: readonly string[];
  /** Absolute paths the instance may create or overwrite; exactly these. */
  readonly writeFiles: readonly string[];
  readonly memoryLimitMb: number;
  /** From the asking for the lease, its wait for a process included; then interrupt, and SIGKILL one second later. */
  readonly timeoutMs: number;
  /** Of `timeoutMs`, what had passed before the lease was asked for. 0 where absent. */
  readonly spentMs?: number;
  readonly signal: AbortSignal;
  /**
   * False where the order in which rows are read cannot show in the answer: scans below a LIMIT then run on all
   * threads. True where absent.
   */
  readonly preserveOrder?: boolean;
  /**
   * True where no choice of the plan may depend on what the files hold: rows that the query does not see count in their
   * statistics. Joins then run in the order they are written in. False where absent.
   */
  readonly blindPlan?: boolean;
  /** True where the work ends so soon that waking a second thread costs more than it saves. False where absent. */
  readonly oneThread?: boolean;
  /**
   * Whose work this is, and by which rights: the next lease of exactly the same holder, files and settings may get the
   * instance of this one again. Null or absent where nobody may.
   */
  readonly holder?: string | null;
  /** True for a lease of one statement, which is streamed. False where absent. */
  readonly oneStatement?: boolean;
}

/** One engine process, with an instance that can reach the named files and nothing else, and served no other holder. */
export interface EngineLease {
  /** Runs one statement and returns all its rows: for small results. Throws `LakeError` with an `engine.*` code. */
  query(sql: string, parameters?: EngineParameters): Promise<EngineResult>;
  /**
   * Runs one statement and streams its rows with back-pressure. Statements of one `shape` have the same columns, which
   * are then found out once for all of them: it must hold everything that names and types depend on.
   */
  stream(
    sql: string,
    parameters: EngineParameters,
    format: EngineFormat,
    shape?: string | null,
  ): Promise<EngineStream>;
  /** Gives the process back, which a lease that is stopped does by itself; always call it. Never throws. */
  release(): Promise<void>;
}

export interface EnginePool {
  /**
   * Waits in a bounded queue. Throws `engine.busy` (429, with `retryAfterS`), `engine.queue_timeout`, or `engine.timeout`
   * where the request's own time ends before.
   */
  lease(request: LeaseRequest): Promise<EngineLease>;
  /**
   * The statement's AST by `json_serialize_sql`, as lossless JSON text, from a process kept for parsing. Throws
   * `engine.syntax` with a position in the given text, `engine.not_a_query` for what does not serialise, and what the signal
   * was aborted for where that is a `LakeError`.
   */
  parse(sql: string, signal: AbortSignal): Promise<string>;
  /**
   * SQL text of an AST made by `parse` and changed since, with the AST that this very text parses to, so that what will
   * run can be checked and not only what was meant.
   */
  deparse(ast: string, signal: AbortSignal): Promise<{ readonly sql: string; readonly ast: string }>;
  /** For doctor and metrics: processes, busy, queued, restarts, killed. */
  stats(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
