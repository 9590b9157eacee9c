import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';
import { column, datasetOf } from '../../../test/support/policy-cases.ts';

interface Made {
  readonly key: string;
  readonly key_id: string;
}

let room: AccessRoom;
let person: Made;
let agent: Made;
let otherAgent: Made;

beforeEach(async () => {
  room = await openAccessRoom();
  room.datasets.push(
    datasetOf('candidates', [{ sinceMs: 1, columns: [column(1, 'name'), column(2, 'region')] }]),
  );
  const grants = [{ dataset: '*', actions: ['read'] }];
  await room.call('access.policies.put', {
    roles: {
      recruiter: { grants, permissions: ['audit.read', 'journal.read'] },
      agent: { grants, permissions: ['journal.read', 'metrics.read'] },
    },
    row_filters: [{ dataset: 'candidates', where: 'region = identity.region', except_roles: ['admin'] }],
  });
  person = await room.call('access.keys.create', {
    name: 'rita',
    role: 'recruiter',
    attributes: { region: 'EU' },
  });
  agent = await room.call('access.keys.create', { name: 'bot', role: 'agent', attributes: { region: 'US' } });
  otherAgent = await room.call('access.keys.create', { name: 'other-bot', role: 'agent' });
});
afterEach(() => room.close());

const delegate = (input: Record<string, unknown> = { agent: 'bot' }) =>
  room.call('access.delegations.create', input, { key: person.key });
const act = (token: string) => room.call('access.me', {}, { key: agent.key, token });
const actRefused = (token: string, key = agent.key) => room.refusal('access.me', {}, { key, token });

