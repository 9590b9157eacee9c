import type { Statement } from '../../base/index.ts';
import type { EventDraft, Identity } from '../../govern/scope/index.ts';

/** The door's view of the journal. */
export interface Journal {
  /**
   * The statements that append one event to this writer's chain inside the caller's transaction, and the event's id
   * (UUIDv7, increasing). Call it right before `commit`, in the order of the commits.
   */
  append(
    draft: EventDraft,
    context: EventContext,
  ): { readonly eventId: string; readonly statements: readonly Statement[] };
  /** Told after each commit, so that checkpoints are signed by count and by time. */
  committed(events: number): void;
}

export interface EventContext {
  readonly requestId: string;
  readonly operation: string;
  readonly door: string;
  readonly identity: Identity;
  readonly policyVersion: number;
  /** `done` for a change in the store; `intent` and `settled` around an effect outside it. */
  readonly phase: 'done' | 'intent' | 'settled';
  /** The intent this event settles. */
  readonly intentId: string | null;
  /** What truth said, for the record: null only where the operation declares none. */
  readonly truth: readonly { readonly rule: string; readonly action: string }[] | null;
}
