import { z } from 'zod';
import { canonicalJson, type JsonValue, sha256Hex } from '../../base/index.ts';
import { BUCKET_ACTIONS, DATASET_ACTIONS, MASK_METHODS, PERMISSIONS } from '../scope/index.ts';
import { isDatasetPattern, isTagPattern } from './pattern.ts';

/** The role that always exists, holds every grant and permission, and cannot be locked out. */
export const ADMIN_ROLE = 'admin';

/**
 * Roles of the shipped policy, and `probe`, which no policy should grant anything: `lakehouse doctor` tries with it what a
 * caller without rights gets. Keys may carry them whatever the policy says; their rights are the policy's alone.
 */
const SHIPPED_ROLES = ['agent', 'analyst', 'auditor', 'probe'] as const;

const MAX_RULES = 1_000;
const MAX_EXPRESSION_LENGTH = 4_096;

const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'a role is a lower-case letter, then letters, digits, _ or -');
const roleNames = z.array(roleName).max(MAX_RULES);
const datasetPattern = z
  .string()
  .refine(
    isDatasetPattern,
    'a dataset pattern is a dotted name of letters, digits, _ and -, with * as a glob',
  );
const sqlText = z.string().trim().min(1).max(MAX_EXPRESSION_LENGTH);

const modelPattern = z
  .string()
  .regex(/^[\w*.:/@+-]{1,256}$/, 'a model pattern is a full name, provider/model, with * as a glob');

const grantSchema = z.strictObject({
  dataset: datasetPattern.describe('Dotted dataset name; `*` stands for any characters.'),
  actions: z.array(z.enum(DATASET_ACTIONS)).min(1),
});

const bucketGrantSchema = z.strictObject({
  bucket: z
    .string()
    .regex(/^(\*|[a-z0-9][a-z0-9-]{1,62})$/, 'a bucket name, or * for every bucket')
    .describe('Bucket name, or `*`.'),
  prefix: z
    .string()
    .max(1_024)
    .default('')
    .refine(isKeyPrefix, 'a key prefix has no leading /, no empty, . or .. component')
    .describe('Folder of keys; empty for all. `reports` grants `reports/…`, not `reports-old/…`.'),
  actions: z.array(z.enum(BUCKET_ACTIONS)).min(1),
});

const roleSchema = z.strictObject({
  description: z.string().max(500).optional(),
  grants: z.array(grantSchema).max(MAX_RULES).default([]),
  permissions: z.array(z.enum(PERMISSIONS)).default([]),
  buckets: z.array(bucketGrantSchema).max(MAX_RULES).default([]),
  models: z
    .array(modelPattern)
    .max(MAX_RULES)
    .default([])
    .describe('Models by their full names, `provider/model`; `*` stands for any characters.'),
});

const maskSchema = z
  .strictObject({
    tag: z.string().refine(isTagPattern, 'a tag is like pii.email or pii.*').optional(),
    dataset: datasetPattern.optional(),
    column: z
      .string()
      .min(1)
      .max(512)
      .refine((name) => !name.includes('*'), 'a column is named in full, without *')
      .optional()
      .describe('Column name; a struct field by its dotted path.'),
    method: z.enum(MASK_METHODS),
    expression: sqlText
      .optional()
      .describe('SQL over the columns and identity.*, for the method expression.'),
    roles: roleNames.optional().describe('Only these roles; every role where absent.'),
    except_roles: roleNames.default([]),
  })
  .superRefine((mask, context) => {
    const complain = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (mask.tag === undefined && (mask.dataset === undefined || mask.column === undefined)) {
      complain('tag', 'a mask names a tag, or a dataset and a column');
    }
    if (mask.tag !== undefined && mask.column !== undefined) {
      complain('column', 'a mask names a tag or a column, not both');
    }
    if ((mask.method === 'expression') !== (mask.expression !== undefined)) {
      complain('expression', 'expression is given exactly for the method expression');
    }
  });

const rowFilterSchema = z.strictObject({
  dataset: datasetPattern,
  where: sqlText.describe('SQL condition over the columns and identity.*; a row is seen where it is true.'),
  roles: roleNames.optional().describe('Only these roles; every role where absent.'),
  except_roles: roleNames.default([]),
});

/** The members of a policy; `access.toml` and `PUT /access/policies` have the same. */
export const policyMembers = {
  roles: z.record(roleName, roleSchema).default({}),
  masks: z.array(maskSchema).max(MAX_RULES).default([]),
  row_filters: z.array(rowFilterSchema).max(MAX_RULES).default([]),
} as const;

export const policySchema = z.strictObject(policyMembers);

/** A whole policy as people write it, checked for form; expressions are not parsed yet. */
export type PolicyDocument = z.output<typeof policySchema>;
export type MaskRule = PolicyDocument['masks'][number];
export type RowFilterRule = PolicyDocument['row_filters'][number];
export type RoleRule = PolicyDocument['roles'][string];

/** What a mask is about, as people name it: `tag pii.email`, `column candidates.pay`. */
export function maskTarget(mask: MaskRule): string {
  if (mask.tag === undefined) return `column ${mask.dataset}.${mask.column}`;
  return mask.dataset === undefined ? `tag ${mask.tag}` : `tag ${mask.tag} in ${mask.dataset}`;
}

/** A name for a row filter that tells it from others without its SQL. */
export function rowFilterTarget(filter: RowFilterRule): string {
  return `row_filter ${filter.dataset} ${textMark(filter.where)}`;
}

/** A short mark of a policy text, so that a record can tell two apart without holding either. */
export function textMark(text: string): string {
  return sha256Hex(text).slice(0, 12);
}

/** The policy as canonical JSON: what is stored, compared and read back. */
export function policyText(policy: PolicyDocument): string {
  // JSON round trip: absent optional members vanish, so that equal policies give equal text.
  return canonicalJson(JSON.parse(JSON.stringify(policy)) as JsonValue);
}

/** Every role a rule names. */
export function rolesInRules(policy: PolicyDocument): ReadonlySet<string> {
  const rules = [...policy.masks, ...policy.row_filters];
  return new Set(rules.flatMap((rule) => [...(rule.roles ?? []), ...rule.except_roles]));
}

/** Every role there is: defined by the policy, named by a rule, built in, or shipped. */
export function rolesNamed(policy: PolicyDocument): ReadonlySet<string> {
  return new Set([ADMIN_ROLE, ...SHIPPED_ROLES, ...Object.keys(policy.roles), ...rolesInRules(policy)]);
}

function isKeyPrefix(prefix: string): boolean {
  if (prefix === '') return true;
  const parts = prefix.replace(/\/$/, '').split('/');
  return !/[\0\\]/.test(prefix) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}
