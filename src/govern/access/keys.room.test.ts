import { appendFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AccessRoom, openAccessRoom } from '../../../test/support/access-room.ts';
import { createAccess, recoverAdminKey } from './index.ts';

let room: AccessRoom;
async function openRoom(): Promise<void> {
  room = await openAccessRoom();
  await room.call('access.policies.put', { roles: { analyst: {} } });
}

/** Its tests each want a room of their own: they leave it in another state. */
function ownRoom(): void {
  beforeEach(openRoom);
  afterEach(() => room.close());
}

const later = (ms: number) => new Date(room.time.nowMs + ms).toISOString();

const make = (more: Record<string, unknown> = {}) =>
  room.call('access.keys.create', { name: 'ada', role: 'analyst', ...more });
const identify = (apiKey: string | null, delegationToken: string | null = null) =>
  room.access.control.identify({ apiKey, delegationToken });
const whoAmI = (key: string | null) => room.refusal('access.me', {}, { key });
const storedRows = () => room.store.read(room.store.queries.selectFrom('access_keys').selectAll());

describe('keys', () => {
  beforeAll(openRoom);
  afterAll(() => room.close());

  it('stand for their identity from the moment they are made', async () => {
    const made = await make({ attributes: { region: 'EU', level: 3, active: true } });
    const me = await room.call('access.me', {}, { key: made.key });
    expect(me.identity).toEqual({
      name: 'ada',
      role: 'analyst',
      key_id: made.key_id,
      attributes: { region: 'EU', level: 3, active: true },
      key_expires_at: null,
    });
    expect(made.key).toMatch(/^lh_live_/);
  });

  it('are stored as a keyed hash alone, and shown once', async () => {
    const made = await room.call(
      'access.keys.create',
      { name: 'ada', role: 'analyst' },
      { idempotencyKey: 'k1' },
    );
    const again = await room.call(
      'access.keys.create',
      { name: 'ada', role: 'analyst' },
      { idempotencyKey: 'k1' },
    );
    expect(again.key).toBeUndefined();
    expect(again.key_id).toBe(made.key_id);
    const secret = made.key.split('_')[3];
    expect(JSON.stringify(await storedRows())).not.toContain(secret);
    const listed = JSON.stringify(await room.call('access.keys.list'));
    expect(listed).toContain(made.key_id);
    expect(listed).not.toContain(secret);
    expect(listed).not.toContain((await storedRows()).find((row) => row.key_id === made.key_id)?.secret_hash);
    expect(readFileSync(join(room.home, 'store.sqlite')).includes(secret)).toBe(false);
  });

  it('keep the pepper in a file of the owner alone', () => {
    const mode = statSync(join(room.home, 'keys', 'api-key.hmac')).mode;
    expect(mode & 0o777).toBe(0o600);
  });

  it('answer one same error for every reason', async () => {
    const revoked = await make();
    await room.call('access.keys.revoke', { key_id: revoked.key_id });
    const expired = await make({ expires_at: later(3_600_000) });
    const live = await make();
    room.time.advance(3_600_000);
    const [, , id, secret] = live.key.split('_');
    const wrongSecret = (await make()).key.replace(/_[^_]{12}_/, `_${id}_`);
    const details = new Set<string>();
    for (const key of [
      null,
      '',
      'x',
      `lh_live_${id}_${secret}0`,
      `Bearer ${live.key}`,
      wrongSecret,
      live.key.replace('lh_live_', 'lh_test_'),
      revoked.key,
      expired.key,
      '__proto__',
    ]) {
      expect(await whoAmI(key)).toBe('access.unauthenticated');
      await identify(key).catch((error) => details.add(JSON.stringify([error.message, error.data])));
    }
    expect(details.size).toBe(1);
    expect((await room.call('access.me', {}, { key: live.key })).identity.name).toBe('ada');
  });

  it('stop at once when revoked, and tell who is listening', async () => {
    const made = await make();
    const identity = await identify(made.key);
    let told = 0;
    room.access.control.onRevoked(identity, () => told++);
    const unsubscribe = room.access.control.onRevoked(identity, () => told++);
    unsubscribe();
    await room.call('access.keys.revoke', { key_id: made.key_id });
    expect(told).toBe(1);
    expect(await whoAmI(made.key)).toBe('access.unauthenticated');
    room.access.control.onRevoked(identity, () => told++);
    expect(told).toBe(2);
    const again = await room.call('access.keys.revoke', { key_id: made.key_id });
    expect(again.journal_event_id).toBeNull();
  });

  it('tell who is listening when they expire', async () => {
    const made = await make({ expires_at: later(600_000) });
    const identity = await identify(made.key);
    let told = 0;
    room.access.control.onRevoked(identity, () => told++);
    for (let minute = 0; minute < 9; minute++) {
      room.time.advance(60_000);
      await room.access.refresh();
    }
    expect(told).toBe(0);
    room.time.advance(60_000);
    expect(told).toBe(1);
    room.time.advance(600_000);
    expect(told).toBe(1);
  });

  it('tell who is listening of a change made past this process', async () => {
    const made = await make();
    const identity = await identify(made.key);
    const told = new Promise<void>((resolve) => room.access.control.onRevoked(identity, resolve));
    await room.store.commit([
      { sql: 'UPDATE access_keys SET revoked_ms = 1 WHERE key_id = ?', parameters: [made.key_id] },
      { sql: 'UPDATE access_state SET keys_version = keys_version + 1', parameters: [] },
    ]);
    room.time.advance(500);
    await told;
  });

  it('tell who is listening of such a change however late it comes', async () => {
    const made = await make();
    const identity = await identify(made.key);
    let isTold = false;
    room.access.control.onRevoked(identity, () => {
      isTold = true;
    });
    const look = async () => {
      room.time.advance(500);
      for (let turns = 0; turns < 200 && !isTold; turns++) await nextTurn();
    };
    for (let looks = 0; looks < 3; looks++) await look();
    expect(isTold).toBe(false);
    await room.store.commit([
      { sql: 'UPDATE access_keys SET revoked_ms = 1 WHERE key_id = ?', parameters: [made.key_id] },
      { sql: 'UPDATE access_state SET keys_version = keys_version + 1', parameters: [] },
    ]);
    await expect.poll(async () => look().then(() => isTold)).toBe(true);
  });

  it('rotate with an overlap: both secrets work, then the new one alone', async () => {
    const made = await make();
    const rotated = await room.call('access.keys.rotate', { key_id: made.key_id });
    expect(rotated.key_id).toBe(made.key_id);
    expect(rotated.key).not.toBe(made.key);
    const old = await identify(made.key);
    let told = 0;
    room.access.control.onRevoked(old, () => told++);
    expect((await identify(rotated.key)).keyId).toBe(made.key_id);
    for (let hour = 0; hour < 24; hour++) {
      room.time.advance(3_600_000);
      await room.access.refresh();
    }
    room.time.advance(60_000);
    await room.access.refresh();
    expect(told).toBe(1);
    expect(await whoAmI(made.key)).toBe('access.unauthenticated');
    expect((await identify(rotated.key)).name).toBe('ada');
    await room.call('access.keys.revoke', { key_id: made.key_id });
    expect(await whoAmI(rotated.key)).toBe('access.unauthenticated');
    expect(await room.refusal('access.keys.rotate', { key_id: made.key_id })).toBe('access.key_not_live');
  });

  it('see a change made past this process within a quarter of a second', async () => {
    const made = await make();
    await room.store.commit([
      { sql: 'UPDATE access_keys SET revoked_ms = 1 WHERE key_id = ?', parameters: [made.key_id] },
      { sql: 'UPDATE access_state SET keys_version = keys_version + 1', parameters: [] },
    ]);
    room.time.advance(250);
    expect(await whoAmI(made.key)).toBe('access.unauthenticated');
  });

  it('are refused with what a key cannot have', async () => {
    for (const [more, code] of [
      [{ role: 'nobody' }, 'access.unknown_role'],
      [{ role: '__proto__' }, 'access.unknown_role'],
      [{ role: 'constructor' }, 'access.unknown_role'],
      [{ expires_at: '2025-01-01T00:00:00Z' }, 'access.invalid_key_request'],
      [{ expires_at: 'tomorrow' }, 'door.invalid_input'],
      [{ name: '' }, 'door.invalid_input'],
      [{ name: 'a\nb' }, 'door.invalid_input'],
      [{ name: 'bot for ada' }, 'door.invalid_input'],
      [{ name: 'System' }, 'door.invalid_input'],
      [{ name: room.adminKey }, 'door.invalid_input'],
      [{ attributes: { token: `Bearer ${room.adminKey}` } }, 'door.invalid_input'],
      [{ attributes: { role: 'admin' } }, 'door.invalid_input'],
      [{ attributes: { name: 'x' } }, 'door.invalid_input'],
      [{ attributes: { 'a b': 1 } }, 'door.invalid_input'],
      [{ attributes: { list: [1] } }, 'door.invalid_input'],
      [{ attributes: { nothing: null } }, 'door.invalid_input'],
      [{ attributes: { id: 2 ** 53 } }, 'door.invalid_input'],
      [{ key_id: 'aaaaaaaaaaaa' }, 'door.invalid_input'],
    ] as const) {
      const request = { name: 'ada', role: 'analyst', ...more };
      expect([more, await room.refusal('access.keys.create', request)]).toEqual([more, code]);
    }
  });

  it('take attribute names of an object’s prototype as plain names', async () => {
    const attributes = JSON.parse('{"constructor": "x", "valueof": "y", "__proto__": {"region": "EU"}}');
    const made = await make({ attributes });
    const identity = await identify(made.key);
    expect([...identity.attributes]).toEqual([
      ['constructor', 'x'],
      ['valueof', 'y'],
    ]);
    expect(identity.attributes.get('region')).toBeUndefined();
  });

  it('are managed by who holds access.admin alone', async () => {
    const { key, key_id } = await make();
    for (const [operation, input] of [
      ['access.keys.create', { name: 'x', role: 'admin' }],
      ['access.keys.list', {}],
      ['access.keys.revoke', { key_id }],
      ['access.keys.rotate', { key_id }],
      ['access.policies.get', {}],
      ['access.policies.put', { roles: {} }],
      ['access.roles.list', {}],
      ['access.audit', {}],
    ] as const) {
      expect(await room.refusal(operation, input, { key })).toBe('door.forbidden');
    }
    expect(await room.refusal('access.keys.revoke', { key_id: 'aaaaaaaaaaaa' })).toBe('access.key_not_found');
  });

  it('write their last use at most once a minute', async () => {
    const made = await make();
    room.access.pendingTouches();
    await identify(made.key);
    await identify(made.key);
    expect(room.access.pendingTouches()).toHaveLength(1);
    room.time.advance(59_000);
    await identify(made.key);
    expect(room.access.pendingTouches()).toHaveLength(0);
    room.time.advance(1_000);
    await identify(made.key);
    await room.store.commit(room.access.pendingTouches());
    const { keys } = await room.call('access.keys.list');
    const listed = keys.find((row: { key_id: string }) => row.key_id === made.key_id);
    expect(listed.last_used_at).toBe(later(0));
  });

  it('are journaled without a secret', async () => {
    const made = await make();
    await room.call('access.keys.rotate', { key_id: made.key_id });
    await room.call('access.keys.revoke', { key_id: made.key_id });
    const { rows } = await journal();
    const actions = rows.map((row) => row.action);
    expect(actions.slice(-3)).toEqual(['key.created', 'key.rotated', 'key.revoked']);
    expect(JSON.stringify(rows)).not.toContain(made.key.split('_')[3]);
  });
});

