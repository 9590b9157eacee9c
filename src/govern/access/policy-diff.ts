import { canonicalJson, type JsonValue } from '../../base/index.ts';
import { maskTarget, type PolicyDocument, rowFilterTarget } from './policy-document.ts';

/** What differs between two policies, as names of rules; holds no SQL of either. */
export interface PolicyDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

export function diffPolicies(before: PolicyDocument, after: PolicyDocument): PolicyDiff {
  const old = namedRules(before);
  const now = namedRules(after);
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    changed: [...now].filter(([name, rule]) => old.has(name) && old.get(name) !== rule).map(([name]) => name),
  };
}

export function isEmptyDiff(diff: PolicyDiff): boolean {
  return diff.added.length + diff.removed.length + diff.changed.length === 0;
}

/** Each rule under a name that people know it by; the second rule of one name gets ` (2)`. */
function namedRules(policy: PolicyDocument): ReadonlyMap<string, string> {
  const rules = new Map<string, string>();
  const add = (name: string, rule: unknown) => {
    let unique = name;
    for (let count = 2; rules.has(unique); count++) unique = `${name} (${count})`;
    rules.set(unique, canonicalJson(JSON.parse(JSON.stringify(rule)) as JsonValue));
  };
  for (const [name, role] of Object.entries(policy.roles)) add(`role ${name}`, role);
  for (const mask of policy.masks) add(`mask ${maskTarget(mask)}`, mask);
  for (const filter of policy.row_filters) add(rowFilterTarget(filter), filter);
  return rules;
}
