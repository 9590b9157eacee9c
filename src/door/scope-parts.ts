import type { Logger } from '../base/index.ts';
import type { Authorisation, DatasetAction, DatasetFacts, Permission } from '../govern/scope/index.ts';
import type { Judged } from './steps/judge.ts';

/** What the policy lets the caller do, for operations that list or explain. */
export interface Rights {
  authorise(facts: DatasetFacts, action: DatasetAction): Authorisation;
  mayUseModel(model: string): boolean;
  mayUseTool(roles: readonly string[]): boolean;
  maskedTags(): readonly string[];
}

/** What a scope may do: exactly the demands that were allowed for this request. */
export function grantParts(parts: { judged: Judged; signal: AbortSignal; log: Logger; rights: Rights }) {
  const { grant } = parts.judged;
  const { call, identity } = grant.resolution.request.caller;
  const decisions = new Map(
    grant.grants.flatMap(({ demand, authorisation }) =>
      demand.kind === 'dataset' && demand.facts !== null && authorisation !== null
        ? [[`${demand.facts.datasetId}:${demand.action}`, authorisation.decision] as const]
        : [],
    ),
  );
  const buckets = grant.grants.flatMap(({ demand }) => (demand.kind === 'bucket' ? [demand] : []));
  const permissions = new Set<Permission>(
    grant.grants.flatMap(({ demand }) => (demand.kind === 'permission' ? [demand.permission] : [])),
  );
  return {
    requestId: call.requestId,
    identity,
    signal: parts.signal,
    log: parts.log,
    decisions,
    buckets,
    permissions,
    models: new Set(grant.grants.flatMap(({ demand }) => (demand.kind === 'model' ? [demand.model] : []))),
    tools: new Set(grant.grants.flatMap(({ demand }) => (demand.kind === 'tool' ? [demand.tool] : []))),
    ...parts.rights,
  };
}
