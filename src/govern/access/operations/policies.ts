import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import {
  type AnyOperation,
  identityLabel,
  mutationOperation,
  type PreparedMutation,
  readOperation,
} from '../../scope/index.ts';
import { type AccessParts, isoTime } from '../access-parts.ts';
import { accessErrors } from '../errors.ts';
import { keepAdministratorUnder } from '../last-administrator.ts';
import { planPolicyChange } from '../policy-change.ts';
import {
  ADMIN_ROLE,
  type PolicyDocument,
  policyMembers,
  policySchema,
  rolesNamed,
} from '../policy-document.ts';
import { parsePolicyToml } from '../policy-toml.ts';
import { datasetsNamed } from '../policy-warnings.ts';
import { accessAdminOnly, noTruth } from './rules.ts';

const version = z.int().min(0);

/** `access.policies.get`: answers in the form that `access.policies.put` takes. */
export function getPolicies(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.policies.get',
    summary: 'The policy in force',
    description: 'The whole policy with its version, in the form PUT /access/policies takes.',
    input: z.strictObject({}),
    output: z.strictObject({ version, ...policyMembers }),
    access: accessAdminOnly(),
    truth: noTruth,
    async run() {
      const { compiled } = parts.state.policy;
      return { kind: 'value', value: { version: compiled.version, ...compiled.document } };
    },
  });
}

const { roles, masks, row_filters } = policyMembers;

const putInput = z
  .strictObject({
    roles: roles.unwrap().optional(),
    masks: masks.unwrap().optional(),
    row_filters: row_filters.unwrap().optional(),
    toml: z
      .string()
      .max(1_048_576)
      .optional()
      .describe('The whole policy as the text of access.toml, in place of roles, masks and row_filters.'),
    version: version.optional().describe('As GET answered it: refused when the policy has changed since.'),
    if_version: version.optional().describe('The same as version.'),
    dry_run: z.boolean().default(false).describe('Checks and answers the diff; changes nothing.'),
    rebind: z
      .boolean()
      .default(false)
      .describe('Binds the column names of every rule to the fields that carry them now.'),
    force: z
      .boolean()
      .default(false)
      .describe('Applies it also where no live key would manage access any more.'),
  })
  .refine((input) => (input.toml === undefined) === hasMembers(input), {
    error:
      'give either toml or roles, masks and row_filters; the policy is replaced whole, so what is left out is taken away',
  });

function hasMembers(input: { roles?: unknown; masks?: unknown; row_filters?: unknown }): boolean {
  return [input.roles, input.masks, input.row_filters].some((member) => member !== undefined);
}

const putOutput = z.strictObject({
  version: version.describe('The version in force after this request.'),
  from_version: version,
  dry_run: z.boolean(),
  changed: z.boolean().describe('Whether anything changed, or would.'),
  diff: z.strictObject({
    added: z.array(z.string()),
    removed: z.array(z.string()),
    changed: z.array(z.string()),
    rules: z
      .array(z.strictObject({ rule: z.string(), added: z.array(z.string()), removed: z.array(z.string()) }))
      .describe('What each of these rules says more and less, line by line.'),
  }),
  warnings: z.array(z.string()),
  journal_event_id: z.string().nullable(),
});

