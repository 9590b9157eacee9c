import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaggingRoom, registerPeople, type TaggingRoom } from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

describe('what a caller may know', () => {
  it('shows masks with reasons, holds counts back under a row filter, and hides what is not granted', async () => {
    await registerPeople(room, 'staff');
    await registerPeople(room, 'secret');
    await registerPeople(room, 'open');
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
