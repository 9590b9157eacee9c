import { LakeError, type Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { AccessState } from './access-state.ts';
import { accessErrors } from './errors.ts';
import { ADMIN_ROLE, type PolicyDocument } from './policy-document.ts';

/** What is looked at: the keys in memory for a refusal in words, the stored ones for the guard of the commit. */
interface Parts {
  readonly reader: MetastoreReader;
  readonly state: AccessState;
}

/** Roles whose keys manage access: the built-in one, and those that a policy gives `access.admin`. */
function administratorRoles({ roles }: PolicyDocument): ReadonlySet<string> {
  const granted = Object.entries(roles).filter(([, role]) => role.permissions.includes('access.admin'));
  return new Set([ADMIN_ROLE, ...granted.map(([name]) => name)]);
}

/**
 * What a revocation commits besides itself so that a live key that manages access is left: a guard, also against others
 * that revoke each other's keys or change the policy at the same moment. Throws `access.last_administrator`.
 */
export function keepAdministratorWithout(parts: Parts, keyId: string, nowMs: number): readonly Statement[] {
  const { document, version } = parts.state.policy.compiled;
  const roles = administratorRoles(document);
  const { live, others } = liveKeys(parts, roles, nowMs, keyId);
  if (live === others) return [];
  if (others === 0) {
    throw lastAdministrator(
      'This is the last live key that manages access: without it nobody could make another one.',
    );
  }
  return [guard(parts.reader, { roles, policyVersion: version, nowMs, exceptKeyId: keyId })];
}

/** The same for a policy that takes `access.admin` from a role. */
export function keepAdministratorUnder(
  parts: Parts,
  document: PolicyDocument,
  nowMs: number,
): readonly Statement[] {
  const { compiled } = parts.state.policy;
  const roles = administratorRoles(document);
  const before = administratorRoles(compiled.document);
  if ([...before].every((role) => roles.has(role))) return [];
  if (liveKeys(parts, before, nowMs).live === 0) return [];
  if (liveKeys(parts, roles, nowMs).live === 0) {
    throw lastAdministrator(
      'No live key would have a role that manages access: this policy takes access.admin from all that have it.',
    );
  }
  return [guard(parts.reader, { roles, policyVersion: null, nowMs, exceptKeyId: null })];
}

function liveKeys(parts: Parts, roles: ReadonlySet<string>, nowMs: number, exceptKeyId?: string) {
  const { keys } = parts.state;
  const live = [...keys.records].filter(
    ({ row }) => roles.has(row.role) && keys.live(row.key_id, nowMs) !== null,
  );
  return { live: live.length, others: live.filter(({ row }) => row.key_id !== exceptKeyId).length };
}

/** Refuses the transaction where no such key is left in it, or where the roles are those of another policy. */
function guard(
  reader: MetastoreReader,
  wanted: {
    readonly roles: ReadonlySet<string>;
    readonly policyVersion: number | null;
    readonly nowMs: number;
    readonly exceptKeyId: string | null;
  },
): Statement {
  const { roles, policyVersion, nowMs, exceptKeyId } = wanted;
  let left = reader.queries
    .selectFrom('access_keys')
    .select('key_id')
    .where('role', 'in', [...roles])
    .where('revoked_ms', 'is', null)
    .where((row) => row.or([row('expires_ms', 'is', null), row('expires_ms', '>', nowMs)]))
    .limit(1);
  if (policyVersion !== null) {
    const inForce = reader.queries
      .selectFrom('access_state')
      .select('id')
      .where('policy_version', '=', policyVersion);
    left = left.where((row) => row.exists(inForce));
  }
  if (exceptKeyId !== null) left = left.where('key_id', '!=', exceptKeyId);
  return statement(left, { rows: 1, refusal: 'last_administrator' });
}

function lastAdministrator(why: string): LakeError {
  return new LakeError(accessErrors.last_administrator, {
    detail: `${why} Make a key of the role admin first (POST /access/keys), or send ?force=true to do it nonetheless; then \`lakehouse keys recover\` on the stopped home is the only way back.`,
  });
}
