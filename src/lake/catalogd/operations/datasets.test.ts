import { readdir, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogRoom, openCatalogRoom } from '../../../../test/support/catalog-room.ts';
import { scopes } from '../catalog.fixture.ts';
import type { AsOf } from '../catalog.ts';
import type { PiiDetector } from '../index.ts';

let room: CatalogRoom;
const found = { version: '1', tags: [{ name: 'email', tag: 'pii.email' }] };
/** Tags by name alone, so that what these tests see does not hang on detection. */
const detector: PiiDetector = {
  get version() {
    return found.version;
  },
  detect: (columns) =>
    found.tags
      .filter(({ name }) => columns.some((column) => column.name === name))
      .map((finding) => ({ ...finding, confidence: 0.9, suspected: false })),
};

beforeAll(async () => {
  room = await openCatalogRoom({ detector });
});
afterAll(() => room.close());

async function parquet(key: string, query: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = await room.putObject(key, '');
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

const PEOPLE =
  "SELECT range AS id, 'p' || range || '@x.io' AS email, range * 1.5::DOUBLE AS pay FROM range(100)";

async function registerPeople(name: string) {
  await parquet(`${name}/a.parquet`, PEOPLE);
  await parquet(`${name}/b.parquet`, PEOPLE);
  return registerAgain(name);
}

/** Registers the objects that lie there, without writing them. */
function registerAgain(name: string) {
  const source = { bucket: 'default', key: `${name}/` };
  return room.call('catalog.datasets.register', { name, source, description: 'People' });
}

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
    const made = await registerPeople('people');
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
    const first = await registerPeople('again');
    const second = await registerAgain('again');
    expect(second).toMatchObject({ created: false, dataset_id: first.dataset_id, journal_event_id: null });
  });

  it('says what was given and not applied to a dataset that is there', async () => {
    const source = { bucket: 'default', key: 'kept/' };
    const made = await registerPeople('kept');
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
    const first = await registerPeople('grown');
    await parquet('grown/b.parquet', PEOPLE.replace('100', '200'));
    await expect(scanOf('grown')).rejects.toMatchObject({ code: 'catalog.source_changed' });
    await parquet('grown/c.parquet', PEOPLE);
    const grown = await registerPeople('grown');
    expect(grown).toMatchObject({ created: false, dataset_id: first.dataset_id, row_count: 300 });
    expect(grown.snapshot_id).not.toBe(first.snapshot_id);
    expect(await room.call('catalog.datasets.describe', { name: 'grown' })).toMatchObject({ row_count: 300 });
    expect((await registerAgain('grown')).journal_event_id).toBeNull();
  });

  it('refuses an object replaced by another of the same size and rows until it is registered again', async () => {
    const name = 'replaced';
    const first = await registerPeople(name);
    const path = join(room.home, 'buckets/default', name, 'a.parquet');
    const before = await stat(path);
    await parquet(`${name}/other.parquet`, PEOPLE.replace("'p'", "'q'"));
    await rename(join(room.home, 'buckets/default', name, 'other.parquet'), path);
    expect((await stat(path)).size).toBe(before.size);
    // A program that copies times along changes nothing of it.
    await utimes(path, before.atime, before.mtime);
    await expect(scanOf(name)).rejects.toMatchObject({
      code: 'catalog.source_changed',
      detail: expect.stringContaining('Register it again with the same source'),
    });
    const again = await registerAgain(name);
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
    await registerPeople('linked');
    const path = join(room.home, 'buckets/default/linked/a.parquet');
    await rename(path, join(room.home, 'moved.parquet'));
    await symlink(join(room.home, 'moved.parquet'), path);
    await expect(scanOf('linked')).rejects.toMatchObject({ code: 'catalog.source_changed' });
  });

  it('knows the objects of a snapshot without their identities by size, until it is registered again', async () => {
    const name = 'older';
    await registerPeople(name);
    await forgetIdentities(name);
    await parquet(`${name}/a.parquet`, PEOPLE.replace("'p'", "'q'"));
    expect((await scanOf(name)).files.map((file) => file.sourceIdentity)).toEqual([undefined, undefined]);
    expect((await registerAgain(name)).journal_event_id).not.toBeNull();
    expect((await scanOf(name)).files.every((file) => file.sourceIdentity !== undefined)).toBe(true);
    await forgetIdentities(name);
    await parquet(`${name}/a.parquet`, PEOPLE.replace('100', '200'));
    await expect(scanOf(name)).rejects.toMatchObject({ code: 'catalog.source_changed' });
  });

  it.each([
    ['order', 'SELECT email, id, pay', { column: 'email', from: 'id', to: 'email' }],
    ['case', 'SELECT id AS "ID", email, pay', { column: 'ID', from: 'id', to: 'ID' }],
  ])(
    'says what differs where objects that were replaced have columns of another %s',
    async (how, select, place) => {
      const name = `other_${how}`;
      await registerPeople(name);
      for (const file of ['a', 'b']) await parquet(`${name}/${file}.parquet`, `${select} FROM (${PEOPLE})`);
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
    await registerPeople('taken');
    await parquet('other.parquet', "SELECT 'x' AS id, 1 AS mail FROM range(3)");
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
    await parquet('mixed/a.parquet', 'SELECT 1 AS a');
    await parquet('mixed/b.parquet', 'SELECT 1 AS b');
    const refused = await room.refusal('catalog.datasets.register', { name: 'refused', source });
    expect(refused.code).toMatch(/^(catalog\.source_|storage\.object_not_found)/);
    expect(refused.detail).not.toContain(room.home);
    expect(await room.refusal('catalog.datasets.describe', { name: 'refused' })).toMatchObject({
      code: expect.stringContaining('not_found'),
    });
  });

  it.each([
    'a"b',
    "a'b",
    'a*',
    '../etc',
    'a.b.c',
    'a b',
    'a/b',
    'ａ',
    '',
    '.a',
    'a.',
    '1a',
    'system.x',
    'Information_Schema.x',
    `a${'b'.repeat(128)}`,
    'a\0',
  ])('refuses the name %j before anything is read (K-9)', async (name) => {
    const columns = [{ name: 'x', type: 'long' }];
    const refused = await room.refusal('catalog.datasets.register', { name, columns });
    expect(['catalog.name_invalid', 'door.invalid_input']).toContain(refused.code);
  });

  it('takes nested columns declared without rows, as it prints them', async () => {
    const columns = [
      { name: 'id', type: 'BIGINT' },
      { name: 'at', type: 'struct<zip: string, "geo tag": list<double>>' },
      { name: 'm', type: 'MAP(VARCHAR, DECIMAL(10,2))' },
    ];
    const made = await room.call('catalog.datasets.register', { name: 'declared', columns });
    expect(made).toMatchObject({ created: true, snapshot_id: null, row_count: 0 });
    const described = await room.call('catalog.datasets.describe', { name: 'declared' });
    const types = Object.fromEntries(
      described.columns.map((c: { name: string; type: string }) => [c.name, c.type]),
    );
    expect(types).toMatchObject({
      at: 'struct<zip: string, "geo tag": list<double>>',
      'at.zip': 'string',
      m: 'map<string, decimal(10, 2)>',
    });
    const again = await room.call('catalog.datasets.register', {
      name: 'declared',
      columns: ['id', 'at', 'm'].map((name) => ({ name, type: types[name] })),
    });
    expect(again.created).toBe(false);
  });

  it('is the same again in another order, and narrower than its columns were made since', async () => {
    const id = { name: 'id', type: 'int' };
    const score = { name: 'score', type: 'float' };
    const made = await room.call('catalog.datasets.register', { name: 'widened', columns: [id, score] });
    await room.call('catalog.datasets.update', {
      name: 'widened',
      widen_columns: [
        { name: 'id', type: 'long' },
        { name: 'score', type: 'double' },
      ],
    });
    const again = await room.call('catalog.datasets.register', { name: 'widened', columns: [score, id] });
    expect(again).toMatchObject({ created: false, dataset_id: made.dataset_id, journal_event_id: null });
    expect(again.columns.map(({ type }: { type: string }) => type)).toEqual(['long', 'double']);
    const wider = { name: 'score', type: 'string' };
    expect(
      await room.refusal('catalog.datasets.register', { name: 'widened', columns: [id, wider] }),
    ).toMatchObject({
      code: 'catalog.schema_conflict',
      data: { diff: [{ kind: 'type_changed', column: 'score', from: 'double', to: 'string' }] },
    });
  });

  it.each([
    ['HUGEINT'],
    ['INTERVAL'],
    ['TIME WITH TIME ZONE'],
    ['UNION(a INTEGER)'],
    ['nonsense('],
    ['timestamptz_ns'],
  ])('refuses the type %s', async (type) => {
    const refused = await room.refusal('catalog.datasets.register', {
      name: 'typed',
      columns: [{ name: 'x', type }],
    });
    expect(refused.code).toBe('catalog.type_unsupported');
  });
});

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
    found.version = '2';
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
    await registerPeople('inplace');
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

