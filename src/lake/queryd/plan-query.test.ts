import { afterAll, beforeAll, expect, it } from 'vitest';
import { lakeCatalog, type Version } from '../../../test/support/lake-catalog.ts';
import { createQueryLake, type QueryLake } from '../../../test/support/query-lake.ts';
import { createLogger, systemClock } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { scopeIssuer } from '../../govern/scope/index.ts';
import { planQuery } from './plan-query.ts';

let lake: QueryLake;
beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 0, threads: 1 } });
});
afterAll(() => lake.close());

it('decides on one state of a dataset, however often it is named while it changes', async () => {
  const versions: Version[] = [];
  // A column more at every look: masks of an earlier state would not cover it.
  const catalog = lakeCatalog(() => {
    const id = versions.length + 1;
    const before = versions.at(-1)?.schema.fields ?? [];
    const fields = [...before, { id, name: `c${id}`, required: false, type: 'string' }];
    versions.push({
      snapshotId: String(id),
      timeMs: id,
      schema: { 'schema-id': id, type: 'struct', fields },
      files: [],
    });
    return versions;
  });
  const scope = scopeIssuer.resolve({
    requestId: 'r1',
    identity: { name: 'ada', role: 'analyst', attributes: new Map(), keyId: 'k', onBehalfOf: null },
    signal: new AbortController().signal,
    log: createLogger({ level: 'silent' }),
  });
  const sql = [1, 2, 3]
    .map((version) => `SELECT * FROM t AT (VERSION => ${version})`)
    .concat('SELECT * FROM t', 'SELECT * FROM t AT (VERSION => 1)', 'SELECT * FROM t')
    .join(' UNION ALL BY NAME ');
  const deps = { engine: lake.engine, catalog, limits: configSchema.parse({}).query, clock: systemClock };
  const { planned, demands } = await planQuery(deps, scope, { sql, params: [], timeoutMs: 60_000 });
  expect(demands).toHaveLength(6);
  expect(new Set(demands.map(({ facts }) => facts)).size).toBe(1);
  expect(new Set(planned.tables.map(({ pinned }) => pinned.facts)).size).toBe(1);
});
