import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type LakePolicy, type QueryLake } from '../../../test/support/query-lake.ts';

let lake: QueryLake;

beforeAll(async () => {
  lake = await createQueryLake();
  await lake.add({
    name: 'visits',
    fields: [
      { id: 1, name: 'id', required: true, type: 'long' },
      { id: 2, name: 'shop', required: false, type: 'string' },
      { id: 3, name: 'region', required: false, type: 'string' },
    ],
    files: [
      "SELECT i AS id, 's' || i % 2 AS shop, CASE WHEN i < 6 THEN 'north' ELSE 'south' END AS region FROM range(8) r(i)",
    ],
  });
});
afterAll(() => lake.close());

const CALLERS: readonly (readonly [string, LakePolicy])[] = [
  ['a row filter', { filter: "region = 'north'" }],
  ['a mask', { masks: { region: 'null' }, filter: 'id < 6' }],
];

// The usual way to the latest row of each group. Hidden rows take other optimizers away than these plans are made for.
describe('the first rows of each group', () => {
  it.each(CALLERS)('are found under %s', async (_, policy) => {
    const rows = async (sql: string) => {
      const answer = await lake.run({ sql, policies: { visits: policy } });
      return answer.ok ? JSON.parse(answer.text).rows : answer;
    };
    const bounds = [
      'QUALIFY row_number() OVER (PARTITION BY shop ORDER BY id DESC) = 1',
      'QUALIFY row_number() OVER (PARTITION BY shop ORDER BY id DESC) <= 1',
    ];
    for (const bound of bounds) {
      expect(await rows(`SELECT shop, id FROM visits ${bound} ORDER BY shop`)).toEqual([
        { shop: 's0', id: 4 },
        { shop: 's1', id: 5 },
      ]);
    }
    const lateral =
      'SELECT a.id, b.id AS next FROM visits a, LATERAL (SELECT id FROM visits b WHERE b.id > a.id ORDER BY id LIMIT 1) b ' +
      'ORDER BY a.id LIMIT 2';
    expect(await rows(lateral)).toEqual([
      { id: 0, next: 1 },
      { id: 1, next: 2 },
    ]);
  });
});
