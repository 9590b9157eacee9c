import { type IdGenerator, LakeError, type Statement } from '../base/index.ts';
import type { EventDraft } from '../govern/scope/index.ts';
import type { Journal, OpenIntent } from '../lake/journald/index.ts';
import type { Metastore } from '../metastore/index.ts';
import { commitAsSystem } from './commit-as-system.ts';
import { doorErrors } from './errors.ts';

/** What became of an announced effect: found out by the room that began it. */
export interface Settlement {
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
  /** Absent where a request that failed in the middle has nothing to tell of it. */
  readonly outcome?: 'performed' | 'not_performed' | 'superseded';
}

/** Asks the room that announced an effect what became of it; null where no room owns it. */
export type Settle = (intent: EventDraft) => Promise<Settlement | null>;

interface SettleParts {
  readonly settle: Settle;
  readonly journal: Journal;
  readonly store: Metastore;
  readonly ids: IdGenerator;
  readonly policyVersion: number;
}

/**
 * Settles what a crash left open, before anything is served: the owner looks at the world, and the finding is journaled
 * in one transaction with its change. Returns how many were settled. Throws where an intent has no owner: serving on
 * would leave the journal claiming an effect nobody can account for.
 */
export async function settleIntents(
  parts: SettleParts & { readonly intents: readonly OpenIntent[] },
): Promise<number> {
  for (const intent of parts.intents) await settleIntent(parts, intent.intentId, intent);
  return parts.intents.length;
}

/** Settles one effect whose request ended in the middle; answers what became of it. */
export async function settleIntent(
  parts: SettleParts,
  intentId: string,
  intent: EventDraft,
): Promise<Settlement> {
  const settlement = await parts.settle(intent);
  if (settlement === null) {
    throw new LakeError(doorErrors.internal, {
      detail: `No room settles an open intent "${intent.action}".`,
    });
  }
  await commitAsSystem(parts, {
    ...settlement,
    operation: 'system.settle',
    requestId: parts.ids.next(),
    policyVersion: parts.policyVersion,
    intentId,
  });
  return settlement;
}
