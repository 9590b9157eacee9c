import type { Statement } from '../../base/index.ts';
import {
  insertTemplate,
  type MetastoreReader,
  slot,
  statement,
  statementTemplate,
} from '../../metastore/index.ts';
import type { AuditTableRow } from '../../metastore/tables/access.ts';
import { type Identity, identityLabel } from '../scope/index.ts';
import type { AuditClosing, AuditOpening } from './access-control.ts';

const DAY_MS = 86_400_000;

/** The writes of audit rows, each compiled once: every request makes them. */
export interface AuditStatements {
  /** Opens an audit row; a refusal’s row is closed in the same transaction. */
  opened(row: AuditOpening): Statement;
  /** Closes an open row; refused (`audit_row_missing`) where there is none. */
  closed(row: AuditClosing): Statement;
  /** The same where the row is open by then, and nothing otherwise. */
  closedIfOpen(row: AuditClosing): Statement;
}

export function createAuditStatements({ queries }: MetastoreReader): AuditStatements {
  const insert = insertTemplate(queries, 'audit_rows');
  const close = statementTemplate<AuditClosing & { readonly truthJson: string | null }>(
    queries
      .updateTable('audit_rows')
      .set({
        status: slot('status'),
        closing_code: slot('code'),
        row_count: slot<number>('rowCount'),
        latency_ms: slot<number>('latencyMs'),
        truth_json: slot('truthJson'),
      })
      .where('audit_id', '=', slot('auditId'))
      .where('status', '=', 'open'),
  );
  const written = (row: AuditClosing) => ({
    ...row,
    truthJson: row.truth === null ? null : JSON.stringify(row.truth),
  });
  return {
    opened: (row) => insert(openRow(row)),
    closed: (row) => close(written(row), { rows: 1, refusal: 'audit_row_missing' }),
    closedIfOpen: (row) => close(written(row)),
  };
}

function openRow(row: AuditOpening): AuditTableRow {
  const { identity } = row;
  const person = identity.onBehalfOf;
  return {
    audit_id: row.auditId,
    request_id: row.requestId,
    time_ms: Math.floor(row.timeMs),
    identity: identityLabel(identity),
    name: identity.name,
    role: identity.role,
    key_id: identity.keyId,
    attributes_json: attributesJson(identity),
    person_name: person?.name ?? null,
    person_role: person?.role ?? null,
    person_key_id: person?.keyId ?? null,
    person_attributes_json: person === null ? null : attributesJson(person),
    operation: row.operation,
    door: row.door,
    decision: row.decision,
    code: row.code,
    policy_version: row.policyVersion,
    datasets_json: JSON.stringify(row.datasets),
    dataset_names: ` ${row.datasets.map((dataset) => dataset.name).join(' ')} `,
    truth_json: row.truth === null ? null : JSON.stringify(row.truth),
    statement_sql: row.statement?.sql ?? null,
    parameters_json: row.statement?.parametersJson ?? null,
    status: 'open',
    closing_code: null,
    row_count: null,
    latency_ms: null,
  };
}

/** The statement that removes audit rows older than the retention; null where there are none. */
export async function auditRetention(
  reader: MetastoreReader,
  parts: { nowMs: number; retentionDays: number },
): Promise<Statement | null> {
  if (parts.retentionDays === 0) return null;
  const oldestMs = Math.floor(parts.nowMs - parts.retentionDays * DAY_MS);
  const older = reader.queries.selectFrom('audit_rows').select('audit_id').where('time_ms', '<', oldestMs);
  if ((await reader.read(older.limit(1))).length === 0) return null;
  return statement(reader.queries.deleteFrom('audit_rows').where('time_ms', '<', oldestMs));
}

function attributesJson(identity: Identity): string {
  return JSON.stringify(Object.fromEntries(identity.attributes));
}
