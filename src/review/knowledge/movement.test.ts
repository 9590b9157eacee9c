import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seedOfRun } from '../../../test/faults/seeded-random.ts';
import type { FindingRow } from './finding-row.ts';
import {
  attemptRow,
  calibrated,
  findingRow,
  iterationOf,
  landedRow,
  reviewRow,
} from './knowledge-rows.fixture.ts';
import { type KnowledgeRows, movementBetween, type PairedFile } from './movement.ts';
import type { ReviewRow } from './review-row.ts';

const SEED = seedOfRun();
console.log(`seed ${SEED} (LAKEHOUSE_SEED replays it)`);

const PATH = 'src/a.ts';

function rowsOf(
  scores: readonly [readonly number[], readonly number[]],
  findings: readonly FindingRow[],
  attempts = calibrated(20),
): KnowledgeRows {
  return { reviews: [reviewRow(PATH, 1, scores[0]), reviewRow(PATH, 2, scores[1])], findings, attempts };
}

function soleFile(rows: KnowledgeRows, from = 1, to = 2): PairedFile {
  const [file] = movementBetween(rows, iterationOf(from), iterationOf(to)).paired;
  if (file === undefined) throw new Error('the file is not paired');
  return file;
}

interface Case {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly findings: readonly FindingRow[];
  readonly attempts?: ReturnType<typeof calibrated>;
  readonly expected: RegExp;
}

const FIXED = [findingRow('old', 1, 'new'), landedRow('old', 2)];

const CASES: readonly Case[] = [
  {
    name: '+3 with its fix',
    from: 4,
    to: 7,
    findings: FIXED,
    expected: /^CONVERGING: 1 landed, δ \+3\.00 ≥ τ 1\.50/,
  },
  { name: '+2 with no fix of its own', from: 4, to: 6, findings: [], expected: /^MIXED: .*bare rise/ },
  {
    name: '+2 with a fix in another file',
    from: 4,
    to: 6,
    findings: FIXED.map((row) => ({ ...row, path: 'src/b.ts' })),
    expected: /^MIXED: .*bare rise/,
  },
  { name: '+1 with a fix, inside the noise', from: 4, to: 5, findings: FIXED, expected: /^PLATEAU/ },
  {
    name: '+1 with a fix, read by a model nobody calibrated',
    from: 4,
    to: 5,
    findings: FIXED,
    attempts: [],
    expected: /^MIXED: 1 landed, but δ \+1\.00 is inside the noise/,
  },
  {
    name: '+3 with a finding gone whose code is unchanged',
    from: 4,
    to: 7,
    findings: [findingRow('old', 1, 'new'), landedRow('old', 2, { anchor_hash: 'code before' })],
    expected: /^MIXED: .*bare rise/,
  },
  {
    name: '+3 with a finding gone whose check did not run',
    from: 4,
    to: 7,
    findings: [findingRow('old', 1, 'new'), landedRow('old', 2, { check_passes: null })],
    expected: /^MIXED: .*bare rise/,
  },
  {
    name: '+3 with a finding gone with its file',
    from: 4,
    to: 7,
    findings: [findingRow('old', 1, 'new'), landedRow('old', 2, { state: 'gone' })],
    expected: /^MIXED: .*bare rise/,
  },
  {
    name: '+3 with a finding gone that never had a check',
    from: 4,
    to: 7,
    findings: [findingRow('old', 1, 'new'), landedRow('old', 2, { check_kind: null, check_passes: true })],
    expected: /^MIXED: .*bare rise/,
  },
  {
    name: '+3 with a finding gone that never had an anchor',
    from: 4,
    to: 7,
    findings: [findingRow('old', 1, 'new', { anchor_hash: null }), landedRow('old', 2)],
    expected: /^MIXED: .*bare rise/,
  },
  {
    name: '+3 with a fix while another finding returned',
    from: 4,
    to: 7,
    findings: [...FIXED, findingRow('back', 1, 'fixed'), findingRow('back', 2, 'regressed')],
    expected: /^MIXED: 1 returned/,
  },
  {
    name: '+3 with a fix while a finding returned and another is novel',
    from: 4,
    to: 7,
    findings: [
      ...FIXED,
      findingRow('back', 1, 'fixed'),
      findingRow('back', 2, 'regressed'),
      findingRow('fresh', 2, 'new'),
    ],
    expected: /^MIXED: 1 returned/,
  },
  {
    name: 'half of the findings recur, a critical one twice',
    from: 4,
    to: 4,
    findings: [
      findingRow('hole', 1, 'new', { severity: 'critical' }),
      findingRow('hole', 2, 'recurring', { severity: 'critical' }),
      findingRow('fresh', 2, 'new'),
    ],
    expected: /^LOOPING: 1 of 2 findings recur/,
  },
  {
    name: 'fewer than half recur',
    from: 4,
    to: 4,
    findings: [
      findingRow('hole', 1, 'new', { severity: 'critical' }),
      findingRow('hole', 2, 'recurring', { severity: 'critical' }),
      findingRow('fresh', 2, 'new'),
      findingRow('fresher', 2, 'new'),
    ],
    expected: /^PLATEAU/,
  },
  {
    name: 'all recur and none is critical',
    from: 4,
    to: 4,
    findings: [findingRow('small', 1, 'new'), findingRow('small', 2, 'recurring')],
    expected: /^PLATEAU/,
  },
  {
    name: 'a fix landed, half of the findings are novel, the score fell',
    from: 6,
    to: 3,
    findings: [...FIXED, findingRow('fresh', 2, 'new')],
    expected: /^ORBITING: 1 landed, 1 of 1 findings are novel, δ −3\.00 < τ/,
  },
  {
    name: 'findings are novel and none landed',
    from: 6,
    to: 3,
    findings: [findingRow('fresh', 2, 'new')],
    expected: /^MIXED: δ −3\.00 ≤ −τ 1\.50: the score fell/,
  },
  { name: 'nothing moved, read by a calibrated model', from: 5, to: 5, findings: [], expected: /^PLATEAU/ },
  {
    name: 'nothing moved, read by a model that misses half',
    from: 5,
    to: 5,
    findings: [],
    attempts: calibrated(10, 10),
    expected: /^MIXED: .*calibrated confidence 0\.50 < 0\.8/,
  },
  {
    name: 'nothing moved, read by a model sure of itself that no defect was planted for',
    from: 5,
    to: 5,
    findings: [],
    attempts: Array.from({ length: 50 }, () => attemptRow('accepted')),
    expected: /^MIXED: .*calibrated confidence 0\.50 < 0\.8/,
  },
];

