import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../../base/index.ts';
import { type Condition, conditionSchema, predicateOf } from './condition.ts';

const CONTEXT: JsonObject = JSON.parse(`{
  "text": "Ann <ann@example.com>", "count": 3, "zero": 0, "yes": true, "nothing": null, "empty": "",
  "big": "9007199254740993", "list": ["a", {"b": [10, 20]}], "none": [], "bare": {},
  "nested": {"deep": {"value": 7}}, "__proto__": {"own": 1}
}`);

function check(condition: Condition, expected: boolean) {
  expect(conditionSchema.safeParse(condition).success).toBe(true);
  expect(predicateOf(condition)(CONTEXT)).toBe(expected);
}

test.each<[Condition, boolean]>([
  [{ type: 'Always' }, true],
  [{ type: 'FieldEquals', field: 'count', value: 3 }, true],
  [{ type: 'FieldEquals', field: 'count', value: '3' }, false],
  [{ type: 'FieldEquals', field: 'yes', value: true }, true],
  [{ type: 'FieldEquals', field: 'zero', value: false }, false],
  [{ type: 'FieldEquals', field: 'nested.deep.value', value: 7 }, true],
  [{ type: 'FieldEquals', field: 'list.1.b.0', value: 10 }, true],
  [{ type: 'FieldEquals', field: 'list.01', value: 'a' }, false],
  [{ type: 'FieldEquals', field: 'list.length', value: 2 }, false],
  [{ type: 'FieldGreater', field: 'count', value: 2 }, true],
  [{ type: 'FieldGreater', field: 'count', value: 3 }, false],
  [{ type: 'FieldGreater', field: 'big', value: 9e15 }, true],
  [{ type: 'FieldGreater', field: 'text', value: -1 }, false],
  [{ type: 'FieldGreater', field: 'missing', value: -1 }, false],
  [{ type: 'FieldLess', field: 'missing', value: 1 }, false],
  [{ type: 'FieldLess', field: 'nothing', value: 1 }, false],
  [{ type: 'FieldLess', field: 'zero', value: 1 }, true],
  [{ type: 'FieldIn', field: 'list.0', values: ['b', 'a'] }, true],
  [{ type: 'FieldIn', field: 'count', values: ['3', true] }, false],
  [{ type: 'FieldMatches', field: 'text', pattern: '[a-z]+@[a-z.]+' }, true],
  [{ type: 'FieldMatches', field: 'text', pattern: '^ann' }, false],
  [{ type: 'FieldMatches', field: 'list', pattern: '^a$' }, true],
  [{ type: 'FieldMatches', field: 'count', pattern: '3' }, false],
  [{ type: 'All', of: [{ type: 'Always' }, { type: 'FieldEmpty', field: 'none' }] }, true],
  [{ type: 'Any', of: [{ type: 'FieldEmpty', field: 'count' }] }, false],
  [{ type: 'Not', of: { type: 'FieldEquals', field: 'missing', value: 1 } }, true],
])('%j over the context is %s', check);

test.each([
  ['missing', true],
  ['nothing', true],
  ['empty', true],
  ['none', true],
  ['bare', true],
  ['zero', false],
  ['yes', false],
  ['list', false],
  ['list.5', true],
  ['nested.other', true],
])('the field %s is empty: %s', (field, expected) => check({ type: 'FieldEmpty', field }, expected));

test.each([
  'constructor',
  'toString',
  'nested.__proto__',
  'list.constructor',
  'text.length',
  'hasOwnProperty.name',
])('follows own members alone: %s names nothing', (field) => check({ type: 'FieldEmpty', field }, true));

test('follows a member named __proto__ that the JSON itself has', () => {
  check({ type: 'FieldEquals', field: '__proto__.own', value: 1 }, true);
});

test.each([
  [{ type: 'FieldMatches', field: 'a', pattern: '(' }],
  [{ type: 'FieldMatches', field: 'a', pattern: '(a)\\1' }],
  [{ type: 'FieldMatches', field: 'a', pattern: '(?=a)' }],
  [{ type: 'FieldMatches', field: 'a', pattern: 'a{1000}{1000}' }],
  [{ type: 'FieldMatches', field: 'a', pattern: 'x'.repeat(513) }],
  [{ type: 'FieldEmpty', field: 'a..b' }],
  [{ type: 'FieldEmpty', field: Array(40).fill('a').join('.') }],
  [{ type: 'FieldEquals', field: 'a', value: null }],
  [{ type: 'FieldEquals', field: 'a', value: { b: 1 } }],
  [{ type: 'All', of: [] }],
  [{ type: 'Always', extra: 1 }],
  [{ type: 'Never' }],
])('refuses the condition %j', (condition) => {
  expect(conditionSchema.safeParse(condition).success).toBe(false);
});

