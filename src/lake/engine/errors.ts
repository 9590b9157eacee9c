import { declareErrors } from '../../base/index.ts';

/** How a caller's SQL fails, in words that hold whoever ran it: a room that runs SQL declares them under its own name. */
export const sqlFailures = {
  timeout: {
    kind: 'timeout',
    title: 'The query ran out of time',
    remedy: 'Ask for less, or for more time with `timeout_ms` up to engine.max_timeout_ms.',
  },
  cancelled: {
    kind: 'cancelled',
    title: 'The query was cancelled',
    remedy: 'Nothing to do: it was stopped on request, or its caller went away.',
  },
  memory: {
    kind: 'unprocessable',
    title: 'The query needs more memory than it may use',
    remedy: 'Ask for fewer rows or columns, aggregate earlier, or raise engine.memory_limit_mb.',
  },
  unknown_column: {
    kind: 'invalid',
    title: 'Unknown column',
    remedy: 'Check the column’s name; describing the dataset lists its columns.',
  },
  ambiguous: {
    kind: 'invalid',
    title: 'Ambiguous name',
    remedy: 'Qualify the name with its table or alias.',
  },
  type_error: {
    kind: 'invalid',
    title: 'Types do not fit',
    remedy: 'Cast the arguments to types the operator or function takes.',
  },
  conversion: {
    kind: 'unprocessable',
    title: 'A value could not be converted',
    remedy: 'Use TRY_CAST, or exclude the rows that do not convert.',
  },
  out_of_range: {
    kind: 'unprocessable',
    title: 'A value is out of range',
    remedy: 'Use a wider type, or exclude the rows that overflow.',
  },
  invalid_input: {
    kind: 'unprocessable',
    title: 'A function was given an input it does not take',
    remedy: 'Check the arguments; use CASE to keep values from the function that it does not take.',
  },
  not_supported: {
    kind: 'unsupported',
    title: 'The engine does not support this',
    remedy: 'Write the query in another way.',
  },
} as const;

export const engineErrors = declareErrors('engine', {
  ...sqlFailures,
  busy: {
    kind: 'rate_limited',
    title: 'Too many queries are waiting',
    remedy: 'Send the request again after the time in `retry_after_s`.',
    retryable: true,
  },
  queue_timeout: {
    kind: 'unavailable',
    title: 'No engine process became free in time',
    remedy:
      'Send the request again; raise engine.processes or engine.queue_timeout_ms where it keeps happening.',
    retryable: true,
  },
  process_died: {
    kind: 'unavailable',
    title: 'The engine process ended during the request',
    remedy:
      'Send the request again; another process has taken its place. Where the same statement ends that one too, it meets a defect ' +
      'of the engine: write it another way, and report it with the request id.',
    retryable: true,
  },
  unavailable: {
    kind: 'unavailable',
    title: 'The engine cannot be started',
    remedy: 'See the server’s log; `lakehouse doctor` checks what the engine needs.',
    retryable: true,
  },
  disk_full: {
    kind: 'storage_full',
    title: 'The disk is full',
    remedy: 'Free space on the server’s disk and send the request again.',
    retryable: true,
  },
  syntax: {
    kind: 'invalid',
    title: 'SQL syntax error',
    remedy: 'Correct the statement at the position given.',
  },
  not_a_query: {
    kind: 'invalid',
    title: 'Not a query',
    remedy: 'Send one SELECT statement; data is changed through the ingest and catalog operations.',
  },
  too_complex: {
    kind: 'invalid',
    title: 'The statement is too complex to parse',
    remedy: 'Split it, or use an IN list or a join in place of very long chains of conditions.',
  },
  unknown_name: {
    kind: 'invalid',
    title: 'Unknown table, function or type',
    remedy: 'Check the name.',
  },
  bind: {
    kind: 'invalid',
    title: 'The statement cannot be planned',
    remedy: 'Check names, grouping, parameters and the types of arguments.',
  },
  io: {
    kind: 'unavailable',
    title: 'A file could not be read or written',
    remedy: 'Send the request again; where it keeps happening, run `lakehouse doctor`.',
    retryable: true,
  },
  file_refused: {
    kind: 'internal',
    title: 'A file is gone, or outside the plan of the query',
    remedy:
      'Let an administrator run POST /catalog/resync-missing: it names the datasets whose files are gone, to be restored ' +
      'from a backup. Where it names none it is a defect: report it with the request id. No other file was read.',
  },
  internal: {
    kind: 'internal',
    title: 'The engine failed',
    remedy: 'A defect of lakehouse or of its engine: report it with the request id.',
  },
});
