import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seedOfRun } from '../../../test/faults/seeded-random.ts';
import { createSeam, overlap } from './seam.ts';

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

test.each([
  ['a time there was', 'a time there was a lake', 16],
  ['Once upon a time', 'upon a time there was', 11],
  ['nothing in common', 'at all', 0],
  ['ends in the', 'the same word', 0],
  ['exactly1', 'exactly1', 8],
  ['', 'a beginning', 0],
  ['a tail', '', 0],
  // The longest repetition counts: a shorter one would leave a part of it twice.
  ['abcdefgh abcdefgh', 'abcdefgh abcdefgh and on', 17],
])('%j and %j share %i characters', (tail, text, length) => {
  expect(overlap(tail, text)).toBe(length);
});

/** A continuation in pieces, as it is shown. */
function shown(before: string, pieces: readonly string[]): string {
  const seam = createSeam(before);
  return pieces.map((piece) => seam.push(piece)).join('') + seam.end();
}

test('a continuation is shown without what it repeats, whatever pieces it comes in', () => {
  const before = 'There was once a lake, and in the lake';
  const whole = 'and in the lake lived a fish that could read.';
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
      const places = [...new Set([0, ...cuts, whole.length])].sort((a, b) => a - b);
      const pieces = places.slice(1).map((end, at) => whole.slice(places[at], end));
      expect(shown(before, pieces)).toBe(' lived a fish that could read.');
    }),
    { seed: SEED },
  );
});

test('nothing is lost or changed of a continuation that repeats nothing', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' '), maxLength: 900 });
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('X', 'Y') }), fc.array(letters), (before, pieces) => {
      expect(shown(before, pieces)).toBe(pieces.join(''));
    }),
    { seed: SEED },
  );
});

test('a first part waits for nothing', () => {
  expect(createSeam('').push('at once')).toBe('at once');
});