test('a pattern that would be catastrophic by backtracking answers, and a text too long is refused', () => {
  const predicate = predicateOf({ type: 'FieldMatches', field: 'text', pattern: '(a+)+$|(a|aa)*c' });
  expect(predicate({ text: `${'a'.repeat(50_000)}!` })).toBe(false);
  expect(() => predicate({ text: 'a'.repeat(30_000_000) })).toThrow();
});

const value = fc.oneof(
  { maxDepth: 2 },
  fc.constantFrom<JsonValue>('', 'a', 'b', '1', 0, 1, 2, true, false, null),
  fc.array(fc.constantFrom<JsonValue>('a', 1, null), { maxLength: 2 }),
);
const key = fc.constantFrom('a', 'b', 'c', '__proto__', '0');
const context: fc.Arbitrary<JsonObject> = fc
  .array(fc.tuple(key, fc.oneof(value, fc.array(fc.tuple(key, value), { maxLength: 3 }).map(ownObject))), {
    maxLength: 4,
  })
  .map(ownObject);
const field = fc.array(key, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
const scalar = fc.constantFrom<string | number | boolean>('a', 'b', '1', 0, 1, true, false);
const parts = (one: fc.Arbitrary<Condition>) => fc.array(one, { minLength: 1, maxLength: 3 });
const number = fc.integer({ min: 0, max: 2 });
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Condition>({ type: 'Always' }),
    fc.record({ type: fc.constant('FieldEquals' as const), field, value: scalar }),
    fc.record({ type: fc.constant('FieldEmpty' as const), field }),
    fc.record({ type: fc.constant('FieldGreater' as const), field, value: number }),
    fc.record({ type: fc.constant('FieldLess' as const), field, value: number }),
    fc.record({
      type: fc.constant('FieldIn' as const),
      field,
      values: fc.array(scalar, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      type: fc.constant('FieldMatches' as const),
      field,
      pattern: fc.constantFrom('a', '^b$', '[0-9]'),
    }),
    fc.record({ type: fc.constant('All' as const), of: parts(tie('condition')) }),
    fc.record({ type: fc.constant('Any' as const), of: parts(tie('condition')) }),
    fc.record({ type: fc.constant('Not' as const), of: tie('condition') }),
  ),
}));

test('agrees with a plain reference over random conditions and contexts', () => {
  fc.assert(
    fc.property(condition, context, (tree, json) => {
      expect(predicateOf(tree)(json)).toBe(reference(tree, json));
    }),
    { numRuns: 3_000 },
  );
});

/** Written from the documentation of the conditions, over entries instead of property access. */
function reference(tree: Condition, json: JsonValue): boolean {
  if (tree.type === 'Always') return true;
  if (tree.type === 'Not') return !reference(tree.of, json);
  if (tree.type === 'All') return !tree.of.some((part) => !reference(part, json));
  if (tree.type === 'Any') return tree.of.filter((part) => reference(part, json)).length > 0;
  let found: JsonValue | undefined = json;
  for (const part of tree.field.split('.')) {
    const entries: [string, JsonValue][] =
      typeof found === 'object' && found !== null ? Object.entries(found as JsonObject) : [];
    found = new Map(entries).get(part);
  }
  const text = JSON.stringify(found);
  if (tree.type === 'FieldEmpty') return [undefined, 'null', '""', '[]', '{}'].includes(text);
  if (tree.type === 'FieldEquals') return text === JSON.stringify(tree.value);
  if (tree.type === 'FieldIn')
    return tree.values.map((one) => JSON.stringify(one)).includes(text ?? 'missing');
  if (tree.type === 'FieldMatches') {
    const texts = [found].flat(1).filter((one) => typeof one === 'string');
    return texts.some((one) => new RegExp(tree.pattern, 'u').test(one));
  }
  if (typeof found !== 'number' && !(typeof found === 'string' && found === '1')) return false;
  return tree.type === 'FieldGreater' ? Number(found) > tree.value : Number(found) < tree.value;
}

function ownObject(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const object: Record<string, JsonValue> = {};
  for (const [name, member] of entries) {
    Object.defineProperty(object, name, {
      value: member,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
