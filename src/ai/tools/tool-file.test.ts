import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { createEnginePool, type EnginePool } from '../../lake/engine/index.ts';
import { type CheckedTool, checkToolFile } from './tool-file.ts';

let folder: string;
let engine: EnginePool;
const config = configSchema.parse({ engine: { processes: 1, small_processes: 0 } });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakehouse-tools-'));
  engine = await createEnginePool({ config, folder, log: createLogger({ level: 'silent' }) });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const check = (text: string): Promise<CheckedTool> =>
  checkToolFile(text, {
    parse: (sql) => engine.parse(sql, AbortSignal.timeout(60_000)),
    config,
    reservedNames: ['query'],
  });

const HEAD = `name = "found"
description = "Finds."
roles = ["analyst"]
`;
const PARAMETER = `
[parameters.properties.skill]
type = "string"
`;

describe('a tool file', () => {
  test('is a tool, with the defaults of what it does not say', async () => {
    const checked = await check(`${HEAD}sql = "SELECT $skill AS s"\n${PARAMETER}`);
    expect(checked).toMatchObject({
      ok: true,
      tool: {
        name: 'found',
        limit: 100,
        timeoutMs: null,
        sql: 'SELECT $skill AS s',
        parameters: {
          type: 'object',
          properties: { skill: { type: 'string', maxLength: 1_000 } },
          required: [],
          additionalProperties: false,
        },
      },
    });
  });

  test('may name a parameter in a string, a comment or dollar quotes without using it', async () => {
    const sql = `sql = """SELECT '$a', $$ $b $$ -- $c
  , "$d" FROM (SELECT 1 AS "$d")"""`;
    expect(await check(`${HEAD}${sql}\n`)).toMatchObject({ ok: true });
  });

  test.each([
    [
      'a parameter that is not declared',
      `${HEAD}sql = """\nSELECT 1\nWHERE 'x' = $skil\n"""\n${PARAMETER}`,
      [
        { line: 6, key: 'sql', message: 'The parameter $skil is not declared.', suggestion: 'skill' },
        { line: 9, key: 'parameters.properties.skill', suggestion: 'skil' },
      ],
    ],
    [
      'a parameter that is not used',
      `${HEAD}sql = "SELECT 1"\n${PARAMETER}`,
      [
        {
          line: 6,
          key: 'parameters.properties.skill',
          message: 'The statement does not use this parameter.',
        },
      ],
    ],
    ['a parameter by position', `${HEAD}sql = "SELECT ?"\n`, [{ line: 4, key: 'sql' }]],
    ['two statements', `${HEAD}sql = "SELECT 1; SELECT 2"\n`, [{ line: 4, key: 'sql' }]],
    ['what is no query', `${HEAD}sql = "DROP TABLE x"\n`, [{ line: 4, key: 'sql' }]],
    ['what is no SQL', `${HEAD}sql = "SELEC 1"\n`, [{ line: 4, key: 'sql' }]],
    [
      'an unknown key',
      `${HEAD}sql = "SELECT 1"\nlimits = 3\n`,
      [{ line: 5, key: 'limits', suggestion: 'limit' }],
    ],
    [
      'an unknown member of a parameter',
      `${HEAD}sql = "SELECT $skill"\n${PARAMETER}pattern = "x"\n`,
      [{ line: 8, key: 'parameters.properties.skill.pattern', message: 'Unknown key.' }],
    ],
    [
      'an unknown type',
      `${HEAD}sql = "SELECT $skill"\n${PARAMETER.replace('string', 'sting')}`,
      [{ line: 7, key: 'parameters.properties.skill.type', suggestion: 'string' }],
    ],
    [
      'a default that does not fit',
      `${HEAD}sql = "SELECT $skill"\n${PARAMETER}enum = ["a"]\ndefault = "b"\n`,
      [{ line: 9, key: 'parameters.properties.skill.default' }],
    ],
    [
      'a required parameter that is not there',
      `${HEAD}sql = "SELECT $skill"\nparameters.required = ["skil"]\n${PARAMETER}`,
      [
        {
          line: 5,
          key: 'parameters.required[0]',
          message: 'There is no parameter "skil", but there is "skill".',
        },
      ],
    ],
    [
      'limits that no query may have',
      `${HEAD}sql = "SELECT 1"\nlimit = 2_000_000\ntimeout_ms = 900_000\n`,
      [
        { line: 5, key: 'limit' },
        { line: 6, key: 'timeout_ms' },
      ],
    ],
    [
      'the name of a built-in tool',
      `${HEAD.replace('found', 'query')}sql = "SELECT 1"\n`,
      [{ line: 1, key: 'name' }],
    ],
    [
      'a name that is no name',
      `${HEAD.replace('found', 'Found It')}sql = "SELECT 1"\n`,
      [{ line: 1, key: 'name' }],
    ],
    ['a text that is no TOML', 'name = \n', [{ line: 1 }]],
  ])('is refused for %s', async (_name, text, problems) => {
    const checked = await check(text);
    expect(checked.ok ? [] : checked.problems).toMatchObject(problems);
  });
});
