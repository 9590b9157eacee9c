import type { JsonObject, Statement } from '../../base/index.ts';
import type { Identity } from '../scope/index.ts';

/** What a rule that matched asks for, from the mildest to the most severe. */
export const TRUTH_ACTIONS = ['allow', 'flag', 'require-review', 'block'] as const;
export type TruthAction = (typeof TRUTH_ACTIONS)[number];

/** Whether a rule judges a request before its work or the result of the work before anyone sees it. */
export const TRUTH_PHASES = ['before', 'after'] as const;
export type TruthPhase = (typeof TRUTH_PHASES)[number];

/**
 * How much of an answer a rule must see: `whole` holds a streamed answer back until it is complete; `piece` judges each
 * piece before it leaves, and the whole at the end.
 */
export const RULE_EXTENTS = ['whole', 'piece'] as const;
export type RuleExtent = (typeof RULE_EXTENTS)[number];

export interface RuleOutcome {
  readonly rule: string;
  readonly taskClass: string;
  /** Whether the rule's condition held for this context. */
  readonly matched: boolean;
  /** The rule's action where it matched, `allow` otherwise. */
  readonly action: TruthAction;
  readonly message: string;
}

export interface Truth {
  /**
   * Walks every rule of the task class and phase over the context; with the extent `piece` only the rules that judge
   * pieces. Own properties only, by dot path. Throws
   * `truth.context_too_large` where a pattern cannot be judged over a text: the caller must then refuse.
   */
  evaluate(
    taskClass: string,
    phase: TruthPhase,
    context: JsonObject,
    extent?: RuleExtent,
  ): readonly RuleOutcome[];
  /** The most that rules after the work need to see of an answer of this task class before any of it may leave. */
  extentAfter(taskClass: string): RuleExtent | 'none';
  /** The fields that rules over pieces of such an answer read, as dot paths. */
  fieldsOfPieces(taskClass: string): readonly string[];
  /** What keeps a held-back answer for a person to decide on; null for one too large to keep. */
  holdForReview(held: HeldAnswer): HeldForReview | null;
}

/** An answer that a rule holds back until a person has looked at it. */
export interface HeldAnswer {
  readonly requestId: string;
  readonly nowMs: number;
  readonly operation: string;
  readonly identity: Identity;
  readonly rules: readonly { readonly rule: string; readonly action: string }[];
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

export interface HeldForReview {
  readonly reviewId: string;
  readonly statement: Statement;
}

/** The verdict over all outcomes: the most severe action wins; `allow` where no rule matched. */
export function severestAction(outcomes: readonly Pick<RuleOutcome, 'action'>[]): TruthAction {
  const severity = Math.max(0, ...outcomes.map((outcome) => TRUTH_ACTIONS.indexOf(outcome.action)));
  return TRUTH_ACTIONS[severity] ?? 'block';
}