describe('the pepper', () => {
  ownRoom();

  it('rotates: old keys still work and move to the new pepper with use', async () => {
    const made = await make();
    const rotated = await room.call('access.secrets.rotate', { name: 'api-key' });
    expect(rotated).toMatchObject({ version: 2, previous_version: 1 });
    const newer = await make();
    await identify(made.key);
    await room.store.commit(room.access.pendingTouches());
    expect((await storedRows()).find((stored) => stored.key_id === newer.key_id)?.pepper_version).toBe(2);
    const row = (await storedRows()).find((stored) => stored.key_id === made.key_id);
    expect(row?.pepper_version).toBe(2);
    const again = await createAccess(room.options);
    expect((await again.control.identify({ apiKey: made.key, delegationToken: null })).name).toBe('ada');
    again.close();
    expect(await room.refusal('access.secrets.rotate', { name: 'api-key' }, { key: made.key })).toBe(
      'door.forbidden',
    );
  });

  it('of before proves the secret of before a rotation of the key, until its overlap ends', async () => {
    const made = await make();
    await room.call('access.secrets.rotate', { name: 'api-key' });
    const rotated = await room.call('access.keys.rotate', { key_id: made.key_id });
    const [row] = (await storedRows()).filter((stored) => stored.key_id === made.key_id);
    expect([row?.previous_pepper_version, row?.pepper_version]).toEqual([1, 2]);
    expect((await identify(made.key)).keyId).toBe(made.key_id);
    expect((await identify(rotated.key)).keyId).toBe(made.key_id);
  });

  it('does not come to the secret of before a rotation of the key by its use', async () => {
    const made = await make();
    const rotated = await room.call('access.keys.rotate', { key_id: made.key_id });
    await room.call('access.secrets.rotate', { name: 'api-key' });
    await identify(made.key);
    await room.store.commit(room.access.pendingTouches());
    const again = await createAccess(room.options);
    expect((await again.control.identify({ apiKey: rotated.key, delegationToken: null })).name).toBe('ada');
    room.time.advance(room.options.config.auth.rotation_overlap_s * 1_000);
    await expect(again.control.identify({ apiKey: made.key, delegationToken: null })).rejects.toMatchObject({
      code: 'access.unauthenticated',
    });
    again.close();
  });

  it('does not give a key that was rotated meanwhile its secret of before back', async () => {
    const made = await make();
    await room.call('access.secrets.rotate', { name: 'api-key' });
    await identify(made.key);
    const pending = room.access.pendingTouches();
    const rotated = await room.call('access.keys.rotate', { key_id: made.key_id });
    await room.store.commit(pending);
    const again = await createAccess(room.options);
    room.time.advance(room.options.config.auth.rotation_overlap_s * 1_000);
    expect((await again.control.identify({ apiKey: rotated.key, delegationToken: null })).name).toBe('ada');
    await expect(again.control.identify({ apiKey: made.key, delegationToken: null })).rejects.toMatchObject({
      code: 'access.unauthenticated',
    });
    again.close();
  });

  it('has no effect before its rotation is committed, and is needed in the version in force', async () => {
    const made = await make();
    const file = join(room.home, 'keys', 'api-key.hmac');
    const text = readFileSync(file, 'utf8');
    appendFileSync(file, `2 ${'ab'.repeat(32)}\n`);
    const restarted = await createAccess(room.options);
    await restarted.control.identify({ apiKey: made.key, delegationToken: null });
    expect(restarted.pendingTouches()).toHaveLength(1);
    restarted.close();
    expect((await room.call('access.secrets.rotate', { name: 'api-key' })).version).toBe(3);
    writeFileSync(file, text);
    await expect(createAccess(room.options)).rejects.toMatchObject({
      code: 'access.key_file_unusable',
      detail: expect.stringContaining(
        'keys/api-key.hmac does not hold the version in force. Restore it from',
      ),
    });
  });

  it('of masks gives other hashes after a rotation', async () => {
    const before = room.access.maskHashKey;
    await room.call('access.secrets.rotate', { name: 'mask-hash' });
    expect(Buffer.from(room.access.maskHashKey).equals(before)).toBe(false);
  });

  it('is needed to start', async () => {
    rmSync(join(room.home, 'keys', 'api-key.hmac'));
    await expect(createAccess(room.options)).rejects.toMatchObject({
      code: 'access.key_file_unusable',
      detail: expect.stringContaining('keys/api-key.hmac is missing or may not be read. Restore it from'),
    });
  });
});

