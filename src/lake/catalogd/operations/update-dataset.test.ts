import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaggingRoom, registerPeople, type TaggingRoom } from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

describe('changing a dataset', () => {
  async function declare(name: string) {
    const columns = [
      { name: 'id', type: 'int' },
      { name: 'email', type: 'string' },
    ];
    await room.call('catalog.datasets.register', { name, columns });
  }

  it('renames, adds and widens columns under their field ids', async () => {
    await declare('shape');
    const changed = await room.call('catalog.datasets.update', {
      name: 'shape',
      rename_columns: [{ from: 'email', to: 'mail' }],
      add_columns: [{ name: 'age', type: 'int' }],
      widen_columns: [{ name: 'id', type: 'long' }],
    });
    expect(changed.columns).toEqual([
      { field_id: 1, name: 'id', type: 'long', tags: [] },
      { field_id: 2, name: 'mail', type: 'string', tags: ['pii.email'] },
      { field_id: 3, name: 'age', type: 'int', tags: [] },
    ]);
    const described = await room.call('catalog.datasets.describe', { name: 'shape' });
    expect(described.columns.map((c: { name: string }) => c.name)).toEqual(['id', 'mail', 'age']);
  });

  it.each([
    ['an unknown column', { rename_columns: [{ from: 'nope', to: 'x' }] }],
    ['a taken name', { rename_columns: [{ from: 'id', to: 'EMAIL' }] }],
    ['a narrower type', { widen_columns: [{ name: 'email', type: 'int' }] }],
    ['an unknown snapshot', { rollback_to: '12' }],
    ['a tag on an unknown column', { set_tags: [{ column: 'nope', tags: ['pii.x'] }] }],
    [
      'a tag set and removed',
      { set_tags: [{ column: 'id', tags: ['a.b'] }], remove_tags: [{ column: 'id', tags: ['a.b'] }] },
    ],
  ])('refuses %s and changes nothing', async (_what, change) => {
    const name = 'refusing';
    await declare(name).catch(() => undefined);
    const before = await room.call('catalog.datasets.describe', { name });
    const refused = await room.refusal('catalog.datasets.update', { name, description: 'x', ...change });
    expect(refused.code).toMatch(/^catalog\.(change_invalid|column_invalid|snapshot_not_found)$/);
    expect(await room.call('catalog.datasets.describe', { name })).toEqual(before);
  });

  it('keeps a removed tag away from the detector, and a set one from being overruled', async () => {
    await declare('tagged');
    await room.call('catalog.datasets.update', {
      name: 'tagged',
      remove_tags: [{ column: 'email', tags: ['pii.email'] }],
      set_tags: [{ column: 'id', tags: ['pii.person_id'] }],
    });
    room.found.version = '2';
    const resynced = await room.call('catalog.resync-metadata', { dataset: 'tagged' });
    expect(resynced.datasets).toEqual([
      { dataset: 'tagged', tags_added: [], tags_not_found: [], suspected_columns: [] },
    ]);
    const described = await room.call('catalog.datasets.describe', { name: 'tagged' });
    expect(described.columns.map((c: { tags: string[] }) => c.tags)).toEqual([['pii.person_id'], []]);
  });

  it('answers what changed, and nothing for a change that changes nothing', async () => {
    await declare('calm');
    const change = { name: 'calm', owner: 'ana', discoverable: true };
    expect(await room.call('catalog.datasets.update', change)).toMatchObject({
      changes: ['owner set', 'discoverable set'],
    });
    expect(await room.call('catalog.datasets.update', change)).toMatchObject({
      changes: [],
      journal_event_id: null,
    });
  });

  it('refuses to rename columns of files registered in place', async () => {
    await registerPeople(room, 'inplace');
    const refused = await room.refusal('catalog.datasets.update', {
      name: 'inplace',
      rename_columns: [{ from: 'email', to: 'mail' }],
    });
    expect(refused.code).toBe('catalog.change_invalid');
  });

  it('frees the name of a deleted dataset for another', async () => {
    await declare('gone');
    const first = await room.call('catalog.datasets.describe', { name: 'gone' });
    await room.call('catalog.datasets.delete', { name: 'gone' });
    expect((await room.refusal('catalog.datasets.describe', { name: 'gone' })).code).toContain('not_found');
    await declare('gone');
    const second = await room.call('catalog.datasets.describe', { name: 'gone' });
    expect(second.dataset_id).not.toBe(first.dataset_id);
  });
});
