import type { Clock, IdGenerator, Statement } from '../base/index.ts';
import type { Budget, Hold } from '../govern/budget/index.ts';
import {
  type EventDraft,
  identityLabel,
  type Spending,
  type SpendOutcome,
  type SpendPlan,
  spendingIssuer,
} from '../govern/scope/index.ts';
import type { Journal } from '../lake/journald/index.ts';
import type { Metastore } from '../metastore/index.ts';
import type { Telemetry } from '../telemetry/index.ts';
import type { Audited } from './steps/audit.ts';
import type { TruthMark } from './steps/judge.ts';
import { isUnknown } from './unknown-outcome.ts';

/**
 * The calls of models that one request makes. A hold is durable before its `Spending` is handed out, in one transaction
 * with the request's audit row where that is not open yet; a call's settlement waits for the request's next transaction,
 * which is the next hold or the end. A crash between leaves the hold, which the next start charges in full.
 *
 *     held ──settle──▶ settled, waiting ──next commit──▶ recorded
 *       └──────────────request ends────────────────────▶ recorded as held
 *
 * Where the store does not answer for a commit that holds or records calls, they are in doubt: upkeep settles what is held.
 */
export interface Purse {
  spend(plan: SpendPlan): Promise<Spending>;
  /** What is due at the end of the request: every call settled and journaled. Call right before the commit. */
  due(marks: readonly TruthMark[] | null): readonly Statement[];
  /** Told when what was due is durable. */
  recorded(): void;
  /** Told where it may not be: nobody else of this process will settle what is still held. */
  givenUp(): void;
}

export interface PurseParts {
  readonly audited: Audited;
  readonly budget: Budget;
  readonly journal: Journal;
  readonly store: Metastore;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly telemetry: Telemetry;
  /** Spendings in doubt, by id. */
  readonly doubted: Set<string>;
}

interface Entry {
  readonly hold: Hold;
  outcome: SpendOutcome | null;
}

export function createPurse(parts: PurseParts): Purse {
  const { audited, budget, journal, store, clock, ids } = parts;
  const { grant } = audited.judged;
  const { call, identity, operation } = grant.resolution.request.caller;
  let entries: Entry[] = [];
  let waiting: (() => void)[] = [];

  function recording(ended: readonly Entry[], marks: readonly TruthMark[] | null): readonly Statement[] {
    waiting = ended.map((entry) => () => tell(entry));
    return ended.flatMap(({ hold, outcome }) => {
      const result = outcome ?? asHeld(hold);
      const event = journal.append(callEvent(hold, result), {
        requestId: call.requestId,
        operation: operation.name,
        door: call.door,
        identity,
        policyVersion: grant.policyVersion,
        phase: 'done',
        intentId: null,
        truth: marks,
      });
      return [...budget.settle(hold, result), ...event.statements];
    });
  }

  /** Told once the record is durable. */
  function recorded(): void {
    journal.committed(waiting.length);
    for (const told of waiting) told();
    waiting = [];
  }

  function tell({ hold, outcome }: Entry): void {
    const { spendId, requestId, plan } = hold.call;
    const { provider, model, task, rule } = plan;
    parts.telemetry.modelCalled({
      ...{ spendId, requestId, provider, model, task, rule },
      operation: operation.name,
      identity: identityLabel(identity),
      role: identity.role,
      endedMs: clock.nowMs(),
      ...(outcome ?? asHeld(hold)),
    });
  }

  return {
    async spend(plan) {
      const spendId = ids.next();
      const hold = budget.hold({ spendId, requestId: call.requestId, identity, plan, nowMs: clock.nowMs() });
      const ended = entries.filter(({ outcome }) => outcome !== null);
      const statements = [
        ...audited.opening(),
        ...hold.statements,
        ...recording(ended, audited.judged.marks),
      ];
      const outcome = await store.commit(statements).catch((error: unknown) => {
        if (isUnknown(error)) parts.doubted.add(spendId);
        throw error;
      });
      if (!outcome.committed) throw await budget.refusal(hold, outcome.refusal);
      audited.opened();
      recorded();
      const entry: Entry = { hold, outcome: null };
      entries = [...entries.filter((one) => !ended.includes(one)), entry];
      return spendingIssuer.issue(spendId, plan, (result) => {
        entry.outcome = result;
      });
    },
    due: (marks) => recording(entries, marks),
    recorded() {
      entries = [];
      recorded();
    },
    givenUp() {
      for (const { hold } of entries) parts.doubted.add(hold.call.spendId);
    },
  };
}

/** A call that nothing settled: what was held may have been used. */
function asHeld({ call: { plan } }: Hold): SpendOutcome {
  return {
    status: 'failed',
    errorClass: 'not_settled',
    finish: null,
    costNanoUsd: plan.costNanoUsd,
    inputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    outputTokens: plan.tokens,
    reasoningTokens: 0,
    latencyMs: 0,
    firstTokenMs: null,
  };
}

/** Numbers and names of the configuration only: no prompt and no answer. */
function callEvent({ call }: Hold, outcome: SpendOutcome): EventDraft {
  const { plan, spendId } = call;
  return {
    action: 'model.called',
    subject: `model:${plan.model}`,
    data: {
      spend_id: spendId,
      task: plan.task,
      rule: plan.rule,
      status: outcome.status,
      error_class: outcome.errorClass,
      finish: outcome.finish,
      input_tokens: outcome.inputTokens,
      output_tokens: outcome.outputTokens,
      cost_nano_usd: outcome.costNanoUsd,
      held_nano_usd: plan.costNanoUsd,
    },
  };
}
