import type { DatasetFacts } from '../scope/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { ParsedExpression } from './expression-parser.ts';
import { FieldIndex } from './field-index.ts';
import { ADMIN_ROLE, type PolicyDocument, rolesInRules } from './policy-document.ts';

/** The datasets that rules name in full: those whose columns can be looked at when the policy is applied. */
export function datasetsNamed(document: PolicyDocument): ReadonlySet<string> {
  const rules = [...document.masks, ...document.row_filters];
  return new Set(rules.flatMap(({ dataset }) => (dataset?.includes('*') === false ? [dataset] : [])));
}

/** What is allowed but probably not meant; `datasets` are those of `datasetsNamed` that exist. Holds no SQL. */
export function policyWarnings(policy: CompiledPolicy, datasets: readonly DatasetFacts[]): readonly string[] {
  return [
    ...roleWarnings(policy.document),
    ...datasets.flatMap((facts) => columnWarnings(policy, facts, new FieldIndex(facts))),
  ];
}

function roleWarnings(document: PolicyDocument): readonly string[] {
  const defined = new Set([ADMIN_ROLE, ...Object.keys(document.roles)]);
  const named = [...rolesInRules(document)].filter((role) => !defined.has(role));
  const warnings = named.map(
    (role) => `A rule names the role ${role}, which has no [roles.${role}]: it has no grants.`,
  );
  if (Object.hasOwn(document.roles, ADMIN_ROLE)) {
    warnings.push(`[roles.${ADMIN_ROLE}] has no effect: the role is built in and may do everything.`);
  }
  return warnings;
}

/** A misspelt column masks nothing, and in an expression it refuses every reader; both are silent until someone asks. */
function columnWarnings(policy: CompiledPolicy, facts: DatasetFacts, fields: FieldIndex): readonly string[] {
  const absent = (expression: ParsedExpression | null, sinceMs: number) =>
    (expression?.columnNames ?? []).some((name) => fields.bind(name, sinceMs).kind === 'none');
  const masks = policy.masks.filter((mask) => mask.dataset === facts.name);
  const filters = policy.rowFilters.filter((filter) => filter.dataset === facts.name);
  return [
    ...masks.flatMap(({ target, column, boundSinceMs }) =>
      column === null || fields.masked(column, boundSinceMs).size > 0
        ? []
        : [`The mask on ${target} masks nothing: ${facts.name} has no such column.`],
    ),
    ...masks.flatMap(({ target, expression, expressionSinceMs }) =>
      absent(expression, expressionSinceMs)
        ? [`The mask on ${target} reads a column that ${facts.name} does not have: its readers are refused.`]
        : [],
    ),
    ...filters.flatMap(({ target, expression, boundSinceMs }) =>
      absent(expression, boundSinceMs)
        ? [`${target} reads a column that ${facts.name} does not have: its readers are refused.`]
        : [],
    ),
  ];
}
