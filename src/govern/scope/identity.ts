/** A value an identity attribute may hold. */
export type AttributeValue = string | number | boolean;

/** Who is calling. Made by the door's identify step alone; attribute names are own properties. */
export interface Identity {
  readonly name: string;
  readonly role: string;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** The key the caller presented; null for the system itself and where authentication is switched off. */
  readonly keyId: string | null;
  /**
   * The person this caller (an agent) acts for. The effective right is the intersection of both; row filters are the
   * union of both's restrictions and read the person's attributes.
   */
  readonly onBehalfOf: Identity | null;
}

/** One text for a pair of identities, for logs, journal and idempotency: `agent` or `agent for person`. */
export function identityLabel(identity: Identity): string {
  return identity.onBehalfOf === null ? identity.name : `${identity.name} for ${identity.onBehalfOf.name}`;
}

/** This process itself, for its own upkeep; no key stands for it and no policy names its role. */
export const SYSTEM_IDENTITY: Identity = {
  name: 'system',
  role: 'system',
  attributes: new Map(),
  keyId: null,
  onBehalfOf: null,
};
