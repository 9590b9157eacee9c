import { readdir, rename, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scopes } from '../catalog.fixture.ts';
import type { AsOf } from '../catalog.ts';
import {
  openTaggingRoom,
  PEOPLE,
  putParquet,
  registerAgain,
  registerPeople,
  type TaggingRoom,
} from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

async function scanOf(name: string, asOf: AsOf = { kind: 'current' }) {
  const { catalog } = room.catalogd;
  const facts = await catalog.facts(scopes.resolve(), name);
  if (facts === null) throw new Error('no facts');
  return catalog.scan(scopes.read(facts.datasetId), await catalog.pin(scopes.resolve(), facts, asOf));
}

/** Makes the current snapshot one as versions wrote it that kept sizes of objects alone. */
async function forgetIdentities(name: string): Promise<void> {
  const { schema, files } = await scanOf(name);
  const none = { columnSizes: new Map(), valueCounts: new Map() };
  const planned = await room.catalogd.catalog.planCommit(scopes.write(), {
    name,
    mode: 'replace',
    schema,
    files: files.map(({ sourceIdentity: _, ...file }) => ({ ...file, ...none })),
    missingIds: new Set(),
    tags: new Map(),
    owner: null,
    description: null,
    lineage: {},
  });
  expect(await room.store.commit(planned.statements)).toMatchObject({ committed: true });
}

