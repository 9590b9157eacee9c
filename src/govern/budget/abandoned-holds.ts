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
  const rows = await reader.read(holdsOf(reader));
  const reason = 'The process ended while they were under way.';
  return settled(reader, rows, { errorClass: 'process_ended', reason });
}

/**
 * The same for calls of requests that are over, whose hold or settlement the store did not answer for. Those that are not
 * held, since their hold was never kept or their settlement was, are left out. To be asked for after a commit that came later.
 */
export async function settleDoubted(
  reader: MetastoreReader,
  spendIds: readonly string[],
): Promise<HoldsSettled | null> {
  const rows = await reader.read(holdsOf(reader).where('spend_id', 'in', spendIds));
  const reason = 'The store did not say whether they were kept, or settled.';
  return settled(reader, rows, { errorClass: 'not_settled', reason });
}

function holdsOf({ queries }: MetastoreReader) {
  return queries.selectFrom('budget_holds').selectAll().orderBy('spend_id');
}

function settled(
  reader: MetastoreReader,
  rows: readonly BudgetHoldRow[],
  { errorClass, reason }: { readonly errorClass: string; readonly reason: string },
): HoldsSettled | null {
  if (rows.length === 0) return null;
  const budgetStatements = createBudgetStatements(reader);
  return {
    calls: rows.length,
    statements: rows.flatMap((row) => settleUnknown(budgetStatements, row, errorClass)),
    event: {
      action: 'budget.settled',
      subject: 'budget:holds',
      data: { calls: rows.length, reason },
    },
  };
}

function settleUnknown(
  statements: BudgetStatements,
  row: BudgetHoldRow,
  errorClass: string,
): readonly Statement[] {
  const call = JSON.parse(row.call_json) as { identity: string; role: string; plan: SpendPlan };
  const windows = JSON.parse(row.holds_json) as readonly WindowHold[];
  const known = { ...call, spendId: row.spend_id, requestId: row.request_id, timeMs: row.created_ms };
  return settleStatements(
    statements,
    { ...known, windows },
    {
      status: 'unknown',
      errorClass,
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
