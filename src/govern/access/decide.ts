import { matchesPattern } from '../../base/index.ts';
import type {
  Authorisation,
  BoundExpression,
  DatasetAction,
  DatasetFacts,
  Identity,
} from '../scope/index.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { rolesOf } from './policy-attributes.ts';
import { ADMIN_ROLE } from './policy-document.ts';
import { type Restrictions, restrictionsOf } from './restrictions.ts';

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
  restrictions: () => Restrictions = () => restrictionsOf(policy, identity, facts),
): Verdict {
  const roles = rolesOf(identity);
  const grants = roles.map((role) => grantFor(policy, role, facts.name, action));
  const missing = roles.find((_, index) => grants[index] === null);
  const held = grants.filter((grant) => grant !== null);
  if (missing !== undefined) return refusal(missingGrant(missing, facts.name, action), held, []);
  const { masks, rowFilters, rowFilterNames, problem } = restrictions();
  if (problem !== null && action === 'read') return refusal(problem, held, rowFilterNames);
  return {
    authorisation: {
      allowed: true,
      decision: {
        datasetId: facts.datasetId,
        name: facts.name,
        action,
        policyVersion: policy.version,
        masks,
        rowFilters: problem === null ? rowFilters : [NO_ROWS],
      },
    },
    grants: held,
    rowFilters: rowFilterNames,
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
