import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIdGenerator, isUuid } from './ids.ts';

function clockOf(times: readonly number[]) {
  let index = 0;
  return { nowMs: () => times[Math.min(index++, times.length - 1)] ?? 0, monotonicMs: () => 0 };
}

const bytes = (value: number) => (size: number) => new Uint8Array(size).fill(value);

test('ids keep increasing whatever the clock does, also across a restart', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 47 }), { minLength: 1 }),
      fc.integer({ min: 0, max: 255 }),
      (times, fill) => {
        const before = createIdGenerator({ clock: clockOf(times), random: bytes(fill) });
        const ids = times.map(() => before.next());
        const after = createIdGenerator({
          clock: clockOf([0]),
          random: bytes(fill),
          after: ids.at(-1) ?? '',
        });
        ids.push(after.next(), after.next());
        expect(ids).toEqual([...new Set(ids)].sort());
        expect(ids.every(isUuid)).toBe(true);
      },
    ),
  );
});

test('an id is a UUIDv7 of its millisecond', () => {
  const id = createIdGenerator({ clock: clockOf([0x0123456789ab]), random: bytes(0xff) }).next();
  expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
