import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from './name-pattern.ts';

describe('name pattern', () => {
  it.each([
    ['candidates', 'candidates', true],
    ['candidates', 'candidates2', false],
    ['candidates', 'Candidates', false],
    ['flights*', 'flights', true],
    ['flights*', 'flights_3m', true],
    ['flights*', 'my_flights', false],
    ['sales.*', 'sales.orders', true],
    ['sales.*', 'sales', false],
    ['sales.*', 'salesXorders', false],
    ['sales.*.eu', 'sales.orders.eu', true],
    ['*', 'anything.at.all', true],
    ['a*b*c', 'a1b2b3c', true],
    ['a*b*c', 'a1c2b', false],
    ['', '', true],
    ['', 'a', false],
  ])('%j against %j is %s', (pattern, name, expected) => {
    expect(matchesPattern(pattern, name)).toBe(expected);
  });

  it('agrees with a regular expression on any pattern', () => {
    const text = (units: string) => fc.string({ unit: fc.constantFrom(...units), maxLength: 12 });
    fc.assert(
      fc.property(text('ab.*'), text('ab.'), (pattern, name) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*');
        expect(matchesPattern(pattern, name)).toBe(new RegExp(`^${source}$`).test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes bounded steps on a pattern made to backtrack', () => {
    expect(matchesPattern(`${'a*'.repeat(100)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});
