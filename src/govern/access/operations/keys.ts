import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { statement } from '../../../metastore/index.ts';
import type { AccessKeyRow } from '../../../metastore/tables/access.ts';
import {
  type AnyOperation,
  identityLabel,
  type MutationAttempt,
  mutationOperation,
  type PreparedMutation,
  readOperation,
} from '../../scope/index.ts';
import { type AccessParts, isoTime } from '../access-parts.ts';
import { hashApiKey, holdsKey, newApiKey } from '../api-key.ts';
import { accessErrors } from '../errors.ts';
import { keysChanged, newKeyStatements } from '../key-statements.ts';
import { keepAdministratorWithout } from '../last-administrator.ts';
import { BUILT_IN_ATTRIBUTES } from '../policy-attributes.ts';
import { rolesNamed } from '../policy-document.ts';
import { accessAdminOnly, noTruth } from './rules.ts';

const keyId = z.string().regex(/^[0-9A-Za-z]{12}$/, 'a key id has 12 letters and digits');
/** Names that stand for something else in journal and audit. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['system', 'anonymous', 'local']);
/** What a key is called stands in journal and audit for ever: no place for a key that was pasted by mistake. */
const HOLDS_KEY = 'this holds a key; say whom the key stands for';
const name = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@+-]{0,99}$/u, 'a name has 1 to 100 letters, digits, spaces and ._@+-')
  .refine((text) => !text.includes(' for '), 'a name does not hold " for ", which joins an agent to a person')
  .refine((text) => !RESERVED_NAMES.has(text.toLowerCase()), 'this name is the server’s own')
  .refine((text) => !holdsKey(text), HOLDS_KEY);
const attributes = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'an attribute is a lower-case letter, then letters, digits and _')
    .refine((text) => !BUILT_IN_ATTRIBUTES.has(text), 'name and role are always there and cannot be set'),
  z.union([
    z
      .string()
      .max(1_000)
      .refine((text) => !holdsKey(text), HOLDS_KEY),
    z
      .number()
      .refine(
        (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
        'write it as text: too long for a number',
      ),
    z.boolean(),
  ]),
);
const time = z.string().nullable();

const createInput = z.strictObject({
  name: name.describe('Whom the key stands for; several keys may carry one name.'),
  role: z.string().min(1).max(64).describe('A role of the policy.'),
  attributes: attributes.default({}).describe('Read by row filters as identity.<name>.'),
  expires_at: z.iso.datetime({ offset: true }).optional().describe('ISO 8601; never where absent.'),
});

const createOutput = z.strictObject({
  key: z.string().optional().describe('Shown this once; absent when the answer is repeated.'),
  key_id: z.string(),
  name: z.string(),
  role: z.string(),
  expires_at: time,
  journal_event_id: z.string().nullable(),
});

/** `access.keys.create` */
export function createKey(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.keys.create',
    summary: 'Make an API key',
    description: 'Makes a key for an identity with a role and attributes. The key is shown once.',
    input: createInput,
    output: createOutput,
    access: accessAdminOnly(),
    truth: noTruth,
    async prepare(scope, input): Promise<PreparedMutation<z.output<typeof createOutput>>> {
      const expiresMs = input.expires_at === undefined ? null : Date.parse(input.expires_at);
      if (expiresMs !== null && !(expiresMs > parts.expiryClock.nowMs())) {
        throw new LakeError(accessErrors.invalid_key_request, {
          detail: 'expires_at is in the past; give a later time or leave it out.',
        });
      }
      return {
        async attempt() {
          requireRole(parts, input.role);
          const made = newKeyStatements(
            {
              ...parts,
              pepper: parts.state.secrets.pepper,
              environment: parts.config.auth.environment,
            },
            { ...input, expiresMs, createdBy: identityLabel(scope.identity) },
          );
          const shown = (journal_event_id: string | null) => ({
            key_id: made.keyId,
            name: input.name,
            role: input.role,
            expires_at: isoTime(expiresMs),
            journal_event_id,
          });
          return {
            statements: made.statements,
            event: {
              action: 'key.created',
              subject: `key:${made.keyId}`,
              data: {
                name: input.name,
                role: input.role,
                attributes: Object.keys(input.attributes).sort(),
                expires_at: isoTime(expiresMs),
              },
            },
            output: (eventId) => ({ key: made.key, ...shown(eventId) }),
            replayOutput: shown,
            status: 201,
            afterCommit: () => parts.state.refresh(),
          };
        },
      };
    },
  });
}

