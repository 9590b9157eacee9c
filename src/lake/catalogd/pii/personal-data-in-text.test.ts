import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seedOfRun } from '../../../../test/faults/seeded-random.ts';
import { personalDataInText } from './index.ts';

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const digits = (count: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: count, maxLength: count });
const letters = fc.string({ unit: fc.constantFrom(...'abzéЖ人'), minLength: 1, maxLength: 12 });
const local = fc.string({ unit: fc.constantFrom(...`abzé人09._%+'-`), minLength: 1, maxLength: 64 });
const email = fc
  .tuple(local, fc.array(letters, { minLength: 1, maxLength: 4 }))
  .map(([name, labels]) => `${name}@${labels.join('.')}.org`);
const international = fc
  .tuple(
    fc.constantFrom('+44', '+1', '+353'),
    fc.array(digits(4), { minLength: 2, maxLength: 4 }),
    fc.constantFrom(' ', '-', '.', ' (', ') '),
  )
  .map(([country, groups, between]) => country + groups.map((group) => between + group).join(''));
const northAmerican = fc.constantFrom(
  '(555) 248-4677',
  '555-248-4677',
  '1-555-248-4677',
  '1 555.248.4677',
  '(555)248-4677',
);
const ssn = fc.tuple(digits(2), digits(4)).map(([group, serial]) => `219-${group}-${serial}`);
const card = fc
  .tuple(
    fc.constantFrom(
      '4111111111111111',
      '5555555555554444',
      '378282246310005',
      '6011111111111117',
      '4222222222222',
    ),
    fc.constantFrom('', ' ', '-'),
  )
  .map(([number, between]) => (number.match(/.{1,4}/g) ?? []).join(between));
const value = fc.oneof(email, international, northAmerican, ssn, card);
/** Nothing in it is a value, or goes on into one that follows. */
const filler = fc
  .string({ unit: fc.constantFrom('a', 'b', 'é', '人', ' ', '\n', ',', '7', '(', '"', ':'), maxLength: 150 })
  .map((text) => `${text}, `);

describe('what at the end of a text may become personal data', () => {
  test('is all that has come of a value, wherever it is divided', () => {
    let found = 0;
    fc.assert(
      fc.property(filler, value, fc.nat(), (before, whole, cut) => {
        fc.pre(personalDataInText.kindsIn(before).length === 0);
        fc.pre(personalDataInText.kindsIn(`${before}${whole} and`).length > 0);
        found += 1;
        const came = before + whole.slice(0, 1 + (cut % (whole.length - 1)));
        expect(personalDataInText.openFrom(came)).toBeLessThanOrEqual(before.length);
      }),
      { seed: SEED, numRuns: 4_000 },
    );
    // Some of what is made up is no value: a social security number of group 00, an address that begins with a dot.
    expect(found).toBeGreaterThan(1_000);
  });

  test('holds the whole of what more text turns into a value', () => {
    // Short enough that no run of groups of digits is longer than a card's.
    const text = (unit: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...unit), maxLength });
    const parts = fc.constantFrom(
      'a@b.co',
      '+44 20',
      '555-248-',
      '4677',
      '219-09-',
      '4111 1111 ',
      '1111 1111',
      '@',
      '.org',
    );
    const mixed = fc
      .array(fc.oneof(parts, text('a1.-+( )@x', 4)), { maxLength: 5 })
      .map((all) => all.join('').slice(0, 36));
    let turned = 0;
    fc.assert(
      fc.property(mixed, mixed, (came, more) => {
        const before = personalDataInText.kindsIn(came);
        const after = personalDataInText.kindsIn(came + more).filter((kind) => !before.includes(kind));
        if (after.length === 0) return;
        turned += 1;
        // With the one character before it, which every kind looks back at.
        const open = came.slice(Math.max(0, personalDataInText.openFrom(came) - 1));
        expect(personalDataInText.kindsIn(open + more)).toEqual(expect.arrayContaining(after));
      }),
      { seed: SEED, numRuns: 60_000 },
    );
    expect(turned).toBeGreaterThan(1_000);
  });

  test.each([
    ['', 0],
    ['The candidate is a welder ', 26],
    ['The candidate is a wel', 19],
    ['She has worked there since 2019, ', 33],
    ['Since 20', 6],
    ['Ask ada@exa', 4],
    ['Ask ad\ud835', 4],
    ['Ask ada@\ud835', 4],
    ['Call +44 20 79', 5],
    ['人'.repeat(100), 36],
  ])('of %j begins at %i', (text, from) => {
    expect(personalDataInText.openFrom(text)).toBe(from);
  });
});
