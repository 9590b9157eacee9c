import type { AccessControl } from '../../govern/access/index.ts';
import type { AnyOperation, Identity } from '../../govern/scope/index.ts';
import type { Call } from '../door.ts';

/**
 * Each step returns a value that only its own module can make, and the next step asks for it by type: a pipeline with a
 * step left out does not compile. The protected member makes the class nominal.
 */
class Identified {
  declare protected readonly evidence: 'identify';
  readonly call: Call;
  readonly operation: AnyOperation;
  readonly identity: Identity;

  constructor(call: Call, operation: AnyOperation, identity: Identity) {
    this.call = call;
    this.operation = operation;
    this.identity = identity;
  }
}

export type { Identified };

/** Who answers to a public operation's name in its scope; holds no right. */
const ANONYMOUS: Identity = {
  name: 'anonymous',
  role: 'public',
  attributes: new Map(),
  keyId: null,
  onBehalfOf: null,
};

/** Step 1. Turns credentials into an identity, or throws `access.unauthenticated`. */
export async function identify(
  access: AccessControl,
  operation: AnyOperation,
  call: Call,
): Promise<Identified> {
  if (operation.access.kind === 'public') return new Identified(call, operation, ANONYMOUS);
  return new Identified(call, operation, await access.identify(call.credentials));
}

/** A call made within a request: by the same identity, which step 1 has found; the lifetime of the request bounds it. */
export function identifyNested(outer: Identified, operation: AnyOperation, call: Call): Identified {
  return new Identified(call, operation, operation.access.kind === 'public' ? ANONYMOUS : outer.identity);
}
