import { type JsonObject, LakeError } from '../../base/index.ts';
import type { RuleExtent, Truth } from '../../govern/truth/index.ts';
import { doorErrors } from '../errors.ts';
import type { Authorised } from './authorise.ts';
import type { Validated } from './validate.ts';

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
  return new Judged(grant, judge(truth, request, 'before', rule.context(request.input, resolved)));
}

/** Truth rules over what is about to be answered or committed; an operation that declares them must bring a context. */
export function judgeAfter(
  truth: Truth,
  judged: Judged,
  context: JsonObject | undefined,
  extent: RuleExtent = 'whole',
): readonly TruthMark[] | null {
  const { request } = judged.grant.resolution;
  const { operation } = request.caller;
  if ('none' in operation.truth.after) return judged.marks;
  if (context === undefined) throw new Error(`${operation.name} declares truth after and brought no context`);
  return [...(judged.marks ?? []), ...judge(truth, request, 'after', context, extent)];
}

/** How much of an answer the rules after it must see before any of it may leave. */
export function extentAfter(truth: Truth, judged: Judged): RuleExtent | 'none' {
  const extents = taskClasses(judged.grant.resolution.request, 'after').map((name) =>
    truth.extentAfter(name),
  );
  if (extents.includes('whole')) return 'whole';
  return extents.includes('piece') ? 'piece' : 'none';
}

/** The fields that rules over pieces of the answer read, as dot paths. */
export function fieldsOfPieces(truth: Truth, judged: Judged): readonly string[] {
  return taskClasses(judged.grant.resolution.request, 'after').flatMap((name) => truth.fieldsOfPieces(name));
}

function taskClasses(request: Validated, phase: 'before' | 'after'): readonly string[] {
  const { truth } = request.caller.operation;
  const rule = truth[phase];
  if ('none' in rule) return [];
  const task = truth.task?.(request.input) ?? null;
  return task === null ? [rule.taskClass] : [rule.taskClass, `${rule.taskClass}.${task}`];
}

/** Every context also says who asks and for what: `identity.name`, `identity.role`, `identity.on_behalf_of`, `operation`. */
function judge(
  truth: Truth,
  request: Validated,
  phase: 'before' | 'after',
  context: JsonObject,
  extent: RuleExtent = 'whole',
): TruthMark[] {
  const { identity, operation } = request.caller;
  const about = { name: identity.name, role: identity.role, on_behalf_of: identity.onBehalfOf?.name ?? null };
  const facts = { ...context, identity: about, operation: operation.name };
  const outcomes = taskClasses(request, phase).flatMap((name) => truth.evaluate(name, phase, facts, extent));
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
