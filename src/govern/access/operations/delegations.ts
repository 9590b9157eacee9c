import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { statement } from '../../../metastore/index.ts';
import {
  type AnyOperation,
  type Identity,
  mutationOperation,
  type PreparedMutation,
  readOperation,
} from '../../scope/index.ts';
import { type AccessParts, isoTime } from '../access-parts.ts';
import { holdsPermission } from '../authorise-demand.ts';
import { signDelegation } from '../delegation-token.ts';
import { accessErrors } from '../errors.ts';
import type { KeyRecord } from '../key-ring.ts';
import { keysChanged } from '../key-statements.ts';
import { noTruth } from './rules.ts';

const ownRights = {
  kind: 'authenticated',
  reason: 'A person may lend an agent part of their own rights; the token never gives more than both hold.',
} as const;

const createInput = z
  .strictObject({
    agent_key_id: z.string().max(64).optional().describe('Key id of the agent.'),
    agent: z.string().max(100).optional().describe('Name of the agent, where one live key alone carries it.'),
    ttl_s: z.int().min(1).max(86_400).optional().describe('Seconds; auth.delegation_ttl_s at most.'),
  })
  .refine((input) => (input.agent_key_id === undefined) !== (input.agent === undefined), {
    error: 'give either agent_key_id or agent',
  });

const createOutput = z.strictObject({
  token: z
    .string()
    .optional()
    .describe('For X-On-Behalf-Of; shown this once, absent when the answer is repeated.'),
  delegation_id: z.string(),
  agent: z.string(),
  agent_key_id: z.string(),
  person: z.string(),
  expires_at: z.string().nullable(),
  journal_event_id: z.string().nullable(),
});

/** `access.delegations.create` */
export function createDelegation(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.delegations.create',
    summary: 'Let an agent act for you',
    description:
      'Makes a short-lived token with which the agent’s key acts for the caller: the right is the intersection of both, row filters read the caller’s attributes, and journal and audit name both.',
    input: createInput,
    output: createOutput,
    access: ownRights,
    truth: noTruth,
    async prepare(scope, input): Promise<PreparedMutation<z.output<typeof createOutput>>> {
      const personKeyId = requirePerson(scope.identity);
      const agent = findAgent(parts, input);
      if (agent.row.key_id === personKeyId) {
        throw new LakeError(accessErrors.delegation_refused, { detail: 'A key cannot act for itself.' });
      }
      const longestS = parts.config.auth.delegation_ttl_s;
      const createdMs = parts.clock.nowMs();
      const row = {
        delegation_id: parts.ids.next(),
        person_key_id: personKeyId,
        agent_key_id: agent.row.key_id,
        created_ms: createdMs,
        expires_ms: createdMs + Math.min(input.ttl_s ?? longestS, longestS) * 1_000,
        revoked_ms: null,
      };
      const token = signDelegation(
        {
          delegationId: row.delegation_id,
          personKeyId,
          agentKeyId: row.agent_key_id,
          expiresMs: row.expires_ms,
        },
        parts.state.secrets.delegation,
      );
      const shown = (journal_event_id: string | null) => ({
        delegation_id: row.delegation_id,
        agent: agent.row.name,
        agent_key_id: row.agent_key_id,
        person: scope.identity.name,
        expires_at: isoTime(row.expires_ms),
        journal_event_id,
      });
      const insert = parts.reader.queries.insertInto('access_delegations').values(row);
      return {
        attempt: async () => ({
          statements: [statement(insert), keysChanged(parts.reader)],
          event: {
            action: 'delegation.created',
            subject: `delegation:${row.delegation_id}`,
            data: {
              person: scope.identity.name,
              person_key_id: personKeyId,
              agent: agent.row.name,
              agent_key_id: row.agent_key_id,
              expires_at: isoTime(row.expires_ms),
            },
          },
          output: (eventId) => ({ token, ...shown(eventId) }),
          replayOutput: shown,
          status: 201,
          afterCommit: () => parts.state.refresh(),
        }),
      };
    },
  });
}

const listed = z.strictObject({
  delegation_id: z.string(),
  person: z.string().nullable(),
  person_key_id: z.string(),
  agent: z.string().nullable(),
  agent_key_id: z.string(),
  created_at: z.string().nullable(),
  expires_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});