describe('delegation', () => {
  it('gives the agent the intersection of both rights, with the person’s attributes', async () => {
    const { token, expires_at } = await delegate();
    expect(expires_at).toBe('2026-01-01T00:15:00.000Z');
    const me = await act(token);
    expect(me.identity.name).toBe('bot');
    expect(me.on_behalf_of).toMatchObject({ name: 'rita', role: 'recruiter' });
    expect(me.permissions).toEqual(['journal.read']);
    const identity = await room.access.control.identify({ apiKey: agent.key, delegationToken: token });
    const [facts] = room.datasets;
    if (facts === undefined) throw new Error('no dataset');
    const answer = room.access.control.authoriseDataset(identity, facts, 'read');
    if (!answer.allowed) throw new Error(answer.reason);
    expect(answer.decision.rowFilters.map((filter) => filter.identity.get('region'))).toEqual(['EU']);
  });

  it('gives no new dataset, object, model or tool that only one of the two may use', async () => {
    const all = {
      grants: [{ dataset: '*', actions: ['read'] }],
      buckets: [{ bucket: 'default', actions: ['read'] }],
      models: ['openai/*'],
    };
    const asked = [
      { kind: 'dataset', name: 'new', action: 'read', facts: null, mayCreate: true },
      { kind: 'bucket', bucket: 'default', key: 'a', action: 'read' },
      { kind: 'model', model: 'openai/gpt-5' },
    ] as const;
    const answers = async (roles: Record<string, unknown>, token: string) => {
      await room.call('access.policies.put', { roles });
      const identity = await room.access.control.identify({ apiKey: agent.key, delegationToken: token });
      return asked.map((demand) => room.access.control.authorise(identity, demand).allowed);
    };
    const { token } = await delegate();
    expect(await answers({ recruiter: all, agent: all }, token)).toEqual([true, true, true]);
    for (const roles of [
      { recruiter: all, agent: {} },
      { recruiter: {}, agent: all },
    ]) {
      expect(await answers(roles, token)).toEqual([false, false, false]);
    }
    const identity = await room.access.control.identify({ apiKey: agent.key, delegationToken: token });
    for (const [roles, expected] of [
      [['recruiter', 'agent'], true],
      [['recruiter'], false],
      [['agent'], false],
    ] as const) {
      const demand = { kind: 'tool', tool: 'find', roles } as const;
      expect(room.access.control.authorise(identity, demand).allowed).toBe(expected);
      expect(room.access.control.mayUseTool(identity, roles)).toBe(expected);
    }
  });

  it('names both in journal and audit', async () => {
    const { token } = await delegate();
    await act(token);
    const { rows } = await room.call('access.audit', { identity: 'rita', operation: 'access.me' });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ identity: 'bot for rita', on_behalf_of: { name: 'rita' } });
  });

  it('is refused to another agent, to the person, and without a key', async () => {
    const { token } = await delegate();
    expect(await actRefused(token, otherAgent.key)).toBe('access.unauthenticated');
    expect(await actRefused(token, person.key)).toBe('access.unauthenticated');
    expect(await room.refusal('access.me', {}, { key: null, token })).toBe('access.unauthenticated');
  });

  it('ends with its time', async () => {
    const { token } = await delegate({ agent_key_id: agent.key_id, ttl_s: 60 });
    const identity = await room.access.control.identify({ apiKey: agent.key, delegationToken: token });
    let told = 0;
    room.access.control.onRevoked(identity, () => told++);
    room.time.advance(59_000);
    await act(token);
    expect(told).toBe(0);
    room.time.advance(1_000);
    expect(told).toBe(1);
    expect(await actRefused(token)).toBe('access.unauthenticated');
  });

  it.each([
    ['the person’s key', () => room.call('access.keys.revoke', { key_id: person.key_id })],
    ['the agent’s key', () => room.call('access.keys.revoke', { key_id: agent.key_id })],
    ['itself', (delegation_id: string) => room.call('access.delegations.revoke', { delegation_id })],
  ])('ends with %s, and so does what runs by it', async (_case, revoke) => {
    const { token, delegation_id } = await delegate();
    const identity = await room.access.control.identify({ apiKey: agent.key, delegationToken: token });
    let told = 0;
    room.access.control.onRevoked(identity, () => told++);
    await revoke(delegation_id);
    expect(told).toBe(1);
    expect(await actRefused(token)).toBe('access.unauthenticated');
  });

  it('is ended by its person, its agent or an administrator, and by no one else', async () => {
    for (const key of [person.key, agent.key, room.adminKey]) {
      const { token, delegation_id } = await delegate();
      const stranger = { key: otherAgent.key };
      expect(await room.refusal('access.delegations.revoke', { delegation_id }, stranger)).toBe(
        'access.delegation_not_found',
      );
      await act(token);
      await room.call('access.delegations.revoke', { delegation_id }, { key });
      expect(await actRefused(token)).toBe('access.unauthenticated');
    }
  });

  it('is listed to its parties alone', async () => {
    await delegate();
    const listed = async (key: string) =>
      (await room.call('access.delegations.list', {}, { key })).delegations.length;
    expect(await listed(person.key)).toBe(1);
    expect(await listed(agent.key)).toBe(1);
    expect(await listed(room.adminKey)).toBe(1);
    expect(await listed(otherAgent.key)).toBe(0);
    room.time.advance(900_000);
    expect(await listed(person.key)).toBe(0);
  });

  it('cannot be made for oneself, on behalf, for no one, or for a name that several keys carry', async () => {
    const refused = (input: Record<string, unknown>, caller = {}) =>
      room.refusal('access.delegations.create', input, { key: person.key, ...caller });
    expect(await refused({ agent: 'rita' })).toBe('access.delegation_refused');
    expect(await refused({ agent: 'nobody' })).toBe('access.agent_not_found');
    expect(await refused({ agent: '__proto__' })).toBe('access.agent_not_found');
    expect(await refused({})).toBe('door.invalid_input');
    expect(await refused({ agent: 'bot', agent_key_id: agent.key_id })).toBe('door.invalid_input');
    const { token } = await delegate();
    expect(await refused({ agent: 'other-bot' }, { key: agent.key, token })).toBe(
      'access.delegation_refused',
    );
    await room.call('access.keys.create', { name: 'bot', role: 'agent' });
    expect(await refused({ agent: 'bot' })).toBe('access.agent_not_found');
  });

  it('lives no longer than the configuration allows', async () => {
    const { expires_at } = await delegate({ agent: 'bot', ttl_s: 86_400 });
    expect(expires_at).toBe('2026-01-01T00:15:00.000Z');
  });

  it('does not outlive a change of its stored row', async () => {
    const { token, delegation_id } = await delegate();
    await room.store.commit([
      {
        sql: 'UPDATE access_delegations SET agent_key_id = ? WHERE delegation_id = ?',
        parameters: [otherAgent.key_id, delegation_id],
      },
      { sql: 'UPDATE access_state SET keys_version = keys_version + 1', parameters: [] },
    ]);
    room.time.advance(1_000);
    expect(await actRefused(token)).toBe('access.unauthenticated');
    expect(await actRefused(token, otherAgent.key)).toBe('access.unauthenticated');
  });

  it('shows its token once', async () => {
    const caller = { key: person.key, idempotencyKey: 'once' };
    const first = await room.call('access.delegations.create', { agent: 'bot' }, caller);
    const again = await room.call('access.delegations.create', { agent: 'bot' }, caller);
    expect(again.token).toBeUndefined();
    expect(again.delegation_id).toBe(first.delegation_id);
  });
});
