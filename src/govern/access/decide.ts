import type {
  Authorisation,
  BoundExpression,
  DatasetAction,
  DatasetFacts,
  Identity,
  MaskDecision,
} from '../scope/index.ts';
import { combineMasks } from './combine-masks.ts';
import type { CompiledMask, CompiledPolicy, CompiledRowFilter, RuleAudience } from './compiled-policy.ts';
import type { ParsedExpression } from './expression-parser.ts';
import { FieldIndex } from './field-index.ts';
import { matchesPattern } from './pattern.ts';
import { policyAttributes } from './policy-attributes.ts';
import { ADMIN_ROLE } from './policy-document.ts';

/** A decision with what led to it, for people who ask why. */
export interface Verdict {
  readonly authorisation: Authorisation;
  /** The grants that apply, as `analyst: read on flights*`. */
  readonly grants: readonly string[];
  /** The row filters that apply, by their names without SQL. */
  readonly rowFilters: readonly string[];
}

/** A condition that no row meets, as the engine's syntax tree. */
const NO_ROWS: BoundExpression = {
  node: '{"class":"CONSTANT","type":"VALUE_CONSTANT","alias":"","query_location":0,"value":{"type":{"id":"BOOLEAN","type_info":null},"is_null":false,"value":false}}',
  columns: new Map(),
  identity: new Map(),
};

/**
 * What an identity may do with a dataset. Denied by default. For an agent acting for a person both roles must hold a
 * grant, a rule about either role applies, and every `identity.<attribute>` is the person's: one decision over two
 * roles, so that delegation cannot show more than either sees.
 *
 * Where a rule cannot be bound, reading is refused. Other actions are then decided with a filter that shows no row, so
 * that an administrator can still mend the dataset, and nothing that answers rows under such a decision leaks one.
 */
export function decide(
  policy: CompiledPolicy,
  identity: Identity,
  facts: DatasetFacts,
  action: DatasetAction,
): Verdict {
  const roles = rolesOf(identity);
  const grants = roles.map((role) => grantFor(policy, role, facts.name, action));
  const missing = roles.find((_, index) => grants[index] === null);
  const held = grants.filter((grant) => grant !== null);
  if (missing !== undefined) return refusal(missingGrant(missing, facts.name, action), held, []);

  const filters = policy.rowFilters.filter(
    (rule) => appliesTo(rule, roles) && matchesPattern(rule.dataset, facts.name),
  );
  const names = filters.map((rule) => rule.target);
  const fields = new FieldIndex(facts);
  const binder = new Binder(fields, policyAttributes(identity));
  const rowFilters = filters.map((rule) => binder.rowFilter(rule));
  const masks = decideMasks({ policy, roles, name: facts.name, fields, binder });
  if (binder.problem !== null && action === 'read') return refusal(binder.problem, held, names);
  return {
    authorisation: {
      allowed: true,
      decision: {
        datasetId: facts.datasetId,
        name: facts.name,
        action,
        policyVersion: policy.version,
        masks,
        rowFilters: binder.problem === null ? rowFilters.filter((filter) => filter !== null) : [NO_ROWS],
      },
    },
    grants: held,
    rowFilters: names,
  };
}

/** Whether every role of the identity has the grant by name alone: for a dataset that does not exist yet. */
export function mayByName(
  policy: CompiledPolicy,
  identity: Identity,
  name: string,
  action: DatasetAction,
): { readonly allowed: boolean; readonly reason: string } {
  const missing = rolesOf(identity).find((role) => grantFor(policy, role, name, action) === null);
  return missing === undefined
    ? { allowed: true, reason: '' }
    : { allowed: false, reason: missingGrant(missing, name, action) };
}

/** The roles that decide together: the caller's, and the person's it acts for. */
export function rolesOf(identity: Identity): readonly string[] {
  return identity.onBehalfOf === null ? [identity.role] : [identity.role, identity.onBehalfOf.role];
}

function grantFor(policy: CompiledPolicy, role: string, name: string, action: DatasetAction): string | null {
  if (role === ADMIN_ROLE) return `${ADMIN_ROLE}: every action on every dataset`;
  const grant = policy.roles
    .get(role)
    ?.grants.find(
      (candidate) => candidate.actions.includes(action) && matchesPattern(candidate.dataset, name),
    );
  return grant === undefined ? null : `${role}: ${action} on ${grant.dataset}`;
}

function missingGrant(role: string, name: string, action: DatasetAction): string {
  return `The role ${role} has no grant to ${action} ${name}.`;
}

function refusal(reason: string, grants: readonly string[], rowFilters: readonly string[]): Verdict {
  return { authorisation: { allowed: false, reason }, grants, rowFilters };
}

/** A rule about any of the roles applies: the union of restrictions. */
function appliesTo(rule: RuleAudience, roles: readonly string[]): boolean {
  return roles.some((role) => (rule.roles === null || rule.roles.has(role)) && !rule.exceptRoles.has(role));
}

