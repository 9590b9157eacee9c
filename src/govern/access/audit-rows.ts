import type { Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import { type Identity, identityLabel } from '../scope/index.ts';
import type { AuditClosing, AuditOpening } from './access-control.ts';

const DAY_MS = 86_400_000;

/** The statement that opens an audit row; a refusal’s row is closed in the same transaction. */
export function auditOpened(reader: MetastoreReader, row: AuditOpening): Statement {
  const { identity } = row;
  const person = identity.onBehalfOf;
  return statement(
    reader.queries.insertInto('audit_rows').values({
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
    }),
  );
}

/** The statement that closes an open row; refused (`audit_row_missing`) where there is none. */
export function auditClosed(reader: MetastoreReader, row: AuditClosing): Statement {
  return statement(
    reader.queries
      .updateTable('audit_rows')
      .set({
        status: row.status,
        closing_code: row.code,
        row_count: row.rowCount,
        latency_ms: row.latencyMs,
        truth_json: row.truth === null ? null : JSON.stringify(row.truth),
      })
      .where('audit_id', '=', row.auditId)
      .where('status', '=', 'open'),
    { rows: 1, refusal: 'audit_row_missing' },
  );
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
