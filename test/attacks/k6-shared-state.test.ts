import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type LakePolicy, type QueryLake } from '../support/query-lake.ts';

// K-6: nothing made for one caller (an answer, a statement, a plan, an instance) serves another.
let lake: QueryLake;

const FIELDS = [
  { id: 1, name: 'id', required: true, type: 'long' },
  { id: 2, name: 'email', required: false, type: 'string' },
  { id: 3, name: 'region', required: false, type: 'string' },
] as const;

beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 2, small_processes: 1, threads: 1 } });
  await lake.add({
    name: 'people',
    fields: FIELDS,
    files: [
      "SELECT i AS id, 'e' || i AS email, CASE i % 2 WHEN 0 THEN 'north' ELSE 'south' END AS region FROM range(4) r(i)",
    ],
  });
});
afterAll(() => lake.close());

const SQL = 'SELECT id, email FROM people ORDER BY id';
const CALLERS: readonly (readonly [LakePolicy, unknown])[] = [
  [{}, [0, 1, 2, 3].map((id) => ({ id, email: `e${id}` }))],
  [{ masks: { email: 'null' } }, [0, 1, 2, 3].map((id) => ({ id, email: null }))],
  [
    { filter: 'region = identity.region', identity: { region: 'north' } },
    [0, 2].map((id) => ({ id, email: `e${id}` })),
  ],
  [
    { filter: 'region = identity.region', identity: { region: 'south' } },
    [1, 3].map((id) => ({ id, email: `e${id}` })),
  ],
  [{ filter: 'region = identity.region', identity: { region: "south' OR '1'='1" } }, []],
];

describe('K-6', () => {
  it('answers the same SQL to each caller by the caller’s own policy, at once and in turn', async () => {
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(
        CALLERS.map(([policy]) => lake.run({ sql: SQL, policies: { people: policy } })),
      );
      expect(answers.map((answer) => answer.ok && JSON.parse(answer.text).rows)).toEqual(
        CALLERS.map(([, rows]) => rows),
      );
    }
  });

  it('answers the same SQL for other values, whoever asked before', async () => {
    const sql = 'SELECT id, email FROM people WHERE id >= $1 AND email <> $2 ORDER BY id';
    for (const [from, without] of [
      [0, 'e1'],
      [2, 'e1'],
      [2, "e3' OR '1'='1"],
      [0, 'e0'],
    ] as const) {
      const answers = await Promise.all(
        CALLERS.map(([policy]) => lake.run({ sql, params: [from, without], policies: { people: policy } })),
      );
      const expected = CALLERS.map(([, all]) =>
        (all as { id: number; email: string | null }[]).filter(
          ({ id, email }) => id >= from && email !== null && email !== without,
        ),
      );
      expect(answers.map((answer) => answer.ok && JSON.parse(answer.text).rows)).toEqual(expected);
    }
  });

  it('reads a new snapshot at once', async () => {
    const count = async () => {
      const answer = await lake.run({ sql: 'SELECT count(*) AS n FROM grown' });
      return answer.ok && JSON.parse(answer.text).rows[0].n;
    };
    await lake.add({ name: 'grown', fields: [FIELDS[0]], files: ['SELECT 1 AS id'] });
    expect(await count()).toBe(1);
    await lake.add({ name: 'grown', fields: [FIELDS[0]], files: ['SELECT 1 AS id', 'SELECT 2 AS id'] });
    expect(await count()).toBe(2);
  });

  it('keeps prepared statements, variables and temporary tables from crossing requests', async () => {
    for (const sql of ['EXECUTE p', "SELECT getvariable('x')", 'SELECT * FROM temp.main.t']) {
      expect((await lake.run({ sql })).ok).toBe(false);
    }
  });
});
