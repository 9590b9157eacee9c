import { LakeError, type Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { AccessKeyRow } from '../../metastore/tables/access.ts';
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
 * What a revocation commits besides itself so that a live key that manages access is left, and lasts as long as the one
 * that goes: one that expires sooner only puts off the day on which nobody could make another. A guard, also against
 * others that revoke each other's keys or change the policy at the same moment. Throws `access.last_administrator`.
 */
export function keepAdministratorWithout(parts: Parts, keyId: string, nowMs: number): readonly Statement[] {
  const { document, version } = parts.state.policy.compiled;
  const roles = administratorRoles(document);
  const live = liveKeys(parts, roles, nowMs);
  const others = live.filter((row) => row.key_id !== keyId);
  const leaving = live.filter((row) => row.key_id === keyId);
  if (leaving.length === 0) return [];
  const untilMs = requireLasting(others, leaving, {
    none: 'This is the last live key that manages access: without it nobody could make another one.',
    shorter:
      'Every other live key that manages access expires before this one; then nobody could make another.',
  });
  return [guard(parts.reader, { roles, policyVersion: version, nowMs, untilMs, exceptKeyId: keyId })];
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
  const leaving = liveKeys(parts, before, nowMs).filter((row) => !roles.has(row.role));
  if (leaving.length === 0) return [];
  const untilMs = requireLasting(liveKeys(parts, roles, nowMs), leaving, {
    none: 'No live key would have a role that manages access: this policy takes access.admin from all that have it.',
    shorter:
      'Every live key that would still manage access expires before one from which this policy takes access.admin.',
  });
  return [guard(parts.reader, { roles, policyVersion: null, nowMs, untilMs, exceptKeyId: null })];
}

function liveKeys({ state }: Parts, roles: ReadonlySet<string>, nowMs: number): readonly AccessKeyRow[] {
  return [...state.keys.records]
    .map(({ row }) => row)
    .filter((row) => roles.has(row.role) && state.keys.live(row.key_id, nowMs) !== null);
}

/** When the last of some keys expires; Infinity where one never does. */
function lastsUntil(keys: readonly AccessKeyRow[]): number {
  return Math.max(...keys.map((row) => row.expires_ms ?? Number.POSITIVE_INFINITY));
}

/** Until when a key that is left must last: as long as those that leave. */
function requireLasting(
  left: readonly AccessKeyRow[],
  leaving: readonly AccessKeyRow[],
  why: { readonly none: string; readonly shorter: string },
): number {
  if (left.length === 0) throw lastAdministrator(why.none);
  const untilMs = lastsUntil(leaving);
  if (lastsUntil(left) < untilMs) throw lastAdministrator(why.shorter);
  return untilMs;
}

/** Refuses the transaction where no such key is left in it, or where the roles are those of another policy. */
function guard(
  reader: MetastoreReader,
  wanted: {
    readonly roles: ReadonlySet<string>;
    readonly policyVersion: number | null;
    readonly nowMs: number;
    /** The key that is left must last so long; Infinity for one that never expires. */
    readonly untilMs: number;
    readonly exceptKeyId: string | null;
  },
): Statement {
  const { roles, policyVersion, nowMs, untilMs, exceptKeyId } = wanted;
  let left = reader.queries
    .selectFrom('access_keys')
    .select('key_id')
    .where('role', 'in', [...roles])
    .where('revoked_ms', 'is', null)
    .where((row) => {
      const never = row('expires_ms', 'is', null);
      if (untilMs === Number.POSITIVE_INFINITY) return never;
      return row.or([never, row.and([row('expires_ms', '>', nowMs), row('expires_ms', '>=', untilMs)])]);
    })
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
