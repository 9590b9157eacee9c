import type { JsonObject } from '../../base/index.ts';

export const TRUTH_ACTIONS = ['allow', 'flag', 'require-review', 'block'] as const;
export type TruthAction = (typeof TRUTH_ACTIONS)[number];

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
  /** Walks every rule of the task class over the context. Own properties only, by dot path. */
  evaluate(taskClass: string, phase: 'before' | 'after', context: JsonObject): readonly RuleOutcome[];
}