describe('registering in place', () => {
  it('reads columns, rows and tags of a folder without copying it', async () => {
    const made = await registerPeople(room, 'people');
    expect(made).toMatchObject({ created: true, row_count: 200 });
    expect(made.columns).toEqual([
      { field_id: 1, name: 'id', type: 'long', tags: [] },
      { field_id: 2, name: 'email', type: 'string', tags: ['pii.email'] },
      { field_id: 3, name: 'pay', type: 'double', tags: [] },
    ]);
    const described = await room.call('catalog.datasets.describe', { name: 'people' });
    expect(described).toMatchObject({
      dataset_id: made.dataset_id,
      row_count: 200,
      in_place: { bucket: 'default', key: 'people/' },
      filtered: false,
    });
    expect(await readdir(join(room.home, 'warehouse', made.dataset_id, 'data'))).toEqual([]);
  });

  it('changes nothing when the same is registered again', async () => {
    const first = await registerPeople(room, 'again');
    const second = await registerAgain(room, 'again');
    expect(second).toMatchObject({ created: false, dataset_id: first.dataset_id, journal_event_id: null });
  });

  it('says what was given and not applied to a dataset that is there', async () => {
    const source = { bucket: 'default', key: 'kept/' };
    const made = await registerPeople(room, 'kept');
    expect(made.not_applied).toEqual([]);
    const asked = {
      ...{ owner: 'someone', description: 'Other', discoverable: true, tags: ['hr'] },
      column_tags: [{ column: 'pay', tags: ['salary'] }],
    };
    const again = await room.call('catalog.datasets.register', { name: 'kept', source, ...asked });
    expect(again).toMatchObject({ created: false, journal_event_id: null });
    expect(again.not_applied).toEqual(['owner', 'description', 'discoverable', 'tags', 'column_tags']);
    const column_tags = [{ column: 'EMAIL', tags: ['pii.email'] }];
    const same = { name: 'kept', source, description: 'People', column_tags };
    expect((await room.call('catalog.datasets.register', same)).not_applied).toEqual([]);
  });

  it('makes a snapshot of objects that were added or replaced since, and refuses to read them before', async () => {
    const first = await registerPeople(room, 'grown');
    await putParquet(room, 'grown/b.parquet', PEOPLE.replace('100', '200'));
    await expect(scanOf('grown')).rejects.toMatchObject({ code: 'catalog.source_changed' });
    await putParquet(room, 'grown/c.parquet', PEOPLE);
    const grown = await registerPeople(room, 'grown');
    expect(grown).toMatchObject({ created: false, dataset_id: first.dataset_id, row_count: 300 });
    expect(grown.snapshot_id).not.toBe(first.snapshot_id);
    expect(await room.call('catalog.datasets.describe', { name: 'grown' })).toMatchObject({ row_count: 300 });
    expect((await registerAgain(room, 'grown')).journal_event_id).toBeNull();
  });

  it('refuses an object replaced by another of the same size and rows until it is registered again', async () => {
    const name = 'replaced';
    const first = await registerPeople(room, name);
    const path = join(room.home, 'buckets/default', name, 'a.parquet');
    const before = await stat(path);
    await putParquet(room, `${name}/other.parquet`, PEOPLE.replace("'p'", "'q'"));
    await rename(join(room.home, 'buckets/default', name, 'other.parquet'), path);
    expect((await stat(path)).size).toBe(before.size);
    // A program that copies times along changes nothing of it.
    await utimes(path, before.atime, before.mtime);
    await expect(scanOf(name)).rejects.toMatchObject({
      code: 'catalog.source_changed',
      detail: expect.stringContaining('Register it again with the same source'),
    });
    const again = await registerAgain(room, name);
    expect(again).toMatchObject({ created: false, row_count: 200 });
    expect(again.snapshot_id).not.toBe(first.snapshot_id);
    expect((await scanOf(name)).files).toHaveLength(2);
    // The snapshot of before names what is no longer there, and registering again does not bring it back.
    await expect(scanOf(name, { kind: 'snapshot', snapshotId: first.snapshot_id })).rejects.toMatchObject({
      code: 'catalog.source_changed',
      detail: expect.stringContaining('Query the dataset as it is now'),
    });
  });

  it('refuses an object that a link took the place of', async () => {
    await registerPeople(room, 'linked');
    const path = join(room.home, 'buckets/default/linked/a.parquet');
    await rename(path, join(room.home, 'moved.parquet'));
    await symlink(join(room.home, 'moved.parquet'), path);
    await expect(scanOf('linked')).rejects.toMatchObject({ code: 'catalog.source_changed' });
  });

  it('knows the objects of a snapshot without their identities by size, until it is registered again', async () => {
    const name = 'older';
    await registerPeople(room, name);
    await forgetIdentities(name);
    await putParquet(room, `${name}/a.parquet`, PEOPLE.replace("'p'", "'q'"));
    expect((await scanOf(name)).files.map((file) => file.sourceIdentity)).toEqual([undefined, undefined]);
    expect((await registerAgain(room, name)).journal_event_id).not.toBeNull();
    expect((await scanOf(name)).files.every((file) => file.sourceIdentity !== undefined)).toBe(true);
    await forgetIdentities(name);
    await putParquet(room, `${name}/a.parquet`, PEOPLE.replace('100', '200'));
    await expect(scanOf(name)).rejects.toMatchObject({ code: 'catalog.source_changed' });
  });

  it.each([
    ['order', 'SELECT email, id, pay', { column: 'email', from: 'id', to: 'email' }],
    ['case', 'SELECT id AS "ID", email, pay', { column: 'ID', from: 'id', to: 'ID' }],
  ])(
    'says what differs where objects that were replaced have columns of another %s',
    async (how, select, place) => {
      const name = `other_${how}`;
      await registerPeople(room, name);
      for (const file of ['a', 'b'])
        await putParquet(room, `${name}/${file}.parquet`, `${select} FROM (${PEOPLE})`);
      const source = { bucket: 'default', key: `${name}/` };
      const refused = await room.refusal('catalog.datasets.register', { name, source });
      expect(refused.code).toBe('catalog.schema_conflict');
      expect(refused.detail).toContain(place.column);
      expect(refused.data).toMatchObject({
        diff: expect.arrayContaining([{ kind: 'column_moved', ...place, compatible: false }]),
      });
    },
  );

  it('refuses other columns under the name, with the difference and what to do', async () => {
    await registerPeople(room, 'taken');
    await putParquet(room, 'other.parquet', "SELECT 'x' AS id, 1 AS mail FROM range(3)");
    const source = { bucket: 'default', key: 'other.parquet' };
    const refused = await room.refusal('catalog.datasets.register', { name: 'taken', source });
    expect(refused.code).toBe('catalog.schema_conflict');
    expect(refused.data).toMatchObject({
      compatible: false,
      diff: expect.arrayContaining([
        { kind: 'type_changed', column: 'id', from: 'long', to: 'string', compatible: false },
      ]),
      migration_rules: expect.arrayContaining([
        expect.objectContaining({ rule: 'cast_column', column: 'id' }),
      ]),
    });
  });

  it.each([
    ['a prefix with nothing', { bucket: 'default', key: 'nothing/' }],
    ['an object that is no Parquet', { bucket: 'default', key: 'text.parquet' }],
    ['files of two schemas', { bucket: 'default', key: 'mixed/' }],
    ['an object that is not named so', { bucket: 'default', key: 'notes.txt' }],
  ])('refuses %s', async (_what, source) => {
    await room.putObject('text.parquet', 'no parquet');
    await room.putObject('notes.txt', 'notes');
    await putParquet(room, 'mixed/a.parquet', 'SELECT 1 AS a');
    await putParquet(room, 'mixed/b.parquet', 'SELECT 1 AS b');
    const refused = await room.refusal('catalog.datasets.register', { name: 'refused', source });
    expect(refused.code).toMatch(/^(catalog\.source_|storage\.object_not_found)/);
    expect(refused.detail).not.toContain(room.home);
    expect(await room.refusal('catalog.datasets.describe', { name: 'refused' })).toMatchObject({
      code: expect.stringContaining('not_found'),
    });
  });
});
