import { LakeError } from '../../base/index.ts';
import type { AccessControl, DemandAnswer } from '../../govern/access/index.ts';
import type { Authorisation, Demand } from '../../govern/scope/index.ts';
import { doorErrors } from '../errors.ts';
import type { Resolved } from './resolve.ts';

/** One demand with what allowed it. */
interface Grant {
  readonly demand: Demand;
  readonly authorisation: Extract<Authorisation, { allowed: true }> | null;
}

class Authorised {
  declare protected readonly evidence: 'authorise';
  readonly resolution: Resolved;
  readonly grants: readonly Grant[];
  readonly policyVersion: number;

  constructor(resolution: Resolved, grants: readonly Grant[], policyVersion: number) {
    this.resolution = resolution;
    this.grants = grants;
    this.policyVersion = policyVersion;
  }
}

export type { Authorised };

/** Step 4. Every demand must be allowed; the first that is not is the refusal. */
export function authorise(access: AccessControl, resolution: Resolved): Authorised {
  const { identity } = resolution.request.caller;
  const grants = resolution.demands.map((demand): Grant => {
    const answer = access.authorise(identity, demand);
    if (!answer.allowed) throw refusal(demand, answer);
    if (demand.kind !== 'dataset' || demand.facts === null) return { demand, authorisation: null };
    // A dataset that exists is decided column by column: an answer without a decision is no permission.
    if (answer.authorisation === null || !answer.authorisation.allowed) throw notFound(demand.name);
    return { demand, authorisation: answer.authorisation };
  });
  return new Authorised(resolution, grants, access.policyVersion());
}

function refusal(demand: Demand, answer: Extract<DemandAnswer, { allowed: false }>): LakeError {
  if (demand.kind === 'permission') {
    return new LakeError(doorErrors.forbidden, {
      detail: `This needs the permission ${demand.permission}, which your role does not have.`,
      data: { missing: { permission: demand.permission } },
    });
  }
  if (demand.kind === 'bucket') {
    return new LakeError(doorErrors.forbidden, {
      detail: `Your role has no grant to ${demand.action} this key in bucket "${demand.bucket}".`,
      data: { missing: { bucket: demand.bucket, action: demand.action } },
    });
  }
  if (demand.kind === 'model') {
    return new LakeError(doorErrors.model_not_found, {
      detail: `There is no model "${demand.model}" that you may use. GET /v1/models lists yours.`,
      data: { model: demand.model },
    });
  }
  if (demand.kind === 'tool') {
    return new LakeError(doorErrors.tool_not_found, {
      detail: `There is no tool "${demand.tool}" that you may use. GET /tools lists yours.`,
      data: { tool: demand.tool },
    });
  }
  // The same whether the name is free or taken by a dataset that may not be known of.
  if (demand.mayCreate === true && !answer.discoverable) {
    return new LakeError(doorErrors.forbidden, {
      detail: `Your role has no grant to ${demand.action} a dataset of the name "${demand.name}".`,
      data: { missing: { dataset: demand.name, action: demand.action } },
    });
  }
  if (!answer.discoverable) return notFound(demand.name);
  if (answer.granted) {
    return new LakeError(doorErrors.forbidden, {
      detail: `${answer.reason} The grant is there: ask an administrator, who can change your key or the rule.`,
      data: { dataset: demand.name, action: demand.action },
    });
  }
  const owner = answer.owner === null ? 'an administrator' : `its owner, ${answer.owner}`;
  return new LakeError(doorErrors.forbidden, {
    detail: `${answer.reason} Ask ${owner}, for ${demand.action} on "${demand.name}".`,
    data: { missing: { dataset: demand.name, action: demand.action }, owner: answer.owner },
  });
}

/** The same for a name that does not exist and one that is not granted, byte for byte. */
function notFound(name: string): LakeError {
  return new LakeError(doorErrors.dataset_not_found, {
    detail: `There is no dataset "${name}" that you may use this way. GET /access/me lists yours.`,
    data: { dataset: name },
  });
}
