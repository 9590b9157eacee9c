import type { AttributeValue, Identity } from '../scope/index.ts';

/** Attribute names that are always there and no key may set. */
export const BUILT_IN_ATTRIBUTES: ReadonlySet<string> = new Set(['name', 'role']);

/**
 * What `identity.<attribute>` reads. For an agent acting for a person it is the person's attributes alone: the agent's
 * own never fill in for one the person lacks, so that a shared agent key can neither widen nor defeat a row filter.
 */
export function policyAttributes(identity: Identity): ReadonlyMap<string, AttributeValue> {
  const subject = identity.onBehalfOf ?? identity;
  return new Map<string, AttributeValue>([
    ...subject.attributes,
    ['name', subject.name],
    ['role', subject.role],
  ]);
}

/** The roles that decide together: the caller's, and the person's it acts for. */
export function rolesOf(identity: Identity): readonly string[] {
  return identity.onBehalfOf === null ? [identity.role] : [identity.role, identity.onBehalfOf.role];
}
