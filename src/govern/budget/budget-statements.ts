import type { Statement } from '../../base/index.ts';
import { insertTemplate, type MetastoreReader, slot, statementTemplate } from '../../metastore/index.ts';
import type { BudgetHoldRow, ModelCallRow } from '../../metastore/tables/budget.ts';
import type { WindowHold } from './ceiling.ts';

/** The writes of holds and settlements, each compiled once: two commits a call are made of them. */
export interface BudgetStatements {
  /** Inserts the window or adds to it; guarded by `ceiling-<index>` where the ceiling would be passed. */
  holdWindow(hold: WindowHold, index: number): Statement;
  /** Gives back what was held and charges what was used. */
  settleWindow(hold: WindowHold, used: number): Statement;
  insertHold(row: BudgetHoldRow): Statement;
  removeHold(spendId: string): Statement;
  insertCall(row: ModelCallRow): Statement;
}

export function createBudgetStatements({ queries }: MetastoreReader): BudgetStatements {
  const hold = statementTemplate<HoldValues>(holdQuery(queries));
  const settle = statementTemplate<SettleValues>(settleQuery(queries));
  const removeHold = statementTemplate<Pick<BudgetHoldRow, 'spend_id'>>(
    queries.deleteFrom('budget_holds').where('spend_id', '=', slot('spend_id')),
  );
  const insertHold = insertTemplate(queries, 'budget_holds');
  const insertCall = insertTemplate(queries, 'model_calls');
  return {
    holdWindow(window, index) {
      const room = window.limit - window.amount;
      return hold({ ...window, room }, { rows: 1, refusal: `ceiling-${index}` });
    },
    settleWindow: (window, used) =>
      settle({ ...window, used }, { rows: 1, refusal: 'budget_window_missing' }),
    insertHold: (row) => insertHold(row),
    removeHold: (spendId) => removeHold({ spend_id: spendId }, { rows: 1, refusal: 'budget_hold_missing' }),
    insertCall: (row) => insertCall(row),
  };
}

type HoldValues = WindowHold & { readonly room: number };
type SettleValues = WindowHold & { readonly used: number };

/** On conflict the row stays as it is where the ceiling would be passed. */
function holdQuery(queries: MetastoreReader['queries']) {
  return queries
    .insertInto('budget_windows')
    .values({
      ceiling: slot('ceiling'),
      counter: slot('counter'),
      unit: slot('unit'),
      window_start_ms: slot<number>('windowStartMs'),
      spent: 0,
      held: slot<number>('amount'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['ceiling', 'counter', 'unit', 'window_start_ms'])
        .doUpdateSet((eb) => ({ held: eb('budget_windows.held', '+', slot<number>('amount')) }))
        .where((eb) =>
          eb(eb('budget_windows.spent', '+', eb.ref('budget_windows.held')), '<=', slot<number>('room')),
        ),
    );
}

function settleQuery(queries: MetastoreReader['queries']) {
  return queries
    .updateTable('budget_windows')
    .set((eb) => ({
      held: eb('held', '-', slot<number>('amount')),
      spent: eb('spent', '+', slot<number>('used')),
    }))
    .where('ceiling', '=', slot('ceiling'))
    .where('counter', '=', slot('counter'))
    .where('unit', '=', slot('unit'))
    .where('window_start_ms', '=', slot<number>('windowStartMs'));
}
