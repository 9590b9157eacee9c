import { z } from 'zod';
import { canonicalJson, LakeError } from '../../../base/index.ts';
import {
  type AnyOperation,
  DATASET_ACTIONS,
  type DatasetFacts,
  type Identity,
  readOperation,
} from '../../scope/index.ts';
import type { AccessParts } from '../access-parts.ts';
import { authoriseDemand, holdsPermission } from '../authorise-demand.ts';
import type { Verdict } from '../decide.ts';
import { accessErrors } from '../errors.ts';
import type { KeyRecord } from '../key-ring.ts';
import { rolesNamed } from '../policy-document.ts';
import { noTruth } from './rules.ts';
import { shownColumn, shownColumns } from './shown-decision.ts';

const input = z.strictObject({
  role: z.string().max(64).optional().describe('Explain a role; needs access.admin.'),
  identity: z
    .string()
    .max(100)
    .optional()
    .describe('Explain whom a live key stands for; needs access.admin.'),
  attributes: z
    .record(z.string().max(64), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe('Attributes to explain a role with.'),
  dataset: z.string().max(256),
  column: z.string().max(512).optional().describe('Dotted path.'),
  action: z.enum(DATASET_ACTIONS).default('read'),
});

const output = z.strictObject({
  subject: z.strictObject({
    name: z.string().nullable(),
    role: z.string(),
    on_behalf_of: z.string().nullable(),
  }),
  dataset: z.string(),
  action: z.string(),
  allowed: z.boolean(),
  reason: z.string().nullable().describe('Why it is refused.'),
  grants: z.array(z.string()).describe('The grants that apply.'),
  row_filters: z.array(
    z.strictObject({
      rule: z.string(),
      where: z.string().nullable().describe('Shown with access.admin only.'),
    }),
  ),
  columns: z.array(shownColumn).describe('All columns, or the one asked for; empty where refused.'),
  policy_version: z.int(),
});

/** `access.explain`: the decision of the request path itself, with what led to it. */
export function explain(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.explain',
    summary: 'Explain a decision',
    description:
      'Why a role or identity may, or may not, use a dataset, and what masks each column. Oneself, or anyone with access.admin.',
    input,
    output,
    access: {
      kind: 'authenticated',
      reason: 'Explains the caller to itself; others only to who holds access.admin, checked inside.',
    },
    truth: noTruth,
    async run(scope, request) {
      const { compiled } = parts.state.policy;
      const isAdmin = holdsPermission(compiled, scope.identity, 'access.admin');
      const subject = subjectOf(parts, scope.identity, request, isAdmin);
      const facts = await parts.directory().find(scope, request.dataset);
      const visible =
        facts !== null &&
        (isAdmin || isVisible(authoriseDemand(compiled, parts.cache, scope.identity, readDemand(facts))));
      if (!visible) {
        throw new LakeError(accessErrors.dataset_not_found, {
          detail: 'There is no such dataset, or you have no grant for it.',
        });
      }
      const verdict = parts.cache.decide(compiled, subject, facts, request.action);
      return {
        kind: 'value',
        value: {
          subject: {
            name: subject.name === '' ? null : subject.name,
            role: subject.role,
            on_behalf_of: subject.onBehalfOf?.name ?? null,
          },
          dataset: facts.name,
          action: request.action,
          allowed: verdict.authorisation.allowed,
          reason: verdict.authorisation.allowed ? null : verdict.authorisation.reason,
          grants: [...verdict.grants],
          row_filters: shownFilters(parts, verdict, isAdmin),
          columns: chosenColumns(facts, verdict, request.column),
          policy_version: compiled.version,
        },
      };
    },
  });
}

function readDemand(facts: DatasetFacts) {
  return { kind: 'dataset', name: facts.name, action: 'read', facts } as const;
}

/** The same line as the door draws: a refusal is told only where the dataset may be known of. */
function isVisible(answer: ReturnType<typeof authoriseDemand>): boolean {
  return answer.allowed || answer.discoverable;
}

function subjectOf(
  parts: AccessParts,
  caller: Identity,
  request: z.output<typeof input>,
  isAdmin: boolean,
): Identity {
  const { role, identity } = request;
  const itself = role === undefined && (identity === undefined || identity === caller.name);
  if (itself && request.attributes === undefined) return caller;
  if (!isAdmin) {
    throw new LakeError(accessErrors.explain_refused, { detail: 'Explaining others needs access.admin.' });
  }
  const attributes = new Map(Object.entries(request.attributes ?? {}));
  if (identity !== undefined) {
    const key = keyOf(parts, identity);
    const merged = new Map([...key.attributes, ...attributes]);
    return { name: identity, role: role ?? key.row.role, attributes: merged, keyId: null, onBehalfOf: null };
  }
  const named = role ?? caller.role;
  if (!rolesNamed(parts.state.policy.compiled.document).has(named)) {
    throw new LakeError(accessErrors.unknown_role, { detail: 'The policy has no role of this name.' });
  }
  return { name: '', role: named, attributes, keyId: null, onBehalfOf: null };
}

/** The live key of a name; several are one where they carry the same rights. */
function keyOf(parts: AccessParts, name: string): KeyRecord {
  const nowMs = parts.expiryClock.nowMs();
  const { keys } = parts.state;
  const [key, ...others] = [...keys.records].filter(
    ({ row }) => row.name === name && keys.live(row.key_id, nowMs) !== null,
  );
  if (key === undefined) {
    throw new LakeError(accessErrors.identity_not_found, { detail: 'No live key carries this name.' });
  }
  const rights = rightsOf(key);
  if (others.every((other) => rightsOf(other) === rights)) return key;
  throw new LakeError(accessErrors.identity_ambiguous, {
    detail: 'Live keys of different roles or attributes carry this name; explain a role with its attributes.',
  });
}

function rightsOf({ row, attributes }: KeyRecord): string {
  return canonicalJson([row.role, Object.fromEntries(attributes)]);
}

function shownFilters(parts: AccessParts, verdict: Verdict, isAdmin: boolean) {
  const { compiled } = parts.state.policy;
  return verdict.rowFilters.map((rule) => {
    const index = compiled.rowFilters.findIndex((filter) => filter.target === rule);
    const where = compiled.document.row_filters[index]?.where ?? null;
    return { rule, where: isAdmin ? where : null };
  });
}

function chosenColumns(facts: DatasetFacts, verdict: Verdict, column: string | undefined) {
  if (!verdict.authorisation.allowed) return [];
  const columns = shownColumns(facts, verdict.authorisation.decision);
  if (column === undefined) return columns;
  const chosen = columns.filter((shown) => shown.name.toLowerCase() === column.toLowerCase());
  if (chosen.length > 0) return chosen;
  throw new LakeError(accessErrors.column_not_found, { detail: 'The dataset has no such column.' });
}
