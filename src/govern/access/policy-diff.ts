import { canonicalJson, type JsonValue } from '../../base/index.ts';
import {
  type MaskRule,
  maskTarget,
  type PolicyDocument,
  type RoleRule,
  type RowFilterRule,
  rowFilterTarget,
} from './policy-document.ts';

/** What differs between two policies, as names of rules; holds no SQL of either. */
export interface PolicyDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/**
 * What one rule that is added, removed or changed says more and less than before, in lines; holds SQL, so it is for who may
 * read the policy.
 */
export interface RuleDiff {
  readonly rule: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

interface NamedRule {
  readonly text: string;
  readonly lines: readonly string[];
}

export function diffPolicies(
  before: PolicyDocument,
  after: PolicyDocument,
): { readonly diff: PolicyDiff; readonly rules: readonly RuleDiff[] } {
  const old = namedRules(before);
  const now = namedRules(after);
  const added = [...now.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !now.has(name));
  const changed = [...now]
    .filter(([name, rule]) => old.has(name) && old.get(name)?.text !== rule.text)
    .map(([name]) => name);
  const rules = [...removed, ...changed, ...added].map((rule) => {
    const were = old.get(rule)?.lines ?? [];
    const are = now.get(rule)?.lines ?? [];
    return {
      rule,
      added: are.filter((line) => !were.includes(line)),
      removed: were.filter((line) => !are.includes(line)),
    };
  });
  return { diff: { added, removed, changed }, rules };
}

export function isEmptyDiff(diff: PolicyDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length === 0;
}

/** Each rule under a name that people know it by; the second rule of one name gets ` (2)`. */
function namedRules(policy: PolicyDocument): ReadonlyMap<string, NamedRule> {
  const rules = new Map<string, NamedRule>();
  const add = (name: string, rule: unknown, lines: readonly string[]) => {
    let unique = name;
    for (let count = 2; rules.has(unique); count++) unique = `${name} (${count})`;
    const text = canonicalJson(JSON.parse(JSON.stringify(rule)) as JsonValue);
    rules.set(unique, { text, lines });
  };
  for (const [name, role] of Object.entries(policy.roles)) add(`role ${name}`, role, roleLines(role));
  for (const mask of policy.masks) add(`mask ${maskTarget(mask)}`, mask, maskLines(mask));
  for (const filter of policy.row_filters) add(rowFilterTarget(filter), filter, filterLines(filter));
  return rules;
}

function roleLines(role: RoleRule): readonly string[] {
  return [
    ...role.grants.flatMap(({ dataset, actions }) => actions.map((action) => `${action} on ${dataset}`)),
    ...role.buckets.flatMap(({ bucket, prefix, actions }) =>
      actions.map((action) => `${action} in bucket ${bucket}/${prefix}`),
    ),
    ...role.permissions.map((permission) => `permission ${permission}`),
    ...role.models.map((model) => `model ${model}`),
    ...(role.description === undefined ? [] : [`description ${role.description}`]),
  ];
}

function maskLines(mask: MaskRule): readonly string[] {
  const expression = mask.expression === undefined ? '' : ` ${mask.expression}`;
  return [`method ${mask.method}${expression}`, ...audienceLines(mask)];
}

function filterLines(filter: RowFilterRule): readonly string[] {
  return [`where ${filter.where}`, ...audienceLines(filter)];
}

function audienceLines(rule: MaskRule | RowFilterRule): readonly string[] {
  return [
    ...(rule.roles === undefined ? ['for every role'] : rule.roles.map((role) => `for ${role}`)),
    ...rule.except_roles.map((role) => `not for ${role}`),
  ];
}