describe('the class of a file', () => {
  it.each(CASES)('$name', ({ from, to, findings, attempts, expected }) => {
    const file = soleFile(rowsOf([[from], [to]], findings, attempts));
    expect(`${file.class}: ${file.reason}`).toMatch(expected);
  });

  it('needs a critical finding in two consecutive iterations, not in any two', () => {
    const hole = (iteration: number, state: FindingRow['state']) =>
      findingRow('hole', iteration, state, { severity: 'critical' });
    const reviews = [1, 2, 3].map((iteration) => reviewRow(PATH, iteration, [4]));
    const between = { reviews, attempts: [], findings: [hole(1, 'new'), hole(3, 'recurring')] };
    expect(soleFile(between, 1, 3).class).toBe('MIXED');
    const along = { ...between, findings: [...between.findings, hole(2, 'recurring')] };
    expect(soleFile(along, 1, 3).class).toBe('LOOPING');
  });

  it('is not moved by a fix of what had left for another file', () => {
    const there = { path: 'src/b.ts' };
    const findings = [
      findingRow('gone', 1, 'new'),
      findingRow('gone', 2, 'recurring', there),
      landedRow('gone', 3, there),
    ].map((row) => ({ ...row, finding_id: 'one' }));
    const reviews = [1, 2, 3].flatMap((iteration) =>
      [PATH, 'src/b.ts'].map((path) => reviewRow(path, iteration, [iteration * 3])),
    );
    const { paired } = movementBetween({ reviews, findings, attempts: [] }, iterationOf(2), iterationOf(3));
    expect(paired.map((file) => [file.path, file.class])).toEqual([
      [PATH, 'MIXED'],
      ['src/b.ts', 'CONVERGING'],
    ]);
  });
});

