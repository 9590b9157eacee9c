import { describe, expect, it } from 'vitest';
import { changedLines } from './changed-lines.ts';

const text = (...lines: readonly string[]) => `${lines.join('\n')}\n`;
const OLD = text('a', 'b', 'c', 'd');

describe('the changed lines of a text', () => {
  it.each([
    ['a line that is another', text('a', 'x', 'c', 'd'), [[2, 2]]],
    ['lines that came', text('a', 'b', 'x', 'y', 'c', 'd'), [[3, 4]]],
    ['a line that went: what stands in its place', text('a', 'c', 'd'), [[2, 2]]],
    ['the last lines that went', text('a', 'b'), [[2, 2]]],
    [
      'two places',
      text('x', 'b', 'c', 'd', 'e'),
      [
        [1, 1],
        [5, 5],
      ],
    ],
    ['a line that moved', text('b', 'c', 'a', 'd'), [[3, 3]]],
    ['a line after a text that no line break ended', 'a\nb\nc\nd\ne\n', [[5, 5]]],
    ['everything', text('w', 'x'), [[1, 2]]],
  ])('are %s', (_what, after, ranges) => {
    expect(changedLines(OLD, after).map((one) => [one.first_line, one.last_line])).toEqual(ranges);
  });

  it('leave out nothing that changed and name nothing that did not, whatever was edited', () => {
    const seed = Date.now() % 1_000_000;
    let state = seed;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    for (let round = 0; round < 300; round++) {
      const before = Array.from({ length: 1 + random(12) }, () => `line ${random(6)}`);
      const after = before.flatMap(
        (line, at) => [[line], [], [line, `new ${at}`], [`new ${at}`]][random(8)] ?? [line],
      );
      const ranges = changedLines(before.join('\n'), after.join('\n'));
      const changed = new Set(
        ranges.flatMap(({ first_line: first, last_line: last }) =>
          Array.from({ length: last - first + 1 }, (_, at) => first + at),
        ),
      );
      const kept = after.filter((_, at) => !changed.has(at + 1));
      const isNew = after.flatMap((line, at) => (line.startsWith('new') ? [at + 1] : []));
      expect(
        isNew.filter((line) => !changed.has(line)),
        `seed ${seed}`,
      ).toEqual([]);
      let from = 0;
      for (const line of kept) {
        const at = before.indexOf(line, from);
        expect(at, `seed ${seed}`).toBeGreaterThanOrEqual(0);
        from = at + 1;
      }
    }
  });
});