describe('what a caller may know', () => {
  it('shows masks with reasons, holds counts back under a row filter, and hides what is not granted', async () => {
    await registerPeople('staff');
    await registerPeople('secret');
    await registerPeople('open');
    await room.call('catalog.datasets.update', { name: 'open', discoverable: true, owner: 'olga' });
    await room.policy({
      roles: {
        recruiter: { grants: [{ dataset: 'staff', actions: ['read'] }] },
      },
      masks: [{ tag: 'pii.email', method: 'email' }],
      row_filters: [{ dataset: 'staff', roles: ['recruiter'], where: 'id = identity.person' }],
    });
    const key = await room.keyFor('recruiter', { person: '1' });
    const described = await room.call('catalog.datasets.describe', { name: 'staff' }, key);
    expect(described).toMatchObject({ row_count: null, size_bytes: null, filtered: true });
    expect(described.columns[1]).toMatchObject({ name: 'email', masked: true, mask: 'email' });
    expect(described.columns[1].mask_reasons.length).toBeGreaterThan(0);
    const { snapshots } = await room.call('catalog.datasets.snapshots', { name: 'staff' }, key);
    expect(snapshots[0]).toMatchObject({ row_count: null, added_rows: null });
    const listed = await room.call('catalog.datasets.list', {}, key);
    expect(
      listed.datasets.filter((one: { dataset: string }) => /^(open|staff|secret)$/.test(one.dataset)),
    ).toEqual([
      expect.objectContaining({
        dataset: 'open',
        owner: 'olga',
        actions: [],
        dataset_id: null,
        row_count: null,
      }),
      expect.objectContaining({ dataset: 'staff', actions: ['read'], row_count: null, column_count: 3 }),
    ]);
    const hidden = await room.refusal('catalog.datasets.describe', { name: 'secret' }, key);
    const absent = await room.refusal('catalog.datasets.describe', { name: 'absent' }, key);
    const sameAs = (error: typeof absent, name: string) =>
      JSON.parse(JSON.stringify(error).replaceAll(name, 'x'));
    expect(sameAs(hidden, 'secret')).toEqual(sameAs(absent, 'absent'));
    const { dataset_id: id } = await room.call('catalog.datasets.describe', { name: 'secret' });
    const hiddenId = await room.refusal('catalog.datasets.describe-by-id', { dataset_id: id }, key);
    expect(sameAs(hiddenId, id)).toEqual(sameAs(absent, 'absent'));
    for (const operation of ['update', 'delete']) {
      const refused = await room.refusal(`catalog.datasets.${operation}`, { name: 'secret' }, key);
      expect(refused.code).toBe(absent.code);
    }
    expect((await room.refusal('catalog.resync-missing', {}, key)).code).toBe('door.forbidden');
  });

  it('pages through the visible datasets only', async () => {
    for (let n = 0; n < 5; n++) {
      await room.call('catalog.datasets.register', {
        name: `page.p${n}`,
        columns: [{ name: 'x', type: 'long' }],
      });
    }
    const names: string[] = [];
    let token: string | null = null;
    do {
      const page: { datasets: { dataset: string }[]; next_page_token: string | null } = await room.call(
        'catalog.datasets.list',
        { prefix: 'page.', limit: 2, ...(token === null ? {} : { page_token: token }) },
      );
      names.push(...page.datasets.map((dataset) => dataset.dataset));
      token = page.next_page_token;
    } while (token !== null);
    expect(names).toEqual(['page.p0', 'page.p1', 'page.p2', 'page.p3', 'page.p4']);
    const refused = await room.refusal('catalog.datasets.list', { page_token: 'Kio' });
    expect(refused.code).toBe('catalog.page_invalid');
  });
});

