import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaggingRoom, type TaggingRoom } from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

describe('registering declared columns', () => {
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