const listedKey = z.strictObject({
  key_id: z.string(),
  name: z.string(),
  role: z.string(),
  attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  status: z.enum(['live', 'expired', 'revoked']),
  created_at: time,
  created_by: z.string(),
  expires_at: time,
  last_used_at: time,
  revoked_at: time,
  rotated_at: time,
  previous_secret_until: time.describe('The secret of before the last rotation works until then.'),
});

/** `access.keys.list` */
export function listKeys(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.keys.list',
    summary: 'List API keys',
    description: 'Every key with its identity and state; never a secret or its hash.',
    input: z.strictObject({}),
    output: z.strictObject({ keys: z.array(listedKey) }),
    access: accessAdminOnly(),
    truth: noTruth,
    async run() {
      const rows = await parts.reader.read(
        parts.reader.queries.selectFrom('access_keys').selectAll().orderBy('created_ms').orderBy('key_id'),
      );
      const nowMs = parts.expiryClock.nowMs();
      return { kind: 'value', value: { keys: rows.map((row) => shownKey(row, nowMs)) } };
    },
  });
}

const revokeOutput = z.strictObject({
  key_id: z.string(),
  revoked_at: time,
  journal_event_id: z.string().nullable(),
});

/** `access.keys.revoke` */
export function revokeKey(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.keys.revoke',
    summary: 'Revoke an API key',
    description:
      'Ends a key at once, with every delegation by it or to it and every stream it has open. The last live key that manages access is kept unless force is given.',
    input: z.strictObject({
      key_id: keyId,
      force: z.boolean().default(false).describe('Revokes also the last live key that manages access.'),
    }),
    output: revokeOutput,
    access: accessAdminOnly(),
    truth: noTruth,
    async prepare(_scope, input): Promise<PreparedMutation<z.output<typeof revokeOutput>>> {
      return {
        async attempt(number) {
          const row = await keyRow(parts, input.key_id, number);
          const revokedMs = row.revoked_ms ?? parts.clock.nowMs();
          const output = (journal_event_id: string | null) => ({
            key_id: row.key_id,
            revoked_at: isoTime(revokedMs),
            journal_event_id,
          });
          if (row.revoked_ms !== null) return { statements: [], event: null, output };
          const kept = input.force
            ? []
            : keepAdministratorWithout(parts, row.key_id, parts.expiryClock.nowMs());
          const update = parts.reader.queries
            .updateTable('access_keys')
            .set({ revoked_ms: revokedMs })
            .where('key_id', '=', row.key_id)
            .where('revoked_ms', 'is', null);
          return {
            statements: [
              statement(update, { rows: 1, refusal: 'key_changed' }),
              ...kept,
              keysChanged(parts.reader),
            ],
            event: { action: 'key.revoked', subject: `key:${row.key_id}`, data: { name: row.name } },
            output,
            afterCommit: () => parts.state.refresh(),
          };
        },
      };
    },
  });
}

const rotateOutput = z.strictObject({
  key: z.string().optional().describe('Shown this once; absent when the answer is repeated.'),
  key_id: z.string(),
  previous_secret_until: time,
  journal_event_id: z.string().nullable(),
});