describe('resync', () => {
  it('sweeps files that no dataset names after the grace period, and no others', async () => {
    await room.call('catalog.datasets.register', { name: 'swept', columns: [{ name: 'x', type: 'long' }] });
    const { dataset_id: id } = await room.call('catalog.datasets.describe', { name: 'swept' });
    await room.call('catalog.datasets.delete', { name: 'swept' });
    expect(await room.call('catalog.resync-missing', {})).toMatchObject({ swept_files: 0 });
    const folder = join(room.home, 'warehouse', id, 'metadata');
    const past = new Date(Date.now() - 2 * 86_400_000);
    for (const file of await readdir(folder)) await utimes(join(folder, file), past, past);
    const dry = await room.call('catalog.resync-missing', { dry_run: true });
    expect(dry).toMatchObject({ orphan_files: 1, swept_files: 0 });
    expect(await readdir(folder)).toHaveLength(1);
    expect(await room.call('catalog.resync-missing', {})).toMatchObject({ orphan_files: 1, swept_files: 1 });
    expect(await readdir(folder)).toEqual([]);
    expect(await room.call('catalog.resync-missing', {})).toMatchObject({
      swept_files: 0,
      datasets_missing_files: [],
    });
  });

  it('names a dataset whose file is gone, and sweeps nothing while metadata cannot be read', async () => {
    await registerPeople('broken');
    await rm(join(room.home, 'buckets/default/broken/a.parquet'));
    const { dataset_id: id } = await room.call('catalog.datasets.describe', { name: 'broken' });
    expect(await room.call('catalog.resync-missing', { dry_run: true })).toMatchObject({
      datasets_missing_files: [{ dataset: 'broken', dataset_id: id, missing_files: 1 }],
    });
  });

  it('tags what a newer detector finds', async () => {
    await registerPeople('resynced');
    found.version = '3';
    found.tags.push({ name: 'pay', tag: 'pii.pay' });
    const answer = await room.call('catalog.resync-metadata', { limit: 1_000 });
    expect(answer).toMatchObject({
      detector_version: '3',
      remaining: false,
      unreadable_datasets: ['broken'],
    });
    const one = answer.datasets.find((entry: { dataset: string }) => entry.dataset === 'resynced');
    expect(one.tags_added).toEqual([{ column: 'pay', tag: 'pii.pay', confidence: 0.9 }]);
    expect(await room.call('catalog.resync-metadata', {})).toMatchObject({
      datasets: [],
      unreadable_datasets: ['broken'],
      journal_event_id: null,
    });
  });
});

describe('comparing columns', () => {
  it('says what an append would do and suggests a rename', async () => {
    await room.call('catalog.datasets.register', {
      name: 'compared',
      columns: [
        { name: 'id', type: 'int' },
        { name: 'phone', type: 'string' },
      ],
    });
    const answer = await room.call('catalog.datasets.schema-diff', {
      name: 'compared',
      columns: [
        { name: 'id', type: 'BIGINT' },
        { name: 'phone_number', type: 'VARCHAR' },
      ],
    });
    expect(answer).toMatchObject({ dataset: 'compared', compatible: true });
    expect(answer.migration_rules.map((r: { rule: string; column: string }) => [r.rule, r.column])).toEqual([
      ['rename_column', 'phone'],
      ['widen_column', 'id'],
    ]);
  });
});
