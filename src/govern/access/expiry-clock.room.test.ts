import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';

// F-4: what has ended by the clock.

let room: AccessRoom;
beforeEach(async () => {
  room = await openAccessRoom();
});
afterEach(() => room.close());

it('stays ended where the clock goes back, and what is left is dated by that clock', async () => {
  const person = await room.call('access.keys.create', { name: 'ann', role: 'admin' });
  const agent = await room.call('access.keys.create', { name: 'bot', role: 'admin' });
  const { token } = await room.call('access.delegations.create', { agent: 'bot' }, { key: person.key });
  const expires_at = new Date(room.time.nowMs + 3_600_000).toISOString();
  const ended = await room.call('access.keys.create', { name: 'eve', role: 'admin', expires_at });
  const asEve = { key: ended.key };
  const asBot = { key: agent.key, token };
  room.time.advance(3_600_000);
  for (const caller of [asEve, asBot]) {
    expect(await room.refusal('access.me', {}, caller)).toBe('access.unauthenticated');
  }
  room.time.nowMs -= 7_200_000;
  await room.call('access.keys.create', { name: 'new', role: 'admin' });
  for (const caller of [asEve, asBot]) {
    expect(await room.refusal('access.me', {}, caller)).toBe('access.unauthenticated');
  }
  const { keys } = await room.call('access.keys.list');
  const states = keys.map(({ name, status }: { name: string; status: string }) => [name, status]);
  expect(Object.fromEntries(states)).toMatchObject({ eve: 'expired', new: 'live' });
  const made = keys.find(({ name }: { name: string }) => name === 'new');
  expect(made.created_at).toBe(new Date(room.time.nowMs).toISOString());
});