/** `access.keys.rotate` */
export function rotateKey(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.keys.rotate',
    summary: 'Give an API key a new secret',
    description:
      'Makes a new secret under the same key id; the old one works for auth.rotation_overlap_s more.',
    input: z.strictObject({ key_id: keyId }),
    output: rotateOutput,
    access: accessAdminOnly(),
    truth: noTruth,
    async prepare(_scope, input): Promise<PreparedMutation<z.output<typeof rotateOutput>>> {
      return {
        attempt: async (number) => rotation(parts, await keyRow(parts, input.key_id, number)),
      };
    },
  });
}

function rotation(parts: AccessParts, row: AccessKeyRow): MutationAttempt<z.output<typeof rotateOutput>> {
  const nowMs = parts.clock.nowMs();
  if (row.revoked_ms !== null || (row.expires_ms !== null && row.expires_ms <= parts.expiryClock.nowMs())) {
    throw new LakeError(accessErrors.key_not_live, { detail: 'A revoked or expired key cannot be rotated.' });
  }
  const { environment, rotation_overlap_s } = parts.config.auth;
  const key = newApiKey({ environment, keyId: row.key_id, random: parts.random });
  const untilMs = rotation_overlap_s === 0 ? null : nowMs + rotation_overlap_s * 1_000;
  const update = parts.reader.queries
    .updateTable('access_keys')
    .set({
      secret_hash: hashApiKey(key.text, parts.state.secrets.pepper.current.key),
      pepper_version: parts.state.secrets.pepper.current.version,
      previous_hash: untilMs === null ? null : row.secret_hash,
      previous_pepper_version: untilMs === null ? null : row.pepper_version,
      previous_until_ms: untilMs,
      rotated_ms: nowMs,
    })
    .where('key_id', '=', row.key_id)
    .where('secret_hash', '=', row.secret_hash)
    .where('revoked_ms', 'is', null);
  const shown = (journal_event_id: string | null) => ({
    key_id: row.key_id,
    previous_secret_until: isoTime(untilMs),
    journal_event_id,
  });
  return {
    statements: [statement(update, { rows: 1, refusal: 'key_changed' }), keysChanged(parts.reader)],
    event: {
      action: 'key.rotated',
      subject: `key:${row.key_id}`,
      data: { name: row.name, previous_secret_until: isoTime(untilMs) },
    },
    output: (eventId) => ({ key: key.text, ...shown(eventId) }),
    replayOutput: shown,
    afterCommit: () => parts.state.refresh(),
  };
}

/** The stored row, read anew where a guard refused before. */
async function keyRow(parts: AccessParts, id: string, attempt: number): Promise<AccessKeyRow> {
  if (attempt > 0) await parts.state.refresh();
  const [row] = await parts.reader.read(
    parts.reader.queries.selectFrom('access_keys').selectAll().where('key_id', '=', id),
  );
  if (row === undefined) {
    throw new LakeError(accessErrors.key_not_found, { detail: 'There is no key with this id.' });
  }
  return row;
}

function requireRole(parts: AccessParts, role: string): void {
  if (rolesNamed(parts.state.policy.compiled.document).has(role)) return;
  throw new LakeError(accessErrors.unknown_role, {
    detail: 'The policy has no role of this name; see GET /access/roles.',
  });
}

function shownKey(row: AccessKeyRow, nowMs: number): z.output<typeof listedKey> {
  const expired = row.expires_ms !== null && Number(row.expires_ms) <= nowMs;
  return {
    key_id: row.key_id,
    name: row.name,
    role: row.role,
    attributes: JSON.parse(row.attributes_json) as Record<string, string | number | boolean>,
    status: row.revoked_ms !== null ? 'revoked' : expired ? 'expired' : 'live',
    created_at: isoTime(row.created_ms),
    created_by: row.created_by,
    expires_at: isoTime(row.expires_ms),
    last_used_at: isoTime(row.last_used_ms),
    revoked_at: isoTime(row.revoked_ms),
    rotated_at: isoTime(row.rotated_ms),
    previous_secret_until: isoTime(row.previous_until_ms),
  };
}
