import type { DatasetAction, DatasetFacts, Identity } from '../scope/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { decide, rolesOf, type Verdict } from './decide.ts';
import { policyAttributes } from './policy-attributes.ts';

const MOST_PER_DATASET = 256;

/**
 * Decisions made before, for the same facts object, policy object and caller. The facts themselves are the key, held
 * weakly: another schema or other tags are another object, so no version number can be forgotten (K-6).
 */
export class DecisionCache {
  readonly #byFacts = new WeakMap<DatasetFacts, { policy: CompiledPolicy; verdicts: Map<string, Verdict> }>();

  decide(policy: CompiledPolicy, identity: Identity, facts: DatasetFacts, action: DatasetAction): Verdict {
    let entry = this.#byFacts.get(facts);
    if (entry === undefined || entry.policy !== policy || entry.verdicts.size >= MOST_PER_DATASET) {
      entry = { policy, verdicts: new Map() };
      this.#byFacts.set(facts, entry);
    }
    const key = callerKey(identity, action);
    let verdict = entry.verdicts.get(key);
    if (verdict === undefined) {
      verdict = decide(policy, identity, facts, action);
      entry.verdicts.set(key, verdict);
    }
    return verdict;
  }
}

/** Everything of a caller that a decision depends on. */
function callerKey(identity: Identity, action: DatasetAction): string {
  const attributes = [...policyAttributes(identity)].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([action, rolesOf(identity), attributes]);
}
