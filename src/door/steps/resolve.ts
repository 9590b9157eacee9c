import type { Logger } from '../../base/index.ts';
import { type Demand, scopeIssuer } from '../../govern/scope/index.ts';
import type { Validated } from './validate.ts';

class Resolved {
  declare protected readonly evidence: 'resolve';
  readonly request: Validated;
  readonly demands: readonly Demand[];
  readonly resolved: unknown;

  constructor(request: Validated, demands: readonly Demand[], resolved: unknown) {
    this.request = request;
    this.demands = demands;
    this.resolved = resolved;
  }
}

export type { Resolved };

/** Step 3. The operation says which rights this input needs; it sees names, field ids and tags, never a row. */
export async function resolve(request: Validated, signal: AbortSignal, log: Logger): Promise<Resolved> {
  const { call, operation, identity } = request.caller;
  if (operation.access.kind !== 'demands') return new Resolved(request, [], undefined);
  const scope = scopeIssuer.resolve({ requestId: call.requestId, identity, signal, log });
  try {
    const { demands, resolved } = await operation.access.resolve(scope, request.input);
    if ('none' in demands) return new Resolved(request, [], resolved);
    if (demands.length === 0) throw new Error(`${operation.name} resolved to no demand`);
    return new Resolved(request, demands, resolved);
  } finally {
    scopeIssuer.close(scope);
  }
}
