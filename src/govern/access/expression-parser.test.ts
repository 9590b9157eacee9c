import { beforeAll, describe, expect, it } from 'vitest';
import { policyParser } from '../../../test/support/policy-parser.ts';
import type { ExpressionParser } from './expression-parser.ts';

let parser: ExpressionParser;
beforeAll(async () => {
  parser = await policyParser();
});

describe('expression parser', () => {
  it.each([
    ['region = identity.region', ['region'], ['region']],
    ["address.zip LIKE identity.zip_prefix || '%' -- comment", ['address.zip'], ['zip_prefix']],
    ['lower("Full Name") IN (\'a\', lower(identity.name))', ['Full Name'], ['name']],
    ["CASE WHEN consent THEN left(email, 3) ELSE 'hidden' END", ['consent', 'email'], []],
    ['hired BETWEEN today() - INTERVAL 1 YEAR AND today()', ['hired'], []],
    ['CAST(pay AS BIGINT) // 10000 * 10000 > 5 AND a IS NOT NULL OR NOT b', ['pay', 'a', 'b'], []],
    ['true', [], []],
    ["list_contains(regions, identity.region) AND skill['name'] = 'x'", ['regions', 'skill'], ['region']],
  ])('reads the names of %s', async (sql, columns, attributes) => {
    const result = await parser.parse(sql);
    if (!result.ok) throw new Error(result.message);
    expect(result.expression.columnNames).toEqual(columns);
    expect(result.expression.identityNames).toEqual(attributes);
  });

  it.each([
    ['', 0],
    ['region =', 8],
    ['region = = 1', 9],
    ['1) FROM secrets WHERE (1', null],
    ['1) FROM (SELECT 1', null],
    ['1) x FROM (SELECT 1', null],
    ['1), (2', null],
    ['1) UNION SELECT (2', null],
    ['1) LIMIT (1', null],
    ['1; SELECT 2', 1],
    ['1) -- ', 6],
    ['(SELECT 1)', 0],
    ['EXISTS (SELECT 1)', 0],
    ['a = ANY (SELECT 1)', 2],
    ['count(*) > 1', 0],
    ['sum(pay) > 1', 0],
    ['rank() OVER () = 1', 0],
    ['max(a) FILTER (WHERE b) = 1', 0],
    ['a = $1', null],
    ['a = ?', null],
    ['*', 0],
    ["COLUMNS('a')", 0],
    ['list_transform(a, x -> x)', 0],
    ["getenv('HOME') = 'x'", 0],
    ["read_text('/etc/passwd') = 'x'", 0],
    ["upper(name) = current_setting('x')", 14],
    ['random() > 0.5', 0],
    ["error('x')", 0],
    ['unnest(a)', 0],
    ['try(a)', null],
    ['coalesce(a, grouping(b)) = 1', 12],
    ['other.lower(a)', 0],
    ['identity = 1', 0],
    ['identity.a.b = 1', 0],
    ['Identity.region = 1', 0],
    ['identity."__proto__" = 1', 0],
    ["äöü = 'ä' AND random() > 1", 14],
  ])('refuses %s at %s', async (sql, position) => {
    const result = await parser.parse(sql);
    expect(result.ok).toBe(false);
    if (!result.ok && position !== null) expect(result.position).toBe(position);
  });

  it('keeps numbers of the tree as the engine wrote them', async () => {
    const result = await parser.parse('a = 18446744073709551615 OR b = 1e3');
    if (!result.ok) throw new Error(result.message);
    expect(result.expression.node).toContain('"lower":18446744073709551615');
    expect(result.expression.node).toContain('1000.0');
  });

  it('refuses an expression beyond its limits', async () => {
    const many = await parser.parse(Array.from({ length: 600 }, () => 'a').join(' AND '));
    expect(many.ok).toBe(false);
    const deep = await parser.parse(`${'NOT '.repeat(100)}a`);
    expect(deep.ok).toBe(false);
  });
});