/** `access.delegations.list` */
export function listDelegations(parts: AccessParts): AnyOperation {
  return readOperation({
    name: 'access.delegations.list',
    summary: 'List delegations',
    description: 'Delegations by or to the caller that have not expired; all of them with access.admin.',
    input: z.strictObject({}),
    output: z.strictObject({ delegations: z.array(listed) }),
    access: ownRights,
    truth: noTruth,
    async run(scope) {
      const { keys } = parts.state;
      const nameOf = (keyId: string) => keys.find(keyId)?.row.name ?? null;
      const visible = [...keys.delegations].filter(
        (row) =>
          Number(row.expires_ms) > parts.expiryClock.nowMs() &&
          (isParty(scope.identity, row) || holdsAdmin(parts, scope.identity)),
      );
      const delegations = visible.map((row) => ({
        delegation_id: row.delegation_id,
        person: nameOf(row.person_key_id),
        person_key_id: row.person_key_id,
        agent: nameOf(row.agent_key_id),
        agent_key_id: row.agent_key_id,
        created_at: isoTime(row.created_ms),
        expires_at: isoTime(row.expires_ms),
        revoked_at: isoTime(row.revoked_ms),
      }));
      return { kind: 'value', value: { delegations } };
    },
  });
}

const revokeOutput = z.strictObject({
  delegation_id: z.string(),
  revoked_at: z.string().nullable(),
  journal_event_id: z.string().nullable(),
});

/** `access.delegations.revoke` */
export function revokeDelegation(parts: AccessParts): AnyOperation {
  return mutationOperation({
    name: 'access.delegations.revoke',
    summary: 'End a delegation',
    description: 'Ends a delegation at once; by its person, by its agent, or with access.admin.',
    input: z.strictObject({ delegation_id: z.string().max(64) }),
    output: revokeOutput,
    access: ownRights,
    truth: noTruth,
    async prepare(scope, input): Promise<PreparedMutation<z.output<typeof revokeOutput>>> {
      return {
        async attempt(number) {
          if (number > 0) await parts.state.refresh();
          const row = parts.state.keys.delegation(input.delegation_id);
          const mayEnd = row !== null && (isParty(scope.identity, row) || holdsAdmin(parts, scope.identity));
          if (row === null || !mayEnd) {
            throw new LakeError(accessErrors.delegation_not_found, {
              detail: 'There is no delegation of yours with this id, or it has expired.',
            });
          }
          const revokedMs = row.revoked_ms ?? parts.clock.nowMs();
          const output = (journal_event_id: string | null) => ({
            delegation_id: row.delegation_id,
            revoked_at: isoTime(revokedMs),
            journal_event_id,
          });
          if (row.revoked_ms !== null) return { statements: [], event: null, output };
          const update = parts.reader.queries
            .updateTable('access_delegations')
            .set({ revoked_ms: revokedMs })
            .where('delegation_id', '=', row.delegation_id)
            .where('revoked_ms', 'is', null);
          return {
            statements: [
              statement(update, { rows: 1, refusal: 'delegation_changed' }),
              keysChanged(parts.reader),
            ],
            event: {
              action: 'delegation.revoked',
              subject: `delegation:${row.delegation_id}`,
              data: { person_key_id: row.person_key_id, agent_key_id: row.agent_key_id },
            },
            output,
            afterCommit: () => parts.state.refresh(),
          };
        },
      };
    },
  });
}

function requirePerson(identity: Identity): string {
  if (identity.keyId !== null && identity.onBehalfOf === null) return identity.keyId;
  throw new LakeError(accessErrors.delegation_refused, {
    detail: 'Send your own key, without X-On-Behalf-Of, to let an agent act for you.',
  });
}

function findAgent(parts: AccessParts, input: z.output<typeof createInput>): KeyRecord {
  const { keys } = parts.state;
  const nowMs = parts.expiryClock.nowMs();
  const candidates = [...keys.records].filter(
    ({ row }) =>
      keys.live(row.key_id, nowMs) !== null &&
      (row.key_id === input.agent_key_id || row.name === input.agent),
  );
  const [agent] = candidates;
  if (agent !== undefined && candidates.length === 1) return agent;
  throw new LakeError(accessErrors.agent_not_found, {
    detail:
      agent === undefined
        ? 'No live key is the agent’s.'
        : 'Several live keys carry this name; name one by agent_key_id.',
  });
}

function isParty(identity: Identity, row: { person_key_id: string; agent_key_id: string }): boolean {
  return identity.keyId !== null && [row.person_key_id, row.agent_key_id].includes(identity.keyId);
}

function holdsAdmin(parts: AccessParts, identity: Identity): boolean {
  return holdsPermission(parts.state.policy.compiled, identity, 'access.admin');
}