describe('a lost administrator’s key', () => {
  ownRoom();

  it('is made anew by who owns the home', async () => {
    const { config, clock, random } = room.options;
    const recovered = recoverAdminKey({ home: room.home, config, reader: room.store, clock, random });
    await room.store.commit(recovered.statements);
    expect(recovered.event).toMatchObject({ action: 'key.recovered', subject: `key:${recovered.keyId}` });
    room.time.advance(1_000);
    expect((await room.call('access.me', {}, { key: recovered.key })).permissions).toContain('access.admin');
  });
});

describe('[auth] enabled = false', () => {
  it('answers as the built-in local administrator, and takes no delegation', async () => {
    const open = await openAccessRoom({ auth: { enabled: false } });
    try {
      const me = await open.call('access.me', {}, { key: null });
      expect(me.identity).toMatchObject({ name: 'local', role: 'admin', key_id: null });
      expect(await open.refusal('access.me', {}, { key: null, token: 'lhd_1_x.y' })).toBe(
        'access.unauthenticated',
      );
    } finally {
      await open.close();
    }
  });
});

async function journal(): Promise<{ rows: readonly { action: string }[] }> {
  const rows = await room.store.read(
    room.store.queries.selectFrom('journal_events').selectAll().orderBy('id'),
  );
  return { rows: rows as unknown as { action: string }[] };
}
