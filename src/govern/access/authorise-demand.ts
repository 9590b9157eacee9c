import { matchesPattern } from '../../base/index.ts';
import type { BucketDemand, DatasetDemand, Demand, Identity, Permission } from '../scope/index.ts';
import { isUnrestricted } from '../scope/index.ts';
import type { DemandAnswer } from './access-control.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { mayByName } from './decide.ts';
import type { DecisionCache } from './decision-cache.ts';
import { rolesOf } from './policy-attributes.ts';
import { ADMIN_ROLE, type RoleRule } from './policy-document.ts';
import { appliesTo } from './restrictions.ts';

/** Answers one demand of a request; whatever is not granted is refused. */
export function authoriseDemand(
  policy: CompiledPolicy,
  cache: DecisionCache,
  identity: Identity,
  demand: Demand,
): DemandAnswer {
  switch (demand.kind) {
    case 'permission':
      return holdsPermission(policy, identity, demand.permission)
        ? { allowed: true, authorisation: null }
        : refuse(`The permission ${demand.permission} is missing.`);
    case 'bucket':
      return mayUseBucket(policy, identity, demand)
        ? { allowed: true, authorisation: null }
        : refuse(`No grant to ${demand.action} there in the bucket ${demand.bucket}.`);
    case 'model':
      return mayUseModel(policy, identity, demand.model)
        ? { allowed: true, authorisation: null }
        : refuse(`No grant to the model ${demand.model}.`);
    case 'tool':
      return demand.roles !== null && mayUseTool(identity, demand.roles)
        ? { allowed: true, authorisation: null }
        : refuse(`The tool ${demand.tool} is not granted to this role.`);
    case 'dataset':
      return authoriseDatasetDemand(policy, cache, identity, demand);
  }
}

/** Whether every role of the identity is granted the model, by a pattern of `provider/model`. */
export function mayUseModel(policy: CompiledPolicy, identity: Identity, model: string): boolean {
  return rolesOf(identity).every(
    (role) =>
      role === ADMIN_ROLE ||
      policy.roles.get(role)?.models.some((pattern) => matchesPattern(pattern, model)) === true,
  );
}

/** Whether every role of the identity is one of those that a tool's file grants it to. */
export function mayUseTool(identity: Identity, roles: readonly string[]): boolean {
  return rolesOf(identity).every((role) => role === ADMIN_ROLE || roles.includes(role));
}

/** Tag patterns with a mask that applies to the identity, in any dataset. */
export function maskedTags(policy: CompiledPolicy, identity: Identity): readonly string[] {
  const roles = rolesOf(identity);
  return [
    ...new Set(
      policy.masks.flatMap((mask) => (mask.tag !== null && appliesTo(mask, roles) ? [mask.tag] : [])),
    ),
  ];
}

/** Whether every role of the identity holds the permission. */
export function holdsPermission(policy: CompiledPolicy, identity: Identity, permission: Permission): boolean {
  return rolesOf(identity).every(
    (role) => role === ADMIN_ROLE || policy.roles.get(role)?.permissions.has(permission) === true,
  );
}

function authoriseDatasetDemand(
  policy: CompiledPolicy,
  cache: DecisionCache,
  identity: Identity,
  demand: DatasetDemand,
): DemandAnswer {
  const { facts } = demand;
  if (facts === null) {
    if (demand.mayCreate !== true) return refuse('There is no such dataset.');
    const byName = mayByName(policy, identity, demand.name, demand.action);
    return byName.allowed ? { allowed: true, authorisation: null } : refuse(byName.reason);
  }
  const refuseDataset = (reason: string): DemandAnswer => ({
    allowed: false,
    reason,
    // Who may read a dataset knows that it is there; saying what else is missing tells nothing new.
    discoverable: facts.discoverable || mayByName(policy, identity, facts.name, 'read').allowed,
    owner: facts.owner,
    granted: mayByName(policy, identity, facts.name, demand.action).allowed,
  });
  const authorisation = cache.decide(policy, identity, facts, demand.action).authorisation;
  if (!authorisation.allowed) return refuseDataset(authorisation.reason);
  if (demand.unmasked === true) {
    const read = cache.decide(policy, identity, facts, 'read').authorisation;
    if (!read.allowed) return refuseDataset(read.reason);
    if (!isUnrestricted(read.decision)) {
      return refuseDataset(
        `Stored rows of ${facts.name} need a read without masks and row filters, and this role has some.`,
      );
    }
  }
  return { allowed: true, authorisation };
}

function mayUseBucket(policy: CompiledPolicy, identity: Identity, demand: BucketDemand): boolean {
  return rolesOf(identity).every(
    (role) =>
      role === ADMIN_ROLE ||
      policy.roles.get(role)?.buckets.some((grant) => coversObject(grant, demand)) === true,
  );
}

/** By whole components: `reports` covers `reports/a`, neither `reports-old/a` nor a list of all that begins so. */
function coversObject(grant: RoleRule['buckets'][number], demand: BucketDemand): boolean {
  if (grant.bucket !== '*' && grant.bucket !== demand.bucket) return false;
  if (!grant.actions.includes(demand.action)) return false;
  if (grant.prefix === '') return true;
  const folder = grant.prefix.endsWith('/') ? grant.prefix : `${grant.prefix}/`;
  const parts = demand.key.split('/');
  if (parts.some((part) => part === '.' || part === '..') || /[\0\\]/.test(demand.key)) return false;
  const exact = demand.action !== 'list' && demand.key === grant.prefix;
  return exact || demand.key.startsWith(folder);
}

function refuse(reason: string): DemandAnswer {
  return { allowed: false, reason, discoverable: false, owner: null, granted: false };
}
