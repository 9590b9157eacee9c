import { readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaggingRoom, registerPeople, type TaggingRoom } from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

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

  it('keeps the earlier metadata files that the log of a dataset names', async () => {
    await room.call('catalog.datasets.register', { name: 'logged', columns: [{ name: 'x', type: 'int' }] });
    const change = { name: 'logged', rename_columns: [{ from: 'x', to: 'y' }] };
    await room.call('catalog.datasets.update', change);
    const { dataset_id: id } = await room.call('catalog.datasets.describe', { name: 'logged' });
    const folder = join(room.home, 'warehouse', id, 'metadata');
    const files = await readdir(folder);
    expect(files).toHaveLength(2);
    for (const file of files) await utimes(join(folder, file), 0, 0);
    await room.call('catalog.resync-missing', {});
    expect(await readdir(folder)).toEqual(files);
  });

  it('names a dataset whose file is gone, and sweeps nothing while metadata cannot be read', async () => {
    await registerPeople(room, 'broken');
    await rm(join(room.home, 'buckets/default/broken/a.parquet'));
    const { dataset_id: id } = await room.call('catalog.datasets.describe', { name: 'broken' });
    expect(await room.call('catalog.resync-missing', { dry_run: true })).toMatchObject({
      datasets_missing_files: [{ dataset: 'broken', dataset_id: id, missing_files: 1 }],
    });
  });

  it('tags what a newer detector finds', async () => {
    await registerPeople(room, 'resynced');
    room.found.version = '3';
    room.found.tags.push({ name: 'pay', tag: 'pii.pay' });
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
