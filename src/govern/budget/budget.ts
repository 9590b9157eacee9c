import { LakeError, type Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { BudgetHoldRow } from '../../metastore/tables/budget.ts';
import { type Identity, identityLabel, type SpendOutcome, type SpendPlan } from '../scope/index.ts';
import { type BudgetStatements, createBudgetStatements } from './budget-statements.ts';
import { callRow, type SettledCall } from './call-row.ts';
import {
  amountOf,
  type Ceiling,
  matchingCeilings,
  type WindowHold,
  windowEndMs,
  windowHolds,
} from './ceiling.ts';
import { budgetErrors } from './errors.ts';

/** The door's view of the ceilings. The room describes changes as statements; the door commits them. */
export interface Budget {
  /**
   * What holds the worst cost of one call: all windows of all matching ceilings or none, in one transaction. Throws
   * `budget.request_too_large`. A refused guard is told to `refusal`.
   */
  hold(call: HeldCall): Hold;
  /** The refusal of a hold whose guard failed: which ceiling, what is left, when it refills. */
  refusal(hold: Hold, guard: string): Promise<LakeError>;
  /** What gives back the hold, charges what was really used and records the call; for the next commit of its request. */
  settle(hold: Hold, outcome: SpendOutcome): readonly Statement[];
  /** Forgets windows that are long over and records of calls past the retention; 0 days keeps them for ever. */
  retention(nowMs: number, retentionDays: number): readonly Statement[];
}

export interface HeldCall {
  readonly spendId: string;
  readonly requestId: string;
  readonly identity: Identity;
  readonly plan: SpendPlan;
  readonly nowMs: number;
}

export interface Hold {
  readonly call: HeldCall;
  readonly windows: readonly WindowHold[];
  readonly statements: readonly Statement[];
}

export function createBudget(parts: { reader: MetastoreReader; ceilings: readonly Ceiling[] }): Budget {
  const { reader, ceilings } = parts;
  const statements = createBudgetStatements(reader);
  return {
    hold(call) {
      const facts = { identity: call.identity, plan: call.plan };
      const matching = matchingCeilings(ceilings, facts);
      for (const ceiling of matching) refuseTooLarge(ceiling, call.plan);
      const windows = windowHolds(matching, facts, call.nowMs);
      for (const hold of windows) if (hold.amount > hold.limit) throw tooLargeForWindow(hold);
      return {
        call,
        windows,
        statements: [
          ...windows.map((hold, index) => statements.holdWindow(hold, index)),
          statements.insertHold(holdRow(call, windows)),
        ],
      };
    },
    async refusal(hold, guard) {
      const refused = hold.windows[Number(/^ceiling-(\d+)$/.exec(guard)?.[1])];
      if (refused === undefined) throw new Error(`no ceiling answers to the guard ${guard}`);
      const [row] = await reader.read(windowOf(reader, refused).select(['spent', 'held']));
      const left = refused.limit - Number(row?.spent ?? 0);
      return left >= refused.amount ? busy(refused, left) : exhausted(refused, left);
    },
    retention: (nowMs, retentionDays) => retention(reader, nowMs, retentionDays),
    settle: (hold, outcome) =>
      settleStatements(statements, { ...callOf(hold), windows: hold.windows }, outcome),
  };
}

/** What settles a call with what it used: windows, hold and record, for one transaction. */
export function settleStatements(
  statements: BudgetStatements,
  settled: SettledCall & { readonly windows: readonly WindowHold[] },
  outcome: Omit<SpendOutcome, 'status'> & { readonly status: SpendOutcome['status'] | 'unknown' },
): readonly Statement[] {
  const used = {
    costNanoUsd: outcome.costNanoUsd,
    tokens: outcome.inputTokens + outcome.outputTokens,
  };
  return [
    ...settled.windows.map((hold) => statements.settleWindow(hold, amountOf(hold.unit, used))),
    statements.removeHold(settled.spendId),
    statements.insertCall(callRow(settled, outcome)),
  ];
}

const DAY_MS = 86_400_000;
/** A call may end long after its window did; nothing runs for two days. */
const WINDOWS_KEPT_MS = 3 * DAY_MS;

function retention(reader: MetastoreReader, nowMs: number, retentionDays: number): readonly Statement[] {
  const { queries } = reader;
  const windows = queries
    .deleteFrom('budget_windows')
    .where('window_start_ms', '<', Math.floor(nowMs - WINDOWS_KEPT_MS))
    .where('held', '=', 0);
  const calls = queries
    .deleteFrom('model_calls')
    .where('time_ms', '<', Math.floor(nowMs - retentionDays * DAY_MS));
  return [statement(windows), ...(retentionDays === 0 ? [] : [statement(calls)])];
}

function callOf({ call }: Hold): SettledCall {
  const { spendId, requestId, identity, plan, nowMs } = call;
  return { spendId, requestId, identity: identityLabel(identity), role: identity.role, plan, timeMs: nowMs };
}

function holdRow(call: HeldCall, windows: readonly WindowHold[]): BudgetHoldRow {
  const { spendId, requestId, identity, plan, nowMs } = call;
  return {
    spend_id: spendId,
    request_id: requestId,
    created_ms: Math.floor(nowMs),
    call_json: JSON.stringify({ identity: identityLabel(identity), role: identity.role, plan }),
    holds_json: JSON.stringify(windows),
  };
}

function windowOf(reader: MetastoreReader, hold: WindowHold) {
  return reader.queries
    .selectFrom('budget_windows')
    .where('ceiling', '=', hold.ceiling)
    .where('counter', '=', hold.counter)
    .where('unit', '=', hold.unit)
    .where('window_start_ms', '=', hold.windowStartMs);
}

function refuseTooLarge(ceiling: Ceiling, plan: SpendPlan): void {
  const limit = ceiling.perRequestNanoUsd;
  if (limit === null || plan.costNanoUsd <= limit) return;
  throw new LakeError(budgetErrors.request_too_large, {
    detail:
      `This call could cost ${dollars(plan.costNanoUsd)}, and the ceiling "${ceiling.name}" allows ${dollars(limit)} ` +
      'a request. Ask for a shorter answer (max_tokens), send less, or name a cheaper model.',
    data: { ceiling: ceiling.name, limit: dollars(limit), worst: dollars(plan.costNanoUsd) },
  });
}

/** No wait would help: the call does not fit an empty window either. */
function tooLargeForWindow(hold: WindowHold): LakeError {
  return new LakeError(budgetErrors.request_too_large, {
    detail:
      `This call could use ${shown(hold, hold.amount)}, and the ceiling "${hold.ceiling}" allows ` +
      `${shown(hold, hold.limit)} in all. Ask for a shorter answer (max_tokens), send less, or name a cheaper model.`,
    data: {
      ceiling: hold.ceiling,
      unit: hold.unit,
      limit: shown(hold, hold.limit),
      worst: shown(hold, hold.amount),
    },
  });
}

function exhausted(hold: WindowHold, left: number): LakeError {
  const refillsAt = new Date(windowEndMs(hold)).toISOString();
  return new LakeError(budgetErrors.exhausted, {
    detail:
      `The ceiling "${hold.ceiling}" has ${shown(hold, Math.max(0, left))} left, and this call could use ` +
      `${shown(hold, hold.amount)}. It refills at ${refillsAt}.`,
    data: { ...factsOf(hold, left), refills_at: refillsAt },
  });
}

function busy(hold: WindowHold, left: number): LakeError {
  return new LakeError(budgetErrors.busy, {
    detail:
      `Calls under way hold what is left of the ceiling "${hold.ceiling}" (${shown(hold, left)}). ` +
      'What they do not use is given back when they end; send the request again.',
    data: { ...factsOf(hold, left), retry_after_s: 1 },
  });
}

function factsOf(hold: WindowHold, left: number) {
  return {
    ceiling: hold.ceiling,
    unit: hold.unit,
    limit: shown(hold, hold.limit),
    left: shown(hold, Math.max(0, left)),
    worst: shown(hold, hold.amount),
  };
}

function shown(hold: WindowHold, amount: number): string {
  if (hold.unit === 'tokens_hour') return `${amount} tokens`;
  return hold.unit === 'requests_hour' ? `${amount} requests` : dollars(amount);
}

/** Nano-dollars as text, exactly. */
function dollars(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / 1e9);
  const rest = String(nanoUsd % 1e9)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return rest === '' ? `$${whole}` : `$${whole}.${rest}`;
}
