import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';

let room: AccessRoom;
beforeEach(async () => {
  room = await openAccessRoom();
});
afterEach(() => room.close());

const keyIdOf = (key: string) => key.split('_')[2] ?? '';
const make = (role: string, more: Record<string, unknown> = {}) =>
  room.call('access.keys.create', { name: role, role, ...more });
const keepers = { roles: { keeper: { permissions: ['access.admin'] } } };
const liveKeys = async () =>
  (await room.call('access.keys.list')).keys
    .filter((key: { status: string }) => key.status === 'live')
    .map((key: { key_id: string }) => key.key_id);

it('is kept: its key is not revoked, and the refusal says what to do', async () => {
  const first = keyIdOf(room.adminKey);
  await room.call('access.policies.put', { roles: { analyst: {} } });
  await make('analyst');
  await make('admin', { expires_at: new Date(room.time.nowMs + 1_000).toISOString() });
  room.time.advance(1_000);
  const refusal = room.call('access.keys.revoke', { key_id: first });
  await expect(refusal).rejects.toMatchObject({
    code: 'access.last_administrator',
    message: expect.stringMatching(/POST \/access\/keys.*force=true.*lakehouse keys recover/),
  });
  expect(await liveKeys()).toContain(first);
});

it('may go by force, or where another key manages access', async () => {
  const second = await make('admin');
  await room.call('access.keys.revoke', { key_id: second.key_id });
  await room.call('access.policies.put', keepers);
  const keeper = await make('keeper');
  await room.call('access.keys.revoke', { key_id: keyIdOf(room.adminKey) });
  const asKeeper = { key: keeper.key };
  expect(await room.refusal('access.keys.revoke', { key_id: keeper.key_id }, asKeeper)).toBe(
    'access.last_administrator',
  );
  await room.call('access.keys.revoke', { key_id: keeper.key_id, force: true }, asKeeper);
  expect(await room.refusal('access.me', {}, asKeeper)).toBe('access.unauthenticated');
});

it('keeps its role through a change of the policy, unless forced', async () => {
  await room.call('access.policies.put', keepers);
  const keeper = { key: (await make('keeper')).key };
  await room.call('access.keys.revoke', { key_id: keyIdOf(room.adminKey) });
  const without = { roles: { keeper: { permissions: ['journal.read'] } } };
  for (const input of [without, { ...without, dry_run: true }]) {
    expect(await room.refusal('access.policies.put', input, keeper)).toBe('access.last_administrator');
  }
  await room.call('access.policies.put', { ...without, force: true }, keeper);
  expect(await room.refusal('access.keys.list', {}, keeper)).toBe('door.forbidden');
});

it('is left where two revoke each other at the same moment', async () => {
  const other = await make('admin');
  const outcomes = await Promise.allSettled([
    room.call('access.keys.revoke', { key_id: other.key_id }),
    room.call('access.keys.revoke', { key_id: keyIdOf(room.adminKey) }, { key: other.key }),
  ]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('is left where one key is revoked while the policy takes the right of the other', async () => {
  await room.call('access.policies.put', keepers);
  const keeper = { key: (await make('keeper')).key };
  const outcomes = await Promise.allSettled([
    room.call('access.policies.put', { roles: { analyst: {} } }),
    room.call('access.keys.revoke', { key_id: keyIdOf(room.adminKey) }, keeper),
  ]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('is left where the other key was revoked past this process just now', async () => {
  await room.call('access.policies.put', keepers);
  const keeper = { key: (await make('keeper')).key };
  await room.store.commit([
    { sql: 'UPDATE access_keys SET revoked_ms = 1 WHERE key_id = ?', parameters: [keyIdOf(room.adminKey)] },
    { sql: 'UPDATE access_state SET keys_version = keys_version + 1', parameters: [] },
  ]);
  expect(await room.refusal('access.policies.put', { roles: { analyst: {} } }, keeper)).toBe(
    'access.last_administrator',
  );
});

it('is left only where a key lasts as long as the one that goes', async () => {
  const first = keyIdOf(room.adminKey);
  const inSeconds = (seconds: number) => ({
    expires_at: new Date(room.time.nowMs + seconds * 1_000).toISOString(),
  });
  const soon = await make('admin', inSeconds(60));
  await make('admin', inSeconds(120));
  await expect(room.call('access.keys.revoke', { key_id: first })).rejects.toMatchObject({
    code: 'access.last_administrator',
    message: expect.stringContaining('expires before this one'),
  });
  await room.call('access.keys.revoke', { key_id: soon.key_id });
  await make('admin');
  await room.call('access.keys.revoke', { key_id: first });
  expect(await room.refusal('access.keys.list', {})).toBe('access.unauthenticated');
});

it('is left under a policy only where a key lasts as long as those that lose the right', async () => {
  await room.call('access.policies.put', keepers);
  const keeper = { key: (await make('keeper')).key };
  await make('admin', { expires_at: new Date(room.time.nowMs + 60_000).toISOString() });
  await room.call('access.keys.revoke', { key_id: keyIdOf(room.adminKey) });
  const without = { roles: { keeper: { permissions: ['journal.read'] } } };
  expect(await room.refusal('access.policies.put', without, keeper)).toBe('access.last_administrator');
  await room.call('access.keys.create', { name: 'lasting', role: 'admin' }, keeper);
  await room.call('access.policies.put', without, keeper);
});
