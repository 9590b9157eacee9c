import type { Statement } from '../../base/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { BudgetHoldRow } from '../../metastore/tables/budget.ts';
import type { EventDraft, SpendPlan } from '../scope/index.ts';
import { settleStatements } from './budget.ts';
import { type BudgetStatements, createBudgetStatements } from './budget-statements.ts';
import type { WindowHold } from './ceiling.ts';

/** A change for main to commit, with its event. */
export interface HoldsSettled {
  readonly calls: number;
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
}

/**
 * Settles the calls that were under way when the last process ended. Whether a provider answered them is not known, so
 * each is charged what was held for it: a crash may cost a team some of its budget, never the ceiling its truth. Null
 * where there are none. To be committed before anything is served.
 */
export async function settleAbandoned(reader: MetastoreReader): Promise<HoldsSettled | null> {
  const rows = await reader.read(reader.queries.selectFrom('budget_holds').selectAll().orderBy('spend_id'));
  if (rows.length === 0) return null;
  const budgetStatements = createBudgetStatements(reader);
  return {
    calls: rows.length,
    statements: rows.flatMap((row) => settleUnknown(budgetStatements, row)),
    event: {
      action: 'budget.settled',
      subject: 'budget:holds',
      data: { calls: rows.length, reason: 'The process ended while they were under way.' },
    },
  };
}

function settleUnknown(statements: BudgetStatements, row: BudgetHoldRow): readonly Statement[] {
  const call = JSON.parse(row.call_json) as { identity: string; role: string; plan: SpendPlan };
  const windows = JSON.parse(row.holds_json) as readonly WindowHold[];
  const settled = { ...call, spendId: row.spend_id, requestId: row.request_id, timeMs: row.created_ms };
  return settleStatements(
    statements,
    { ...settled, windows },
    {
      status: 'unknown',
      errorClass: 'process_ended',
      finish: null,
      costNanoUsd: call.plan.costNanoUsd,
      // Held as one number: the record says it as output, which is what a ceiling of tokens counts alike.
      inputTokens: 0,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: call.plan.tokens,
      reasoningTokens: 0,
      latencyMs: 0,
      firstTokenMs: null,
    },
  );
}
