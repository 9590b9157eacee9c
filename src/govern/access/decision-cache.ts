import type { DatasetAction, DatasetFacts, Identity } from '../scope/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { decide, type Verdict } from './decide.ts';
import { policyAttributes, rolesOf } from './policy-attributes.ts';
import { type Restrictions, restrictionsOf } from './restrictions.ts';

const MOST_CALLERS_PER_DATASET = 256;

/** What was decided for one caller and one dataset: the restrictions, found once, and a verdict for each action. */
interface CallerEntry {
  restrictions: Restrictions | null;
  readonly verdicts: Map<DatasetAction, Verdict>;
}

/**
 * Decisions made before, for the same facts object, policy object and caller. The facts themselves are the key, held
 * weakly: another schema or other tags are another object, so no version number can be forgotten (K-6).
 */
export class DecisionCache {
  readonly #byFacts = new WeakMap<
    DatasetFacts,
    { readonly policy: CompiledPolicy; readonly callers: Map<string, CallerEntry> }
  >();

  decide(policy: CompiledPolicy, identity: Identity, facts: DatasetFacts, action: DatasetAction): Verdict {
    const caller = this.#caller(policy, identity, facts);
    let verdict = caller.verdicts.get(action);
    if (verdict === undefined) {
      verdict = decide(policy, identity, facts, action, () => {
        caller.restrictions ??= restrictionsOf(policy, identity, facts);
        return caller.restrictions;
      });
      caller.verdicts.set(action, verdict);
    }
    return verdict;
  }

  #caller(policy: CompiledPolicy, identity: Identity, facts: DatasetFacts): CallerEntry {
    let entry = this.#byFacts.get(facts);
    if (entry === undefined || entry.policy !== policy || entry.callers.size >= MOST_CALLERS_PER_DATASET) {
      entry = { policy, callers: new Map() };
      this.#byFacts.set(facts, entry);
    }
    const key = callerKey(identity);
    const known = entry.callers.get(key) ?? { restrictions: null, verdicts: new Map() };
    entry.callers.set(key, known);
    return known;
  }
}

/** Everything of a caller that a decision depends on. */
function callerKey(identity: Identity): string {
  const attributes = [...policyAttributes(identity)].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([rolesOf(identity), attributes]);
}