describe('the noise floor', () => {
  it('is at least 1.5, and 2σ√(2/k) where replicates scatter more', () => {
    const quiet = soleFile(
      rowsOf(
        [
          [5, 5, 5],
          [7, 7, 7],
        ],
        FIXED,
      ),
    );
    expect([quiet.sigma, quiet.tau, quiet.class]).toEqual([0, 1.5, 'CONVERGING']);
    // Each blob scatters by ±2: σ = 2, k = 3, τ = 4 √(2/3).
    const loud = soleFile(
      rowsOf(
        [
          [3, 5, 7],
          [5, 7, 9],
        ],
        FIXED,
      ),
    );
    expect(loud.sigma).toBeCloseTo(2);
    expect(loud.tau).toBeCloseTo(4 * Math.sqrt(2 / 3));
    expect([loud.delta, loud.class]).toEqual([2, 'PLATEAU']);
  });

  it('is unknown where nothing was read twice, and counts a reading that was carried over once', () => {
    expect(soleFile(rowsOf([[5], [7]], [])).sigma).toBeNull();
    const once = reviewRow(PATH, 1, [3, 5, 7], { packed_hash: 'same' });
    const { noise } = movementBetween(
      { reviews: [once, { ...once, iteration: 2 }], findings: [], attempts: [] },
      iterationOf(1),
      iterationOf(2),
    );
    expect(noise.map(({ freedom }) => freedom)).toEqual([2]);
  });

  it('compares medians, so that one wild replicate moves nothing', () => {
    expect(
      soleFile(
        rowsOf(
          [
            [5, 5, 5],
            [5, 5, 0],
          ],
          [],
        ),
      ).delta,
    ).toBe(0);
  });
});

describe('a file that is not paired', () => {
  it.each<[string, ReviewRow | null, ReviewRow | null, string]>([
    ['new', null, reviewRow('x', 2, [9]), 'not in iteration 1'],
    ['gone', reviewRow('x', 1, [9]), null, 'not in iteration 2'],
    ['unread before', reviewRow('x', 1, []), reviewRow('x', 2, [9]), 'no verdict in iteration 1'],
    ['unread after', reviewRow('x', 1, [9]), reviewRow('x', 2, []), 'no verdict in iteration 2'],
    [
      'read by another model',
      reviewRow('x', 1, [1]),
      reviewRow('x', 2, [9], { model: 'other/one' }),
      'accepted from local/reader, then from other/one',
    ],
    [
      'read under another prompt',
      reviewRow('x', 1, [1]),
      reviewRow('x', 2, [9], { prompt_hash: 'p2', bar_hash: 'b2' }),
      'another bar: the prompt changed',
    ],
    [
      'read by another parser',
      reviewRow('x', 1, [1]),
      reviewRow('x', 2, [9], { parser_version: '2', bar_hash: 'b2' }),
      'another bar: the parser changed',
    ],
    [
      'read more often',
      reviewRow('x', 1, [1]),
      reviewRow('x', 2, [9, 9, 9]),
      'another bar: other replicates',
    ],
  ])('is listed with why: %s', (_, before, after, why) => {
    const reviews = [reviewRow(PATH, 1, [4]), reviewRow(PATH, 2, [5]), before, after].filter(
      (row) => row !== null,
    );
    const movement = movementBetween({ reviews, findings: [], attempts: [] }, iterationOf(1), iterationOf(2));
    expect(movement.unpaired).toEqual([{ path: 'x', why }]);
    expect(movement).toMatchObject({
      files: 2,
      paired_files: 1,
      unpaired_files: 1,
      from_mean: 4,
      to_mean: 5,
      mean_delta: 1,
      risen: 1,
    });
    expect(Object.values(movement.classes).reduce((sum, one) => sum + one, 0)).toBe(1);
  });

  it('leaves no mean where no file is paired', () => {
    const { from_mean, mean_delta } = movementBetween(
      { reviews: [reviewRow('x', 2, [9])], findings: [], attempts: [] },
      iterationOf(1),
      iterationOf(2),
    );
    expect([from_mean, mean_delta]).toEqual([null, null]);
  });
});

const PATHS = ['a', 'b', 'c', 'd'];
const scores = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 0, maxLength: 3 });
const review = fc
  .record({ path: fc.constantFrom(...PATHS), iteration: fc.integer({ min: 1, max: 3 }), scores })
  .map(({ path, iteration, scores: each }) => reviewRow(path, iteration, each));
