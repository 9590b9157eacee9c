import type { ApiAnswer, TestServer } from '../harness/server.ts';
import { storeRows } from '../harness/store-rows.ts';

// The store as it is on disk, past every door: what was really recorded.

export interface AuditRow {
  readonly door: string;
  readonly operation: string;
  readonly decision: string;
  readonly status: string | null;
  readonly closing_code: string | null;
}

/** The audit row of the request that was answered so; not of what ran nested in it. */
export function auditRow(server: TestServer, requestId: string | null): AuditRow | undefined {
  const sql = `SELECT door, operation, decision, status, closing_code FROM audit_rows
    WHERE request_id = ? AND door <> 'internal'`;
  return storeRows<AuditRow>(server.home, sql, requestId)[0];
}

/** Ids of the events of the request that was answered so, or of all. */
export function journalEvents(server: TestServer, answer?: ApiAnswer): readonly string[] {
  const rows =
    answer === undefined
      ? storeRows<{ id: string }>(server.home, 'SELECT id FROM journal_events')
      : storeRows<{ id: string }>(
          server.home,
          'SELECT id FROM journal_events WHERE request_id = ?',
          answer.headers.get('x-request-id'),
        );
  return rows.map(({ id }) => id);
}
