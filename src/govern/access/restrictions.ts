import { matchesPattern } from '../../base/index.ts';
import type { BoundExpression, DatasetFacts, Identity, MaskDecision } from '../scope/index.ts';
import { combineMasks } from './combine-masks.ts';
import type { CompiledMask, CompiledPolicy, CompiledRowFilter, RuleAudience } from './compiled-policy.ts';
import type { ParsedExpression } from './expression-parser.ts';
import { FieldIndex } from './field-index.ts';
import { policyAttributes, rolesOf } from './policy-attributes.ts';

/** What hides rows and values of one dataset from one caller, whatever the action. */
export interface Restrictions {
  readonly masks: ReadonlyMap<number, MaskDecision>;
  readonly rowFilters: readonly BoundExpression[];
  /** The row filters that apply, by their names without SQL. */
  readonly rowFilterNames: readonly string[];
  /** Why the rules cannot be bound; null where they all are. */
  readonly problem: string | null;
}

/** Every mask and row filter about any of the caller's roles, bound to the dataset's fields and the caller's attributes. */
export function restrictionsOf(
  policy: CompiledPolicy,
  identity: Identity,
  facts: DatasetFacts,
): Restrictions {
  const roles = rolesOf(identity);
  const fields = new FieldIndex(facts);
  const binder = new Binder(fields, policyAttributes(identity));
  const filters = policy.rowFilters.filter(
    (rule) => appliesTo(rule, roles) && matchesPattern(rule.dataset, facts.name),
  );
  const rowFilters = filters.flatMap((rule) => binder.rowFilter(rule) ?? []);
  const masks = decideMasks({ policy, roles, name: facts.name, fields, binder });
  return { masks, rowFilters, rowFilterNames: filters.map((rule) => rule.target), problem: binder.problem };
}

/** Whether a rule restricts a caller with these roles: it does where it applies to any of them. */
export function appliesTo(rule: RuleAudience, roles: readonly string[]): boolean {
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
          `A ${rule} names a column that more than one field has been called; apply the policy with rebind.`,
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
