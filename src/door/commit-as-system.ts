import type { Statement } from '../base/index.ts';
import { type EventDraft, SYSTEM_IDENTITY } from '../govern/scope/index.ts';
import type { EventContext, Journal } from '../lake/journald/index.ts';
import type { Metastore } from '../metastore/index.ts';

/**
 * Commits a change that no caller asked for (the first policy, a settled intent, pruned audit rows) in one transaction
 * with its journal event, as the identity `system`. Returns the event's id.
 */
export async function commitAsSystem(
  parts: { readonly journal: Journal; readonly store: Metastore },
  change: {
    readonly operation: string;
    readonly requestId: string;
    readonly policyVersion: number;
    readonly statements: readonly Statement[];
    readonly event: EventDraft;
    /** The intent this change settles; null where there is none. */
    readonly intentId: string | null;
  },
): Promise<string> {
  const context: EventContext = {
    requestId: change.requestId,
    operation: change.operation,
    door: 'internal',
    identity: SYSTEM_IDENTITY,
    policyVersion: change.policyVersion,
    phase: change.intentId === null ? 'done' : 'settled',
    intentId: change.intentId,
    truth: null,
  };
  const event = parts.journal.append(change.event, context);
  const outcome = await parts.store.commit([...change.statements, ...event.statements]);
  if (!outcome.committed) throw new Error(`${change.operation} was refused: ${outcome.refusal}`);
  parts.journal.committed(1);
  return event.eventId;
}