function decideMasks(parts: {
  policy: CompiledPolicy;
  roles: readonly string[];
  /** The dataset's. */
  name: string;
  fields: FieldIndex;
  binder: Binder;
}): ReadonlyMap<number, MaskDecision> {
  const { policy, roles, fields, binder } = parts;
  const byField = new Map<number, [CompiledMask, ...CompiledMask[]]>();
  for (const rule of policy.masks) {
    if (!appliesTo(rule, roles)) continue;
    if (rule.dataset !== null && !matchesPattern(rule.dataset, parts.name)) continue;
    for (const fieldId of fieldsOf(rule, fields)) {
      const rules = byField.get(fieldId);
      if (rules === undefined) byField.set(fieldId, [rule]);
      else rules.push(rule);
    }
  }
  const masks = new Map<number, MaskDecision>();
  for (const [fieldId, rules] of byField) masks.set(fieldId, decideMask(fieldId, rules, binder));
  return withFieldsInside(masks, byField, fields, binder);
}

/** A column whose rules conflict or cannot be bound is null for the actions that are still decided. */
function decideMask(
  fieldId: number,
  rules: readonly [CompiledMask, ...CompiledMask[]],
  binder: Binder,
): MaskDecision {
  const combined = combineMasks(rules);
  const { reasons } = combined;
  if (combined.kind === 'conflict') {
    binder.refuse(`Two masks on one column conflict (${reasons.join('; ')}).`);
    return { fieldId, method: 'null', expression: null, reasons };
  }
  if (combined.method !== 'expression')
    return { fieldId, method: combined.method, expression: null, reasons };
  const expression = binder.maskExpression(rules);
  return { fieldId, method: expression === null ? 'null' : 'expression', expression, reasons };
}

function* fieldsOf(rule: CompiledMask, fields: FieldIndex): Iterable<number> {
  if (rule.column !== null) yield* fields.masked(rule.column, rule.boundSinceMs);
  if (rule.tag !== null) yield* fields.tagged(rule.tag);
}

/**
 * A masked struct or list masks what is inside it: those fields are null, whatever their own rules say. An expression
 * could bring out a field that has a mask of its own, which is a conflict.
 */
function withFieldsInside(
  masks: ReadonlyMap<number, MaskDecision>,
  rulesByField: ReadonlyMap<number, readonly CompiledMask[]>,
  fields: FieldIndex,
  binder: Binder,
): ReadonlyMap<number, MaskDecision> {
  const all = new Map(masks);
  for (const mask of masks.values()) {
    const hasExpression = rulesByField.get(mask.fieldId)?.some((rule) => rule.expression !== null) === true;
    for (const fieldId of fields.inside(mask.fieldId)) {
      if (hasExpression && masks.has(fieldId)) {
        binder.refuse(
          `A column with a mask of its own is inside one masked by an expression (${mask.reasons}).`,
        );
      }
      all.set(fieldId, { fieldId, method: 'null', expression: null, reasons: mask.reasons });
    }
  }
  return all;
}

/** Binds names for one dataset and caller, and keeps the first reason why that is not possible. */
class Binder {
  readonly #fields: FieldIndex;
  readonly #attributes: ReturnType<typeof policyAttributes>;
  problem: string | null = null;

  constructor(fields: FieldIndex, attributes: ReturnType<typeof policyAttributes>) {
    this.#fields = fields;
    this.#attributes = attributes;
  }

  refuse(problem: string): null {
    this.problem ??= problem;
    return null;
  }

  rowFilter(rule: CompiledRowFilter): BoundExpression | null {
    return this.#bind(rule.expression, rule.boundSinceMs, 'row filter');
  }

  /** The one expression all the rules say, each bound as of its own time; another binding is a conflict. */
  maskExpression(rules: readonly CompiledMask[]): BoundExpression | null {
    const bound = rules.flatMap((rule) => {
      if (rule.expression === null) return [];
      return this.#bind(rule.expression, rule.expressionSinceMs, `mask on ${rule.target}`) ?? [];
    });
    const [first] = bound;
    const bindings = new Set(bound.map((expression) => JSON.stringify([...expression.columns])));
    if (first === undefined || bindings.size > 1) return this.refuse('The mask’s expression is ambiguous.');
    return first;
  }

  #bind(expression: ParsedExpression, sinceMs: number, rule: string): BoundExpression | null {
    const columns = new Map<string, number>();
    for (const name of expression.columnNames) {
      const binding = this.#fields.bind(name, sinceMs);
      if (binding.kind === 'none')
        return this.refuse(`A ${rule} names a column that the dataset does not have.`);
      if (binding.kind === 'ambiguous') {
        return this.refuse(
          `A ${rule} names a column that more than one field has been called; apply it anew.`,
        );
      }
      columns.set(name, binding.fieldId);
    }
    const identity = new Map<string, string | number | boolean>();
    for (const name of expression.identityNames) {
      const value = this.#attributes.get(name);
      if (value === undefined) return this.refuse(`A ${rule} needs the identity attribute ${name}.`);
      identity.set(name, value);
    }
    return { node: expression.node, columns, identity };
  }
}
