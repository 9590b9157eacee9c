import { describe, expect, test } from 'vitest';
import { ColumnTally } from './column-tally.ts';

function typeOf(texts: readonly (string | null)[], policy: 'strict' | 'abort' | 'quarantine'): string {
  const tally = new ColumnTally();
  for (const text of texts) tally.add(text);
  return tally.type(policy);
}

const numbers = Array.from({ length: 200 }, (_, index) => String(index + 1));

describe('the type of a column', () => {
  test.each([
    ['no value', [null, ''], 'strict', 'string'],
    ['numbers', numbers, 'strict', 'long'],
    ['numbers and nothing', [...numbers, null, ''], 'strict', 'long'],
    ['numbers and a fraction', [...numbers, '1.5'], 'strict', 'double'],
    ['long numbers and a fraction', ['9007199254740993', '1.5'], 'strict', 'string'],
    ['numbers beyond 64 bits', ['1', '99999999999999999999'], 'strict', 'decimal(38, 0)'],
    ['one word among 200 numbers, strictly', [...numbers, 'n/a'], 'strict', 'string'],
    ['one word among 200 numbers', [...numbers, 'n/a'], 'abort', 'long'],
    ['one word among three', ['1', '2', 'n/a'], 'abort', 'string'],
    ['one word among three, set aside', ['1', '2', 'n/a'], 'quarantine', 'long'],
    ['a word and a number', ['1', 'n/a'], 'quarantine', 'string'],
    ['many words', [...numbers, ...Array.from({ length: 20 }, () => 'x')], 'quarantine', 'string'],
    ['one code with leading zeros among numbers', [...numbers, '00501'], 'abort', 'string'],
    ['one code with leading zeros, set aside', [...numbers, '00501'], 'quarantine', 'string'],
    ['one phone number among numbers', [...numbers, '+49 30 1234'], 'quarantine', 'string'],
  ] as const)('%s', (_name, texts, policy, type) => {
    expect(typeOf(texts, policy)).toBe(type);
  });

  test('does not depend on where the odd value stands', () => {
    for (const at of [0, 100, 200]) {
      expect(typeOf([...numbers.slice(0, at), 'n/a', ...numbers.slice(at)], 'abort')).toBe('long');
    }
  });
});