const finding = fc
  .record({
    name: fc.constantFrom('one', 'two', 'three'),
    path: fc.constantFrom(...PATHS),
    iteration: fc.integer({ min: 1, max: 3 }),
    state: fc.constantFrom('new', 'recurring', 'fixed', 'regressed' as const),
    anchor: fc.constantFrom('x', 'y', null),
    passes: fc.constantFrom(true, false, null),
    severity: fc.constantFrom('critical' as const, 'warning' as const),
  })
  .map(({ name, path, iteration, state, anchor, passes, severity }) =>
    findingRow(`${name} of ${path}`, iteration, state, {
      path,
      severity,
      anchor_hash: anchor,
      check_kind: 'test',
      check_name: 't',
      check_passes: passes,
    }),
  );
const unique = <Row>(rows: readonly Row[], key: (row: Row) => string): Row[] => [
  ...new Map(rows.map((row) => [key(row), row])).values(),
];
const knowledge = fc
  .record({ reviews: fc.array(review, { maxLength: 12 }), findings: fc.array(finding, { maxLength: 20 }) })
  .map(
    (one): KnowledgeRows => ({
      reviews: unique(one.reviews, ({ path, iteration }) => `${path}${iteration}`),
      findings: unique(one.findings, (row) => `${row.finding_id}${row.iteration}`),
      attempts: calibrated(10),
    }),
  );

describe('whatever the rows', () => {
  it('their order does not matter', () => {
    fc.assert(
      fc.property(knowledge, fc.infiniteStream(fc.nat()), (rows, keys) => {
        const shuffled = <Row>(list: readonly Row[]): Row[] =>
          list
            .map((row) => ({ row, key: keys.next().value ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ row }) => row);
        const other = {
          reviews: shuffled(rows.reviews),
          findings: shuffled(rows.findings),
          attempts: shuffled(rows.attempts),
        };
        expect(movementBetween(other, iterationOf(1), iterationOf(2))).toEqual(
          movementBetween(rows, iterationOf(1), iterationOf(2)),
        );
      }),
      { seed: SEED },
    );
  });

  it('an unpaired file changes no mean, no class and no count of the others', () => {
    fc.assert(
      fc.property(
        knowledge,
        fc.integer({ min: 0, max: 10 }),
        fc.constantFrom(1, 2),
        (rows, score, iteration) => {
          const before = movementBetween(rows, iterationOf(1), iterationOf(2));
          const alone = reviewRow('alone', iteration, [score]);
          const after = movementBetween(
            { ...rows, reviews: [...rows.reviews, alone] },
            iterationOf(1),
            iterationOf(2),
          );
          const { files, noise, unpaired, unpaired_files, ...rest } = before;
          expect(after).toMatchObject(rest);
          expect([after.files, after.unpaired_files]).toEqual([files + 1, unpaired_files + 1]);
        },
      ),
    );
  });

  it('every file is in exactly one class or unpaired, and the tallies add up', () => {
    fc.assert(
      fc.property(knowledge, (rows) => {
        const { classes, fallen, files, paired, paired_files, risen, unchanged, unpaired } = movementBetween(
          rows,
          iterationOf(1),
          iterationOf(2),
        );
        const classified = Object.values(classes).reduce((sum, one) => sum + one, 0);
        expect([classified, risen + fallen + unchanged, paired.length]).toEqual([
          paired_files,
          paired_files,
          paired_files,
        ]);
        expect(new Set([...paired, ...unpaired].map(({ path }) => path)).size).toBe(files);
      }),
      { seed: SEED },
    );
  });

  it('a bare rise is never CONVERGING', () => {
    fc.assert(
      fc.property(knowledge, (rows) => {
        const bare = { ...rows, findings: rows.findings.filter(({ state }) => state !== 'fixed') };
        expect(movementBetween(bare, iterationOf(1), iterationOf(2)).classes.CONVERGING).toBe(0);
        for (const file of movementBetween(rows, iterationOf(1), iterationOf(2)).paired)
          if (file.class === 'CONVERGING')
            expect([file.landed.length > 0, file.returned.length, file.delta >= file.tau]).toEqual([
              true,
              0,
              true,
            ]);
      }),
      { seed: SEED },
    );
  });
});
