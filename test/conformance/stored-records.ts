import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ApiAnswer, TestServer } from '../harness/server.ts';

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
  return query<AuditRow>(server, sql, requestId)[0];
}

/** Ids of the events of the request that was answered so, or of all. */
export function journalEvents(server: TestServer, answer?: ApiAnswer): readonly string[] {
  const rows =
    answer === undefined
      ? query<{ id: string }>(server, 'SELECT id FROM journal_events')
      : query<{ id: string }>(
          server,
          'SELECT id FROM journal_events WHERE request_id = ?',
          answer.headers.get('x-request-id'),
        );
  return rows.map(({ id }) => id);
}

function query<R>(server: TestServer, sql: string, ...parameters: (string | null)[]): R[] {
  const database = new DatabaseSync(join(server.home, 'store', 'lakehouse.db'), { readOnly: true });
  try {
    return database.prepare(sql).all(...parameters) as R[];
  } finally {
    database.close();
  }
}
