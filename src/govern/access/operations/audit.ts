import { sql } from 'kysely';
import { z } from 'zod';
import type { AuditTableRow } from '../../../metastore/tables/access.ts';
import { type AnyOperation, permissionRule, readOperation } from '../../scope/index.ts';
import { type AccessParts, isoTime } from '../access-parts.ts';
import { noTruth } from './rules.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

const input = z.strictObject({
  identity: z.string().max(220).optional().describe('A name, alone or as either side of a delegation.'),
  operation: z.string().max(100).optional(),
  dataset: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,256}$/, 'a dotted dataset name')
    .optional(),
  decision: z.enum(['allowed', 'denied', 'blocked']).optional(),
  request_id: z.string().max(128).optional(),
  since: z.iso.datetime({ offset: true }).optional().describe('From this time on.'),
  until: z.iso.datetime({ offset: true }).optional().describe('Before this time.'),
  before: z.string().max(64).optional().describe('Continue after this audit_id, `next` of the last page.'),
  limit: z.int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
});

const auditedDataset = z.strictObject({
  dataset_id: z.string(),
  name: z.string(),
  action: z.string(),
  snapshot_id: z.string().nullable(),
  field_ids: z.array(z.int()).nullable().describe('Null for all.'),
  masked_field_ids: z.array(z.int()),
  filtered: z.boolean(),
});

const auditedRow = z.strictObject({
  audit_id: z.string(),
  request_id: z.string(),
  time: z.string().nullable(),
  identity: z.string(),
  name: z.string(),
  role: z.string(),
  key_id: z.string().nullable(),
  on_behalf_of: z
    .strictObject({ name: z.string(), role: z.string(), key_id: z.string().nullable() })
    .nullable(),
  operation: z.string(),
  door: z.string(),
  decision: z.string(),
  code: z.string().nullable(),
  policy_version: z.int(),
  datasets: z.array(auditedDataset),
  truth: z.array(z.strictObject({ rule: z.string(), action: z.string() })).nullable(),
  statement: z.strictObject({ sql: z.string(), parameters_json: z.string() }).nullable(),
  status: z
    .string()
    .describe('open while it runs, then ok, failed or cancelled; interrupted where the server ended first.'),
  row_count: z.int().nullable(),
  latency_ms: z.number().nullable(),
});

/** `access.audit`: who asked for what, newest first. */
export function readAudit(parts: AccessParts): AnyOperation {
  // A row that was open before this process began will never be closed.
  const startedMs = parts.clock.nowMs();
  return readOperation({
    name: 'access.audit',
    summary: 'Read the audit',
    description: 'Audit rows, newest first: identity, datasets, columns, masks, rows, latency, decision.',
    input,
    output: z.strictObject({ rows: z.array(auditedRow), next: z.string().nullable() }),
    access: permissionRule('audit.read'),
    truth: noTruth,
    async run(_scope, filter) {
      const rows = await parts.reader.read(selection(parts, filter));
      const last = rows.length === filter.limit ? rows.at(-1) : undefined;
      return {
        kind: 'value',
        value: { rows: rows.map((row) => shownRow(row, startedMs)), next: last?.audit_id ?? null },
      };
    },
  });
}

function selection(parts: AccessParts, filter: z.output<typeof input>) {
  let query = parts.reader.queries
    .selectFrom('audit_rows')
    .selectAll()
    .orderBy('audit_id', 'desc')
    .limit(filter.limit);
  const { identity, operation, dataset, decision, since, until, before } = filter;
  if (identity !== undefined) {
    query = query.where((row) =>
      row.or([row('identity', '=', identity), row('name', '=', identity), row('person_name', '=', identity)]),
    );
  }
  if (operation !== undefined) query = query.where('operation', '=', operation);
  if (decision !== undefined) query = query.where('decision', '=', decision);
  if (filter.request_id !== undefined) query = query.where('request_id', '=', filter.request_id);
  if (since !== undefined) query = query.where('time_ms', '>=', Date.parse(since));
  if (until !== undefined) query = query.where('time_ms', '<', Date.parse(until));
  if (before !== undefined) query = query.where('audit_id', '<', before);
  if (dataset === undefined) return query;
  // `_` is a wild card of LIKE; names hold no `!`.
  const pattern = `% ${dataset.replaceAll('_', '!_')} %`;
  return query.where(sql<boolean>`dataset_names LIKE ${pattern} ESCAPE '!'`);
}

function shownRow(row: AuditTableRow, startedMs: number): z.output<typeof auditedRow> {
  const datasets = JSON.parse(row.datasets_json) as {
    datasetId: string;
    name: string;
    action: string;
    snapshotId: string | null;
    fieldIds: number[] | null;
    maskedFieldIds: number[];
    filtered: boolean;
  }[];
  return {
    audit_id: row.audit_id,
    request_id: row.request_id,
    time: isoTime(row.time_ms),
    identity: row.identity,
    name: row.name,
    role: row.role,
    key_id: row.key_id,
    on_behalf_of:
      row.person_name === null
        ? null
        : { name: row.person_name, role: row.person_role ?? '', key_id: row.person_key_id },
    operation: row.operation,
    door: row.door,
    decision: row.decision,
    code: row.closing_code ?? row.code,
    policy_version: Number(row.policy_version),
    datasets: datasets.map((dataset) => ({
      dataset_id: dataset.datasetId,
      name: dataset.name,
      action: dataset.action,
      snapshot_id: dataset.snapshotId,
      field_ids: dataset.fieldIds,
      masked_field_ids: dataset.maskedFieldIds,
      filtered: dataset.filtered,
    })),
    truth:
      row.truth_json === null ? null : (JSON.parse(row.truth_json) as { rule: string; action: string }[]),
    statement:
      row.statement_sql === null
        ? null
        : { sql: row.statement_sql, parameters_json: row.parameters_json ?? '[]' },
    status: row.status === 'open' && Number(row.time_ms) < startedMs ? 'interrupted' : row.status,
    row_count: row.row_count === null ? null : Number(row.row_count),
    latency_ms: row.latency_ms,
  };
}
