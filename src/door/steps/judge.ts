import { type JsonObject, LakeError } from '../../base/index.ts';
import type { Truth } from '../../govern/truth/index.ts';
import { doorErrors } from '../errors.ts';
import type { Authorised } from './authorise.ts';

/** A truth rule that matched, for the record. */
export interface TruthMark {
  readonly rule: string;
  readonly action: string;
}

class Judged {
  declare protected readonly evidence: 'truth';
  readonly grant: Authorised;
  /** Null where the operation declares no rules before; empty where rules were checked and none matched. */
  readonly marks: readonly TruthMark[] | null;

  constructor(grant: Authorised, marks: readonly TruthMark[] | null) {
    this.grant = grant;
    this.marks = marks;
  }
}

export type { Judged };

/** Step 5. Truth rules over the request. */
export function judgeBefore(truth: Truth, grant: Authorised): Judged {
  const { request, resolved } = grant.resolution;
  const rule = request.caller.operation.truth.before;
  if ('none' in rule) return new Judged(grant, null);
  return new Judged(grant, judge(truth, rule.taskClass, 'before', rule.context(request.input, resolved)));
}

/** Truth rules over what is about to be answered or committed; an operation that declares them must bring a context. */
export function judgeAfter(
  truth: Truth,
  judged: Judged,
  context: JsonObject | undefined,
): readonly TruthMark[] | null {
  const { operation } = judged.grant.resolution.request.caller;
  const rule = operation.truth.after;
  if ('none' in rule) return judged.marks;
  if (context === undefined) throw new Error(`${operation.name} declares truth after and brought no context`);
  return [...(judged.marks ?? []), ...judge(truth, rule.taskClass, 'after', context)];
}

function judge(truth: Truth, taskClass: string, phase: 'before' | 'after', context: JsonObject): TruthMark[] {
  const matched = truth.evaluate(taskClass, phase, context).filter((outcome) => outcome.matched);
  const stopping = matched.filter(
    (outcome) => outcome.action === 'block' || outcome.action === 'require-review',
  );
  if (stopping.length > 0) {
    const blocked = stopping.some((outcome) => outcome.action === 'block');
    throw new LakeError(blocked ? doorErrors.truth_blocked : doorErrors.review_required, {
      detail: stopping.map((outcome) => outcome.message).join(' '),
      data: { rules: stopping.map(({ rule, action }) => ({ rule, action })) },
    });
  }
  return matched.map(({ rule, action }) => ({ rule, action }));
}
