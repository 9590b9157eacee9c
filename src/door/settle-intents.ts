import { type IdGenerator, LakeError, type Statement } from '../base/index.ts';
import type { EventDraft } from '../govern/scope/index.ts';
import type { Journal } from '../lake/journald/index.ts';
import type { Metastore } from '../metastore/index.ts';
import { doorErrors } from './errors.ts';
import { SYSTEM } from './steps/identify.ts';

/** An effect outside the store that was announced and not yet settled. */
export interface OpenIntent {
  readonly eventId: string;
  readonly draft: EventDraft;
}

/** What became of it: found out by the room that began it. */
export interface Settlement {
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
}

/**
 * Settles what a crash left open, before anything is served: the owner looks at the world, and the finding is journaled
 * in one transaction with its change. Returns how many were settled. Throws where an intent has no owner: serving on
 * would leave the journal claiming an effect nobody can account for.
 */
export async function settleIntents(parts: {
  readonly intents: readonly OpenIntent[];
  readonly settle: (draft: EventDraft) => Promise<Settlement | null>;
  readonly journal: Journal;
  readonly store: Metastore;
  readonly ids: IdGenerator;
  readonly policyVersion: number;
}): Promise<number> {
  for (const { eventId, draft } of parts.intents) {
    const settlement = await parts.settle(draft);
    if (settlement === null) {
      throw new LakeError(doorErrors.internal, {
        detail: `No room settles an open intent "${draft.action}".`,
      });
    }
    const { statements } = parts.journal.append(settlement.event, {
      requestId: parts.ids.next(),
      operation: 'system.settle',
      door: 'internal',
      identity: SYSTEM,
      policyVersion: parts.policyVersion,
      phase: 'settled',
      intentId: eventId,
      truth: null,
    });
    const outcome = await parts.store.commit([...settlement.statements, ...statements]);
    if (!outcome.committed) throw new Error(`settling an intent was refused: ${outcome.refusal}`);
    parts.journal.committed(1);
  }
  return parts.intents.length;
}
