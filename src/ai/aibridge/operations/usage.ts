import { sql } from 'kysely';
import { z } from 'zod';
import { permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS = 24;
const MAX_GROUPS = 1_000;

const DIMENSIONS = ['provider', 'model', 'identity', 'role', 'task', 'rule', 'status', 'hour'] as const;

const inputSchema = z.strictObject({
  by: z
    .array(z.enum(DIMENSIONS))
    .max(DIMENSIONS.length)
    .default(['model'])
    .describe('What to group by; nothing for one total.'),
  since: z.iso.datetime().optional().describe('From this time on; the last 24 hours where absent.'),
  until: z.iso.datetime().optional(),
});

const numbers = {
  requests: z.int(),
  errors: z.int(),
  partial: z.int(),
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  cost_usd: z.number(),
  latency_ms_mean: z.number(),
  first_token_ms_mean: z.number().nullable(),
};
const outputSchema = z.strictObject({
  since: z.string(),
  until: z.string(),
  groups: z.array(z.strictObject({ by: z.record(z.string(), z.string().nullable()), ...numbers })),
  truncated: z.boolean().describe(`More than ${MAX_GROUPS} groups: narrow the time, or group by less.`),
});

/** `models.usage`: what calls of models used, by provider, model, identity, role, task, hour. */
export function usage(parts: BridgeParts) {
  return readOperation<z.output<typeof inputSchema>, z.output<typeof outputSchema>, null>({
    name: 'models.usage',
    summary: 'Usage and cost of models',
    description:
      'Requests, tokens, dollars and latency of calls that are settled; a call that failed and fell to another model is ' +
      'one of its own. Costs are exact to the nano-dollar in the store and rounded here.',
    input: inputSchema,
    output: outputSchema,
    access: permissionRule('usage.read'),
    truth: {
      before: { none: 'Numbers of calls make no claim.' },
      after: { none: 'Numbers of calls make no claim.' },
    },
    async run(scope, input) {
      scope.requirePermission('usage.read');
      const untilMs = input.until === undefined ? parts.clock.nowMs() : Date.parse(input.until);
      const sinceMs = input.since === undefined ? untilMs - DEFAULT_HOURS * HOUR_MS : Date.parse(input.since);
      const groups = await parts.reader.read(groupsOf(parts, input.by, sinceMs, untilMs));
      return {
        kind: 'value',
        rowCount: Math.min(groups.length, MAX_GROUPS),
        value: {
          since: new Date(sinceMs).toISOString(),
          until: new Date(untilMs).toISOString(),
          groups: groups.slice(0, MAX_GROUPS).map((row) => shownGroup(row, input.by)),
          truncated: groups.length > MAX_GROUPS,
        },
      };
    },
  });
}

type Dimension = (typeof DIMENSIONS)[number];

function groupsOf(parts: BridgeParts, by: readonly Dimension[], sinceMs: number, untilMs: number) {
  const total = (column: string) => sql<number>`COALESCE(SUM(${sql.ref(column)}), 0)`;
  const grouped = by.map((name) =>
    name === 'hour'
      ? sql<number | string | null>`time_ms - time_ms % ${sql.lit(HOUR_MS)}`
      : groupColumn(name),
  );
  const query = parts.reader.queries
    .selectFrom('model_calls')
    .where('time_ms', '>=', Math.floor(sinceMs))
    .where('time_ms', '<', Math.ceil(untilMs) + 1)
    .select(grouped.map((expression, index) => expression.as(`by_${index}`)))
    .select([
      sql<number>`COUNT(*)`.as('requests'),
      sql<number>`COALESCE(SUM(CASE WHEN status IN ('failed', 'unknown') THEN 1 ELSE 0 END), 0)`.as('errors'),
      sql<number>`COALESCE(SUM(CASE WHEN status = 'partial' THEN 1 ELSE 0 END), 0)`.as('partial'),
      total('input_tokens').as('input_tokens'),
      total('cached_input_tokens').as('cached_input_tokens'),
      total('output_tokens').as('output_tokens'),
      total('reasoning_tokens').as('reasoning_tokens'),
      total('cost_nano_usd').as('cost_nano_usd'),
      sql<number>`COALESCE(AVG(latency_ms), 0)`.as('latency_ms_mean'),
      sql<number | null>`AVG(first_token_ms)`.as('first_token_ms_mean'),
    ])
    .orderBy('cost_nano_usd', 'desc')
    .limit(MAX_GROUPS + 1);
  return grouped.length === 0 ? query : query.groupBy(grouped);
}

function groupColumn(name: Exclude<Dimension, 'hour'>) {
  return sql<number | string | null>`${sql.ref(name)}`;
}

function shownGroup(row: Readonly<Record<string, unknown>>, by: readonly Dimension[]) {
  const count = (name: string) => Number(row[name] ?? 0);
  const mean = row.first_token_ms_mean;
  return {
    by: Object.fromEntries(by.map((name, index) => [name, shownValue(name, row[`by_${index}`])])),
    requests: count('requests'),
    errors: count('errors'),
    partial: count('partial'),
    input_tokens: count('input_tokens'),
    cached_input_tokens: count('cached_input_tokens'),
    output_tokens: count('output_tokens'),
    reasoning_tokens: count('reasoning_tokens'),
    cost_usd: count('cost_nano_usd') / 1e9,
    latency_ms_mean: count('latency_ms_mean'),
    first_token_ms_mean: mean === null || mean === undefined ? null : Number(mean),
  };
}

function shownValue(name: Dimension, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return name === 'hour' ? new Date(Number(value)).toISOString() : String(value);
}
