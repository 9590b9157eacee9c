import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTaggingRoom, type TaggingRoom } from './datasets.fixture.ts';

let room: TaggingRoom;
beforeAll(async () => {
  room = await openTaggingRoom();
});
afterAll(() => room.close());

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
