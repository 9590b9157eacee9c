import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isLakeError } from '../base/index.ts';
import { type HttpRoute, readOperation } from '../govern/scope/index.ts';
import { createInputBuilder, type InputBuilder } from './input-builder.ts';
import { planRoute } from './route-plan.ts';

const operation = readOperation({
  name: 'sample.read',
  summary: 'Sample',
  description: 'Sample',
  input: z.strictObject({
    name: z.string(),
    key: z.string().optional(),
    limit: z.int().default(10),
    ratio: z.number().optional(),
    dry_run: z.boolean().default(false),
    tags: z.array(z.string()).optional(),
    numbers: z.array(z.int()).optional(),
    mode: z.enum(['a', 'b']).nullable().optional(),
    filter: z.record(z.string(), z.unknown()).optional(),
    id: z.union([z.string(), z.int()]).optional(),
    etag: z.string().optional(),
  }),
  output: z.null(),
  access: { kind: 'public', reason: 'a sample' },
  truth: { before: { none: 'a sample' }, after: { none: 'a sample' } },
  run: async () => ({ kind: 'value', value: null }),
});

const route: HttpRoute = {
  operation: 'sample.read',
  method: 'POST',
  path: '/samples/{name}',
  body: 'json',
  query: ['limit', 'ratio', 'dry_run', 'tags', 'numbers', 'mode', 'filter', 'id'],
  headers: { 'if-match': 'etag' },
};

function gather(
  parts: {
    query?: string;
    headers?: Record<string, string>;
    route?: HttpRoute;
    params?: Record<string, string>;
  },
  more: (input: InputBuilder) => void = () => {},
): unknown {
  const plan = planRoute(parts.route ?? route, new Map([[operation.name, operation]]));
  try {
    const input = createInputBuilder(plan, {
      params: parts.params ?? { name: 'n' },
      query: parts.query ?? '',
      header: (name) => parts.headers?.[name],
    });
    more(input);
    return { ...input.input() };
  } catch (error) {
    if (isLakeError(error)) return error.code;
    throw error;
  }
}

describe('one input out of the places of a request', () => {
  it.each([
    ['limit=5', { limit: 5 }],
    ['limit=-5', { limit: -5 }],
    ['ratio=0.25', { ratio: 0.25 }],
    ['dry_run=true', { dry_run: true }],
    ['dry_run=TRUE', { dry_run: 'TRUE' }],
    ['limit=five', { limit: 'five' }],
    ['limit=99999999999999999999', { limit: '99999999999999999999' }],
    ['limit=', { limit: '' }],
    ['tags=a&tags=b', { tags: ['a', 'b'] }],
    ['tags=a', { tags: ['a'] }],
    ['numbers=1&numbers=2', { numbers: [1, 2] }],
    ['numbers=[1,2]', { numbers: [1, 2] }],
    ['mode=a', { mode: 'a' }],
    ['filter={"a":1}', { filter: { a: 1 } }],
    ['id=12', { id: '12' }],
    ['mode=a%20b', { mode: 'a b' }],
  ])('reads %s as the type the schema asks for', (query, expected) => {
    expect(gather({ query })).toEqual({ name: 'n', ...expected });
  });

  it('takes listed headers and the body', () => {
    const given = gather({ headers: { 'if-match': '"e"' } }, (input) => input.addBody({ limit: 3 }));
    expect(given).toEqual({ name: 'n', etag: '"e"', limit: 3 });
  });

  it.each([
    ['twice in the query', { query: 'limit=1&limit=2' }, () => {}],
    ['in the query and the body', { query: 'limit=1' }, (input: InputBuilder) => input.addBody({ limit: 2 })],
    ['in the path and the body', {}, (input: InputBuilder) => input.addBody({ name: 'other' })],
    [
      'in a header and the body',
      { headers: { 'if-match': 'x' } },
      (input: InputBuilder) => input.addBody({ etag: 'y' }),
    ],
    [
      'twice in the form',
      {},
      (input: InputBuilder) => {
        input.addForm('limit', '1');
        input.addForm('limit', '1');
      },
    ],
  ])('refuses a name given %s', (_, parts, more) => {
    expect(gather(parts, more)).toBe('gateway.parameter_repeated');
  });

  it('refuses a query parameter that is not listed, also where the operation knows the name', () => {
    expect(gather({ query: 'etag=x' })).toBe('gateway.parameter_unknown');
    expect(gather({ query: 'name=x' })).toBe('gateway.parameter_unknown');
  });

  it('keeps __proto__ an ordinary, own member for the schema to refuse', () => {
    const body = JSON.parse('{"__proto__": {"admin": true}}');
    const given = gather({}, (input) => input.addBody(body)) as object;
    expect(Object.getPrototypeOf(given)).toBe(Object.prototype);
    expect(Object.hasOwn(given, '__proto__') || !('admin' in given)).toBe(true);
  });

  it('refuses at start a route that names what its operation does not take', () => {
    const wrong = { ...route, query: ['colour'] };
    expect(() => planRoute(wrong, new Map([[operation.name, operation]]))).toThrow(/takes no `colour`/);
  });

  it('takes the rest of the path for a last {*key}', () => {
    const rest: HttpRoute = {
      operation: 'sample.read',
      method: 'GET',
      path: '/s/{name}/{*key}',
      body: 'none',
    };
    expect(gather({ route: rest, params: { name: 'n', '*': 'a/b c/d' } })).toEqual({
      name: 'n',
      key: 'a/b c/d',
    });
  });
});