/** `access.policies.put` */
export function putPolicies(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.policies.put',
    summary: 'Replace the policy',
    description: 'Replaces roles, masks and row filters as a whole and answers with the difference.',
    input: putInput,
    output: putOutput,
    access: accessAdminOnly(),
    truth: noTruth,
    async prepare(scope, input): Promise<PreparedMutation<z.output<typeof putOutput>>> {
      const { dry_run, rebind, force, if_version, version: asRead, toml, ...members } = input;
      const document = toml === undefined ? policySchema.parse(members) : policyOfText(toml);
      const found = [...datasetsNamed(document)].map((name) => parts.directory().find(scope, name));
      const datasets = (await Promise.all(found)).filter((facts) => facts !== null);
      return {
        async attempt(number) {
          if (number > 0) await parts.state.refresh();
          const change = await planPolicyChange(parts, parts.state.policy, {
            document,
            rebind,
            appliedBy: identityLabel(scope.identity),
            ifVersion: if_version ?? asRead ?? null,
            datasets,
          });
          const kept = force ? [] : keepAdministratorUnder(parts, document, parts.expiryClock.nowMs());
          const output = (journal_event_id: string | null) => ({
            version: dry_run ? change.fromVersion : change.version,
            from_version: change.fromVersion,
            dry_run,
            changed: change.commit !== null,
            diff: {
              added: [...change.diff.added],
              removed: [...change.diff.removed],
              changed: [...change.diff.changed],
              rules: change.rules.map(({ rule, added, removed }) => ({
                rule,
                added: [...added],
                removed: [...removed],
              })),
            },
            warnings: [...change.warnings],
            journal_event_id,
          });
          if (dry_run || change.commit === null) return { statements: [], event: null, output };
          const { statements, event } = change.commit;
          return {
            statements: [...statements, ...kept],
            event,
            output,
            afterCommit: () => parts.state.refresh(),
          };
        },
      };
    },
  });
}

/** A file that says nothing is one that was cut off or emptied by mistake: it would take every right and mask away. */
function policyOfText(toml: string): PolicyDocument {
  const document = parsePolicyToml(toml, 'access.toml');
  const { roles, masks, row_filters } = document;
  if (Object.keys(roles).length + masks.length + row_filters.length > 0) return document;
  throw new LakeError(accessErrors.invalid_policy, {
    detail:
      'The file says nothing, and would take every role, mask and row filter away. To mean that, PUT {"roles": {}}.',
  });
}

const listedRole = z.strictObject({
  role: z.string(),
  description: z.string().nullable(),
  built_in: z.boolean(),
  defined: z.boolean().describe('False for a role that only rules name: it has no grants.'),
  grants: z.array(z.strictObject({ dataset: z.string(), actions: z.array(z.string()) })),
  permissions: z.array(z.string()),
  buckets: z.array(z.strictObject({ bucket: z.string(), prefix: z.string(), actions: z.array(z.string()) })),
  models: z.array(z.string()).describe('Patterns of full names, `provider/model`.'),
  keys: z.int().describe('Live keys of the role.'),
});

/** `access.roles.list` */
export function listRoles(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.roles.list',
    summary: 'List roles',
    description: 'Every role with its grants and permissions, and how many live keys have it.',
    input: z.strictObject({}),
    output: z.strictObject({
      policy_version: version,
      applied_at: z.string().nullable(),
      applied_by: z.string().nullable(),
      roles: z.array(listedRole),
    }),
    access: accessAdminOnly(),
    truth: noTruth,
    async run() {
      const { compiled, appliedMs, appliedBy } = parts.state.policy;
      const roles = [...rolesNamed(compiled.document)].sort().map((name) => shownRole(parts, name));
      return {
        kind: 'value',
        value: {
          policy_version: compiled.version,
          applied_at: isoTime(appliedMs),
          applied_by: appliedBy,
          roles,
        },
      };
    },
  });
}

function shownRole(parts: AccessParts, name: string): z.output<typeof listedRole> {
  const { document } = parts.state.policy.compiled;
  const role = Object.hasOwn(document.roles, name) ? document.roles[name] : undefined;
  const { keys } = parts.state;
  const nowMs = parts.expiryClock.nowMs();
  const live = [...keys.records].filter(
    ({ row }) => row.role === name && keys.live(row.key_id, nowMs) !== null,
  );
  return {
    role: name,
    description: role?.description ?? (name === ADMIN_ROLE ? 'Everything; built in.' : null),
    built_in: name === ADMIN_ROLE,
    defined: role !== undefined || name === ADMIN_ROLE,
    grants: role?.grants ?? [],
    permissions: role?.permissions ?? [],
    buckets: role?.buckets ?? [],
    models: role?.models ?? [],
    keys: live.length,
  };
}
