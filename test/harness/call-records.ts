import type { ModelCallRow } from '../../src/metastore/tables/budget.ts';
import { storeRows } from './store-rows.ts';

/** What a request that called models left behind. */
export interface CallRecords {
  /** Settled calls, in the order of their holds. */
  readonly calls: readonly ModelCallRow[];
  /** Data of its events `model.called`. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly audit: readonly AuditFacts[];
}

interface AuditFacts {
  readonly operation: string;
  readonly decision: string;
  readonly status: string;
  readonly closing_code: string | null;
  readonly truth_json: string | null;
}

export function callRecords(home: string, requestId: string): CallRecords {
  const events = storeRows<{ record: string }>(
    home,
    "SELECT record FROM journal_events WHERE request_id = ? AND action = 'model.called' ORDER BY seq",
    requestId,
  );
  return {
    calls: storeRows<ModelCallRow>(
      home,
      'SELECT * FROM model_calls WHERE request_id = ? ORDER BY spend_id',
      requestId,
    ).map((row) => ({ ...row })),
    events: events.map(({ record }) => JSON.parse(record).data),
    audit: storeRows<AuditFacts>(
      home,
      'SELECT operation, decision, status, closing_code, truth_json FROM audit_rows WHERE request_id = ? ORDER BY audit_id',
      requestId,
    ).map((row) => ({ ...row })),
  };
}

/** What ceilings hold at this moment: nothing, once no call is under way. */
export function heldNow(home: string): { readonly holds: number; readonly held: number } {
  const [row] = storeRows<{ holds: number; held: number }>(
    home,
    'SELECT (SELECT count(*) FROM budget_holds) AS holds, (SELECT coalesce(sum(held), 0) FROM budget_windows) AS held',
  );
  return { holds: row?.holds ?? -1, held: row?.held ?? -1 };
}
