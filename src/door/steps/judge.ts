import { type JsonObject, LakeError } from '../../base/index.ts';
import type { Truth } from '../../govern/truth/index.ts';
import { doorErrors } from '../errors.ts';
import type { Authorised } from './authorise.ts';
import type { Identified } from './identify.ts';

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
  return new Judged(grant, judge(truth, request.caller, 'before', rule.context(request.input, resolved)));
}

/** Truth rules over what is about to be answered or committed; an operation that declares them must bring a context. */
export function judgeAfter(
  truth: Truth,
  judged: Judged,
  context: JsonObject | undefined,
): readonly TruthMark[] | null {
  const { caller } = judged.grant.resolution.request;
  const { operation } = caller;
  const rule = operation.truth.after;
  if ('none' in rule) return judged.marks;
  if (context === undefined) throw new Error(`${operation.name} declares truth after and brought no context`);
  return [...(judged.marks ?? []), ...judge(truth, caller, 'after', context)];
}

/** Every context also says who asks and for what: `identity.name`, `identity.role`, `identity.on_behalf_of`, `operation`. */
function judge(
  truth: Truth,
  caller: Identified,
  phase: 'before' | 'after',
  context: JsonObject,
): TruthMark[] {
  const { identity, operation } = caller;
  const rule = operation.truth[phase];
  if ('none' in rule) return [];
  const about = { name: identity.name, role: identity.role, on_behalf_of: identity.onBehalfOf?.name ?? null };
  const outcomes = truth.evaluate(rule.taskClass, phase, {
    ...context,
    identity: about,
    operation: operation.name,
  });
  const matched = outcomes.filter((outcome) => outcome.matched);
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
