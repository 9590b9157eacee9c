import { type Clock, LakeError, type Statement, sha256Hex } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { DatasetFacts, EventDraft } from '../scope/index.ts';
import type { LoadedPolicy } from './access-state.ts';
import { boundSince, compilePolicy } from './compiled-policy.ts';
import { accessErrors } from './errors.ts';
import type { ExpressionParser } from './expression-parser.ts';
import { diffPolicies, isEmptyDiff, type PolicyDiff, type RuleDiff } from './policy-diff.ts';
import { type PolicyDocument, policyText } from './policy-document.ts';
import { policyWarnings } from './policy-warnings.ts';

/** A checked change of the whole policy. */
export interface PolicyChange {
  readonly fromVersion: number;
  /** The version once committed; the current one where nothing changes. */
  readonly version: number;
  readonly diff: PolicyDiff;
  /** The same rule by rule, in lines that hold SQL: for the answer, never for the journal. */
  readonly rules: readonly RuleDiff[];
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
  /** Null where nothing changes. */
  readonly commit: { readonly statements: readonly Statement[]; readonly event: EventDraft } | null;
}

/**
 * Compares a policy with the one in force, checks its expressions, and returns what to commit. The statements refuse
 * (`policy_changed`) where another version came between. Throws `access.invalid_policy`.
 */
export async function planPolicyChange(
  parts: { reader: MetastoreReader; parser: ExpressionParser; clock: Clock },
  current: LoadedPolicy,
  request: {
    document: PolicyDocument;
    rebind: boolean;
    appliedBy: string;
    ifVersion: number | null;
    /** Those that its rules name and that exist, for the warnings. */
    datasets: readonly DatasetFacts[];
  },
): Promise<PolicyChange> {
  const { document } = request;
  const fromVersion = current.compiled.version;
  if (request.ifVersion !== null && request.ifVersion !== fromVersion) {
    throw new LakeError(accessErrors.policy_changed, {
      detail: `The policy is at version ${fromVersion}, not ${request.ifVersion}; read it again and re-apply your change.`,
      data: { version: fromVersion },
    });
  }
  const nowMs = parts.clock.nowMs();
  const since = boundSince(document, current.since, nowMs, request.rebind);
  const compiled = await compilePolicy({ document, version: fromVersion + 1, since, parser: parts.parser });
  const { diff, rules } = diffPolicies(current.compiled.document, document);
  const warnings = policyWarnings(compiled, request.datasets);
  // The first policy is stored even where it says nothing: from then on the file is not read again.
  if (isEmptyDiff(diff) && !request.rebind && fromVersion > 0) {
    return { fromVersion, version: fromVersion, diff, rules, warnings, commit: null };
  }
  const version = fromVersion + 1;
  const { queries } = parts.reader;
  const raise = queries
    .updateTable('access_state')
    .set({ policy_version: version })
    .where('id', '=', 1)
    .where('policy_version', '=', fromVersion);
  const text = policyText(document);
  const insert = queries.insertInto('policy_versions').values({
    version,
    policy_json: text,
    bound_since_json: JSON.stringify(Object.fromEntries(since)),
    applied_ms: nowMs,
    applied_by: request.appliedBy,
  });
  const event: EventDraft = {
    action: 'policy.applied',
    subject: 'policy:access',
    data: {
      from_version: fromVersion,
      version,
      added: diff.added,
      removed: diff.removed,
      changed: diff.changed,
      rebind: request.rebind,
      roles: Object.keys(document.roles).length,
      masks: document.masks.length,
      row_filters: document.row_filters.length,
      policy_sha256: sha256Hex(text),
    },
  };
  const statements = [statement(raise, { rows: 1, refusal: 'policy_changed' }), statement(insert)];
  return { fromVersion, version, diff, rules, warnings, commit: { statements, event } };
}
