import { expect, it } from 'vitest';
import { z } from 'zod';
import { inputMistake } from './input-mistake.ts';

const cases: readonly [string, z.ZodType, unknown, string][] = [
  ['a missing number', z.number(), undefined, 'is missing; it must be a number'],
  ['a missing string', z.string(), undefined, 'is missing; it must be a string'],
  ['a missing choice', z.enum(['x', 'y']), undefined, 'is missing; it must be one of "x", "y"'],
  ['a missing word', z.literal('q'), undefined, 'is missing; it must be "q"'],
  [
    'a missing member of several forms',
    z.union([z.string(), z.number()]),
    undefined,
    'is missing; it must be a string or a number',
  ],
  ['a member of no form', z.union([z.string(), z.number()]), true, 'must be a string or a number'],
  [
    'a member inside one of several forms',
    z.union([z.array(z.union([z.string(), z.null()])), z.record(z.string(), z.string())]),
    ['fine', {}],
    'its member 1 must be a string or null',
  ],
  ['another type', z.number(), 'secret', 'must be a number, not a string'],
  ['a list in place of an object', z.strictObject({}), [], 'must be an object, not a list'],
  ['null', z.array(z.string()), null, 'must be a list, not null'],
  ['a broken number', z.int(), 1.5, 'must be a whole number'],
  ['no finite number', z.number(), Number.NaN, 'must be a number, and finite'],
  ['a number in place of text', z.string(), 7, 'must be a string, not a number'],
  ['another choice', z.enum(['x', 'y']), 'secret', 'must be one of "x", "y"'],
  ['a small number', z.int().min(1), 0, 'must be at least 1'],
  ['a number at an open end', z.number().lt(5), 5, 'must be less than 5'],
  ['a long string', z.string().max(2), 'secret', 'must be at most 2 characters long'],
  ['an empty list', z.array(z.string()).min(1), [], 'must be a list of at least 1 element'],
  ['no time', z.iso.datetime({ offset: true }), 'tomorrow', 'must be a time such as 2030-01-31T08:00:00Z'],
  ['words of the schema', z.string().refine(() => false, { error: 'own words' }), 'a', 'own words'],
];

it.each(cases)('says what is expected of %s', (_name, schema, value, expected) => {
  const result = z.strictObject({ member: schema }).safeParse({ member: value }, { error: inputMistake });
  expect(result.error?.issues.map(({ path, message }) => [path, message])).toEqual([[['member'], expected]]);
});

it('says of the name of a member what the schema of names says', () => {
  const name = z.string().regex(/^[a-z]+$/, 'a name is lower case');
  const schema = z.strictObject({ members: z.record(name, z.string()) });
  const result = schema.safeParse({ members: { Region: 'x' } }, { error: inputMistake });
  expect(result.error?.issues.map(({ path, message }) => [path, message])).toEqual([
    [['members', 'Region'], 'cannot have this name: a name is lower case'],
  ]);
});
