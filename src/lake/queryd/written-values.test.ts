import { createSecretKey, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createQueryLake, type QueryLake } from '../../../test/support/query-lake.ts';
import type { EngineParameters, EngineValue } from '../engine/index.ts';
import type { PlannedQuery } from './plan-query.ts';
import { giveSecretNames } from './secret-names.ts';
import { writeValues } from './written-values.ts';

let lake: QueryLake;
beforeAll(async () => {
  lake = await createQueryLake({ engine: { processes: 1, small_processes: 0, threads: 1 } });
});
afterAll(() => lake.close());

const VALUES: readonly EngineValue[] = [
  null,
  true,
  false,
  0,
  -5,
  2_147_483_648,
  -9_007_199_254_740_991,
  9_007_199_254_740_992,
  1.5,
  5e-324,
  1.797_693_134_862_315_7e308,
  '',
  "it's",
  "'; SELECT 1 --",
  '\\',
  "$1 $name $$ E'\\'",
  'é\u202e\n\t',
  '2024-02-29',
  '12',
  'x'.repeat(2_000),
  'a\0b',
];
const EXPRESSIONS = [
  '$v',
  'typeof($v)',
  '[$v, $v]',
  '{a: $v}',
  'coalesce($v, 7)',
  '$v IS NULL',
  '$v = 12',
  "$v = DATE '2024-02-29'",
  "$v || '/'",
  '$v + 1',
  'length($v)',
  'list_transform([1, 2], lambda x: $v)',
  'CASE WHEN true THEN $v ELSE 1 END',
] as const;

async function run(sql: string, parameters: EngineParameters): Promise<unknown> {
  const lease = await lake.engine.lease({
    lane: 'query',
    readFiles: [],
    writeFiles: [],
    memoryLimitMb: 256,
    timeoutMs: 20_000,
    signal: new AbortController().signal,
  });
  try {
    const stream = await lease.stream(sql, parameters, 'ndjson');
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.chunks) chunks.push(chunk);
    return { columns: stream.columns, text: Buffer.concat(chunks).toString('utf8') };
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  } finally {
    await lease.release();
  }
}

function namesOf(parameters: Readonly<Record<string, EngineValue>>) {
  const statement = { node: { type: 'SELECT_NODE' } };
  const planned: PlannedQuery = {
    sql: '',
    startedMs: 0,
    statement,
    parameters,
    tables: [],
    unreadable: null,
  };
  return giveSecretNames(createSecretKey(randomBytes(32)), planned);
}

describe('writeValues', () => {
  it.each(VALUES.map((value) => [JSON.stringify(value).slice(0, 40), value] as const))(
    'gives %s the type and the value that binding gives it',
    async (_, value) => {
      const names = namesOf({ v: value });
      const [name = ''] = Object.keys(names.parameters);
      const sql = `SELECT ${EXPRESSIONS.map((e, at) => `TRY(${e.replaceAll('$v', `$${name}`)}) AS e${at}`)
        .filter((e) => !e.includes('DATE') || typeof value === 'string')
        .join(', ')}`;
      const written = writeValues(sql, names);
      for (const part of [sql, ...EXPRESSIONS.map((e) => `SELECT ${e.replaceAll('$v', `$${name}`)} AS e`)]) {
        const { sql: text, parameters } = writeValues(part, names);
        expect(await run(text, parameters), part).toEqual(await run(part, names.parameters));
      }
      const stays = typeof value === 'string' && (value.length > 1_000 || value.includes('\0'));
      expect(written.sql.includes(name)).toBe(stays);
    },
    60_000,
  );

  it('leaves alone what only looks like a parameter', () => {
    const names = namesOf({ v: 1 });
    const [name = ''] = Object.keys(names.parameters);
    const other = namesOf({ v: 1 });
    const [foreign = ''] = Object.keys(other.parameters);
    expect(writeValues(`SELECT '$v $p1 $${foreign}', $${name}`, names)).toEqual({
      sql: `SELECT '$v $p1 $${foreign}', CAST('1' AS INTEGER)`,
      parameters: {},
    });
  });

  it('binds nothing for a parameter that is not there any more', () => {
    const names = namesOf({ a: 'x'.repeat(2_000), b: 2 });
    const [a = '', b = ''] = Object.keys(names.parameters);
    expect(writeValues(`SELECT $${a}`, names).parameters).toEqual({ [a]: 'x'.repeat(2_000) });
    expect(writeValues(`SELECT $${b}`, names).parameters).toEqual({ [b]: 2 });
  });
});

describe('giveSecretNames', () => {
  const statement = () => ({
    node: { type: 'SELECT_NODE', select_list: [{ class: 'PARAMETER', identifier: 'A' }] },
    named_param_map: [{ key: 'a', value: 1 }],
  });
  const planned = (of: PlannedQuery['statement']): PlannedQuery => ({
    sql: '',
    startedMs: 0,
    statement: of,
    parameters: { a: 1 },
    tables: [],
    unreadable: null,
  });
  const key = createSecretKey(randomBytes(32));

  it('gives the same query the same names, and any other query or key others', () => {
    const [one, same, other] = [statement(), statement(), { ...statement(), more: 1 }];
    const names = giveSecretNames(key, planned(one));
    expect(giveSecretNames(key, planned(same)).scan(0)).toBe(names.scan(0));
    expect(giveSecretNames(key, planned(other)).scan(0)).not.toBe(names.scan(0));
    expect(giveSecretNames(createSecretKey(randomBytes(32)), planned(statement())).scan(0)).not.toBe(
      names.scan(0),
    );
  });

  it('is no use to a query that holds the names of another: its own are different', () => {
    const leaked = giveSecretNames(key, planned(statement())).scan(0);
    const holding = { ...statement(), from_table: { type: 'BASE_TABLE', table_name: leaked } };
    expect(giveSecretNames(key, planned(holding)).scan(0)).not.toBe(leaked);
  });

  it('renames every parameter, however its name is written', () => {
    const renamed = statement();
    const names = giveSecretNames(key, planned(renamed));
    const [name] = Object.keys(names.parameters);
    expect(renamed.node.select_list[0]?.identifier).toBe(name);
    expect(renamed.named_param_map[0]?.key).toBe(name);
  });
});
