import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { readOperation } from '../../../govern/scope/index.ts';
import { queryErrors } from '../errors.ts';
import { type PlanDeps, type PlannedQuery, planQuery } from '../plan-query.ts';
import { QUERY_FORMATS, type QueryFormat, type RunDeps, runQuery } from '../run-query.ts';
import type { RunningQueries } from '../running-queries.ts';
import { wantedFormat } from '../wanted-format.ts';

const parameterSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const inputSchema = z.strictObject({
  sql: z.string().min(1).describe('One SELECT statement.'),
  params: z
    .union([z.array(parameterSchema).max(1_000), z.record(z.string(), parameterSchema)])
    .default([])
    .describe('Values for `$1`, `$2` … as an array, or for `$name` as an object.'),
  limit: z.int().min(0).optional().describe('Rows at most. JSON answers have a default and a maximum.'),
  timeout_ms: z
    .int()
    .min(1)
    .optional()
    .describe('Longest time: the waits for the parser and an engine process, and the run.'),
  format: z.enum(QUERY_FORMATS).optional().describe('How rows are encoded; wins over `Accept`.'),
  query_id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional()
    .describe('Names the query for a cancel; where absent the request’s id does, if it names no other.'),
  accept: z.string().max(1_000).optional(),
});
type Input = z.infer<typeof inputSchema>;

const outputSchema = z.strictObject({
  query_id: z.string(),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.record(z.string(), z.unknown())),
  row_count: z.int(),
  truncated: z.literal(true).optional().describe('There are more rows than the limit.'),
  latency_ms: z.number(),
  masked_columns: z.array(z.string()).describe('`dataset.column`, of those the query may touch.'),
  snapshots: z.record(z.string(), z.string().nullable()).describe('Snapshot read, by dataset.'),
});

/** `query.sql`: governed SQL over every dataset the caller may read. */
export function querySqlOperation(deps: PlanDeps & RunDeps & { readonly running: RunningQueries }) {
  return readOperation<Input, never, PlannedQuery>({
    name: 'query.sql',
    summary: 'Run a SQL query',
    description:
      'Runs one SELECT over datasets, with the caller’s masks and row filters applied where rows are read. A table may be ' +
      'read as it was: AT (VERSION => snapshot) or AT (TIMESTAMP => time). Integers beyond 2^53 and decimals come as strings.',
    input: inputSchema,
    output: outputSchema,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const { sql, params } = input;
        // Time that may not be asked for is refused once the caller was authorised.
        const timeoutMs = Math.min(wantedMs(input, deps.config.engine), deps.config.engine.max_timeout_ms);
        const { planned, demands } = await planQuery(deps, scope, { sql, params, timeoutMs });
        const [first, ...rest] = demands;
        return {
          resolved: planned,
          demands: first === undefined ? { none: 'the query reads no dataset' } : [first, ...rest],
        };
      },
    },
    truth: {
      before: {
        taskClass: 'query.sql',
        context: (input, planned) => ({
          datasets: [...new Set(planned.tables.map(({ pinned }) => pinned.facts.name))],
          tables: planned.tables.length,
          tags: [
            ...new Set(
              planned.tables.flatMap(({ pinned }) => pinned.facts.columns.flatMap(({ tags }) => tags)),
            ),
          ],
          statement_bytes: Buffer.byteLength(input.sql, 'utf8'),
          format: input.format ?? wantedFormat(input.accept ?? ''),
        }),
      },
      after: { taskClass: 'query.sql' },
    },
    onlyReads: true,
    auditStatement: (input) => ({ sql: input.sql, parametersJson: JSON.stringify(input.params) }),
    run(scope, input, { resolved }) {
      const format = input.format ?? wantedFormat(input.accept ?? '');
      const limit = limitOf(input, format, deps.limits);
      const timeoutMs = timeoutOf(input, deps.config.engine);
      if (resolved.unreadable !== null) throw resolved.unreadable;
      const names = { chosenId: input.query_id ?? null, requestId: scope.requestId };
      const { queryId, signal, remove } = deps.running.add(scope.identity, names);
      return runQuery(deps, scope, resolved, { queryId, format, limit, timeoutMs, signal, onEnd: remove });
    },
  });
}

function limitOf(input: Input, format: QueryFormat, limits: PlanDeps['limits']): number | null {
  if (format !== 'json') return input.limit ?? null;
  const limit = input.limit ?? limits.default_limit;
  if (limit <= limits.max_limit) return limit;
  throw new LakeError(queryErrors.limit_invalid, {
    detail: `A JSON answer holds at most ${limits.max_limit} rows. Ask for NDJSON, CSV or Parquet to stream more.`,
  });
}

function wantedMs(input: Input, engine: RunDeps['config']['engine']): number {
  return input.timeout_ms ?? engine.timeout_ms;
}

function timeoutOf(input: Input, engine: RunDeps['config']['engine']): number {
  const timeoutMs = wantedMs(input, engine);
  if (timeoutMs <= engine.max_timeout_ms) return timeoutMs;
  throw new LakeError(queryErrors.limit_invalid, {
    detail: `A query may run for at most ${engine.max_timeout_ms} ms.`,
  });
}
