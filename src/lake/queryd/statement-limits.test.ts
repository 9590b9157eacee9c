import { expect, it } from 'vitest';
import { isLakeError } from '../../base/index.ts';
import { configSchema } from '../../config/index.ts';
import { requireParsableSize } from './statement-limits.ts';

const limits = { ...configSchema.parse({}).query, max_sql_bytes: 2_000, max_ast_nodes: 20 };

function refusalOf(sql: string): string | null {
  try {
    requireParsableSize(sql, limits);
    return null;
  } catch (error) {
    if (!isLakeError(error)) throw error;
    return `${error.code}: ${error.detail}`;
  }
}

it.each([
  ['SELECT 1', null],
  [`SELECT '${'x'.repeat(1_900)}'`, null],
  [
    `SELECT '${'é'.repeat(1_000)}'`,
    'query.too_large: The statement has 2009 bytes; at most 2000 are allowed.',
  ],
  ['SELECT 1\0', 'query.syntax: The statement contains a NUL character.'],
])('before it is parsed, %j: %s', (sql, expected) => {
  expect(refusalOf(sql)).toBe(expected);
});

it('refuses a text of many words and signs before it is parsed, whatever they mean', () => {
  for (const sql of [
    `SELECT ${'-'.repeat(900)}1`,
    `SELECT ${'('.repeat(900)}`,
    `SELECT ${'1 '.repeat(900)}`,
  ]) {
    expect(refusalOf(sql)).toMatch(/^query\.too_large: The statement has more than \d+ words and signs\.$/);
  }
});
