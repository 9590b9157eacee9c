import { describe, expect, it } from 'vitest';
import { parseSource } from '../inspect/index.ts';
import { type ReadingCase, readingCases } from './reading-cases.ts';

const module = (name: string) => `import { timingSafeEqual } from 'node:crypto';

export function isValid${name}(given: string, known: string): boolean {
  const wanted = known.trim();
  if (given.length !== wanted.length) {
    throw new Error('of another length');
  }
  return timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

function first${name}(text: string): string {
  const lower = text.toLowerCase();
  return lower.slice(0, 1);
}

function last${name}(text: string): string {
  return text.slice(-1);
}

export const ends${name} = (text: string) => first${name}(text) + last${name}(text);
`;
const NAMES = ['Key', 'Token', 'Grant', 'Session', 'Cookie', 'Ticket'];
const files = new Map(NAMES.map((name) => [`src/${name.toLowerCase()}.ts`, module(name)]));
const plant = (defects: number, seed = 1, of = files) =>
  readingCases({ name: 'service', files: of }, [...of.keys()], { defects, seed });
const linesOf = ({ text, changed }: ReadingCase) => {
  const lines = text.split('\n');
  return changed.flatMap(({ first_line: first, last_line: last }) => lines.slice(first - 1, last));
};

describe('the cases for a reader', () => {
  it('are as many clean controls as defects, each in a file of its own, and all of them parse', () => {
    const cases = plant(4);
    const [defects, controls] = [cases.filter((one) => one.planted), cases.filter((one) => !one.planted)];
    expect([defects.length, controls.length]).toEqual([4, 4]);
    for (const some of [defects, controls]) expect(new Set(some.map(({ path }) => path)).size).toBe(4);
    for (const { path, text } of cases) expect(parseSource(path, text)).not.toBeNull();
  });

  it('are of several kinds, and name the lines and the function that were changed', () => {
    const defects = plant(6).filter((one) => one.planted !== null);
    expect(new Set(defects.map(({ kind }) => kind)).size).toBeGreaterThan(3);
    for (const one of defects) {
      expect(linesOf(one).join('\n')).toMatch(
        /return true|false &&|false\)|not implemented|ENABLE_CHECKS|===|given/,
      );
      expect(one.planted?.symbol).toMatch(/^(?:isValid|first|last)\w+$/);
      expect(files.get(one.path)?.split('\n')).not.toEqual(one.text.split('\n'));
    }
  });

  it('are the same for the same seed, and others for another', () => {
    expect(plant(4)).toEqual(plant(4));
    expect(plant(4, 2)).not.toEqual(plant(4));
  });

  it('hold no comment in place of code: who reads blind sees none', () => {
    for (const seed of [1, 2, 3, 4, 5])
      for (const one of plant(6, seed)) expect(linesOf(one).join('\n')).not.toContain('//');
  });

  it('are planted in Rust as well', () => {
    const rust = new Map(
      NAMES.map((name) => [
        `src/${name.toLowerCase()}.rs`,
        `fn is_${name.toLowerCase()}(given: &[u8], known: &[u8]) -> bool {
    let wanted = known.trim_ascii();
    let length = wanted.len();
    length > 0 && constant_time_eq(given, wanted)
}

fn first(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.chars().take(1).collect()
}
`,
      ]),
    );
    const cases = plant(4, 1, rust);
    expect(cases.filter(({ planted }) => planted === null)).toHaveLength(4);
    const rules = cases.flatMap(({ planted }) => planted?.rule ?? []).sort();
    expect(new Set(rules)).toEqual(new Set(['unreferenced-stub', 'unsafe-compare']));
    for (const one of cases) expect(one.planted?.symbol ?? 'first').toMatch(/^(?:is_\w+|first)$/);
  });

  it('are fewer where there is room for fewer of either, and none where there is none', () => {
    const one = new Map([...files].slice(0, 1));
    expect(
      plant(10, 1, one)
        .map(({ planted }) => planted === null)
        .sort(),
    ).toEqual([false, true]);
    expect(plant(10, 1, new Map([['src/level.ts', 'export const level = 1;\n']]))).toEqual([]);
    expect(plant(10, 1, new Map([['src/guard.py', 'def guard():\n  return 1\n']]))).toEqual([]);
    expect(plant(10, 1, new Map([['src/broken.ts', 'function (']]))).toEqual([]);
  });
});
