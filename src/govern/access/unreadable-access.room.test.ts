import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';
import { createAccess } from './index.ts';

let room: AccessRoom;
beforeEach(async () => {
  room = await openAccessRoom();
  await room.call('access.policies.put', { roles: { analyst: {} } });
});
afterEach(() => room.close());

const make = () => room.call('access.keys.create', { name: 'ada', role: 'analyst' });
const whoAmI = (key: string | null) => room.refusal('access.me', {}, { key });

/** The room's access once more, which reads the same store by `read`. */
function accessThatReads(read: AccessRoom['options']['reader']['read']) {
  const { dialect, queries } = room.store;
  return createAccess({ ...room.options, reader: { dialect, queries, read } });
}

describe('access that cannot be read', () => {
  it('refuses everything until it can be again', async () => {
    await room.store.commit([{ sql: 'ALTER TABLE access_state RENAME TO gone', parameters: [] }]);
    room.time.advance(1_000);
    expect(await whoAmI(room.adminKey)).toBe('access.unavailable');
    await expect(createAccess(room.options)).rejects.toMatchObject({ code: 'access.unavailable' });
    await room.store.commit([{ sql: 'ALTER TABLE gone RENAME TO access_state', parameters: [] }]);
    expect((await room.call('access.me')).identity.name).toBe('admin');
  });

  it('never goes back to what a read that hung had seen', async () => {
    const made = await make();
    let hang = false;
    let reading = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const access = await accessThatReads(async (query) => {
      const held = hang && query.compile().sql.includes('access_keys');
      if (held) hang = false;
      reading += 1;
      const rows = await room.store.read(query);
      if (held) await released;
      reading -= 1;
      return rows;
    });
    const ask = () => access.control.identify({ apiKey: made.key, delegationToken: null });
    hang = true;
    await make();
    room.time.advance(250);
    const hung = ask();
    while (hang) await nextTurn();
    room.time.advance(1_500);
    await expect(hung).rejects.toMatchObject({ code: 'access.unavailable' });
    await room.call('access.keys.revoke', { key_id: made.key_id });
    await expect(ask()).rejects.toMatchObject({ code: 'access.unauthenticated' });
    release();
    // To the end of the reading that hung, which goes on with the reads after that one.
    do await nextTurn();
    while (reading > 0);
    await expect(ask()).rejects.toMatchObject({ code: 'access.unauthenticated' });
    access.close();
  });

  it('answers nothing from the state of before a change that could not be read again', async () => {
    const made = await make();
    let fails = false;
    const access = await accessThatReads(async (query) => {
      if (fails) throw new Error('the store is away');
      return room.store.read(query);
    });
    const ask = () => access.control.identify({ apiKey: made.key, delegationToken: null });
    await room.call('access.keys.revoke', { key_id: made.key_id });
    expect((await ask()).keyId).toBe(made.key_id);
    fails = true;
    await expect(access.refresh()).rejects.toMatchObject({ code: 'access.unavailable' });
    // No time has passed: only the refresh says that what is known is old.
    await expect(ask()).rejects.toMatchObject({ code: 'access.unavailable' });
    fails = false;
    await expect(ask()).rejects.toMatchObject({ code: 'access.unauthenticated' });
    access.close();
  });

  it('reads again after a change, though a reading of before it is under way', async () => {
    const made = await make();
    let hang = false;
    const released = Promise.withResolvers<void>();
    const access = await accessThatReads(async (query) => {
      const held = hang;
      hang = false;
      const rows = await room.store.read(query);
      if (held) await released.promise;
      return rows;
    });
    const ask = () => access.control.identify({ apiKey: made.key, delegationToken: null });
    hang = true;
    room.time.advance(250);
    const before = ask();
    while (hang) await nextTurn();
    await room.call('access.keys.revoke', { key_id: made.key_id });
    const refreshed = access.refresh();
    released.resolve();
    await Promise.all([before, refreshed]);
    await expect(ask()).rejects.toMatchObject({ code: 'access.unauthenticated' });
    access.close();
  });

  it('refuses everything where the stored policy is damaged', async () => {
    await room.store.commit([
      { sql: "UPDATE policy_versions SET policy_json = '{'", parameters: [] },
      {
        sql: 'INSERT INTO policy_versions SELECT 2, policy_json, bound_since_json, 1, applied_by FROM policy_versions',
        parameters: [],
      },
      { sql: 'UPDATE access_state SET policy_version = 2', parameters: [] },
    ]);
    room.time.advance(1_000);
    expect(await whoAmI(room.adminKey)).toBe('access.unavailable');
  });
});
