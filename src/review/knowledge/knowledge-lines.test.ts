import { describe, expect, it } from 'vitest';
import { KNOWLEDGE_DATASETS, readRow, storedRow } from './knowledge-datasets.ts';
import { knowledgeLines, readKnowledgeLines } from './knowledge-lines.ts';
import { attemptRow, findingRow, REPOSITORY, reviewRow } from './knowledge-rows.fixture.ts';
import { modelTrust } from './model-trust.ts';

const ROWS = {
  reviews: [reviewRow('src/a.ts', 1, [3, 5]), reviewRow('src/b.ts', 1, [])],
  findings: [findingRow('x', 1, 'new'), findingRow('y', 1, 'fixed', { check_passes: true, line: null })],
  attempts: [attemptRow('accepted'), attemptRow('missed')],
};

const read = (...lines: readonly unknown[]) =>
  readKnowledgeLines(
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    REPOSITORY,
  );

describe('a row in its dataset', () => {
  it('has every column with its type, and one value for each', () => {
    for (const [kind, rows] of Object.entries(ROWS)) {
      const columns = KNOWLEDGE_DATASETS[kind as keyof typeof ROWS].columns.map(({ name }) => name);
      for (const row of rows) expect(Object.keys(storedRow(row)).sort()).toEqual([...columns].sort());
    }
    const typeOf = (name: string) =>
      KNOWLEDGE_DATASETS.reviews.columns.find((column) => column.name === name)?.type;
    expect(['score', 'scores', 'rung', 'recorded_at'].map(typeOf)).toEqual([
      'DOUBLE',
      'VARCHAR',
      'INTEGER',
      'VARCHAR',
    ]);
  });

  it('comes back as it was, also where a query tells numbers as texts', () => {
    const [row] = ROWS.reviews;
    if (row === undefined) throw new Error('no row');
    expect(readRow('reviews', storedRow(row))).toEqual({ ok: true, row });
    const asTexts = { ...storedRow(row), score: '4', cost_usd: '0.25', iteration: '1' };
    expect(readRow('reviews', asTexts)).toEqual({ ok: true, row });
  });

  it.each<[string, Parameters<typeof readRow>[0], object, RegExp]>([
    ['a score that is no median', 'reviews', { ...ROWS.reviews[0], score: 9 }, /^score: Must be the median/],
    ['a score without verdict', 'reviews', { ...ROWS.reviews[1], score: 9 }, /^score: Must be null/],
    ['a verdict without model', 'reviews', { ...ROWS.reviews[0], model: null }, /^model: Must name/],
    ['an unknown member', 'reviews', { ...ROWS.reviews[0], note: 'x' }, /note/],
    ['another schema', 'reviews', { ...ROWS.reviews[0], schema_version: 3 }, /^schema_version/],
    ['a list that is none', 'reviews', { ...ROWS.reviews[0], scores: '[1,' }, /^scores/],
    ['a planted defect among answers', 'attempts', { ...ROWS.attempts[1], pass: 'blind' }, /^outcome/],
    ['an answer among planted defects', 'attempts', { ...ROWS.attempts[0], pass: 'calibration' }, /^outcome/],
    ['a state of its own', 'findings', { ...ROWS.findings[0], state: 'maybe' }, /^state/],
  ])('is refused with %s', (_, kind, value, reason) => {
    const outcome = readRow(kind, value);
    expect(outcome.ok ? '' : outcome.reason).toMatch(reason);
  });
});

describe('lines of our own', () => {
  it('come back as they went', () => {
    expect(readKnowledgeLines(knowledgeLines(ROWS), REPOSITORY)).toEqual({ ...ROWS, problems: [], lines: 6 });
  });

  it('that do not fit are named, and the others kept', () => {
    const [first, second] = knowledgeLines(ROWS).split('\n');
    const file = read(first, 'no json', '', { ...JSON.parse(second ?? ''), score: 7 }, '[1]', { x: 1 });
    expect(file.reviews).toHaveLength(1);
    expect(file.lines).toBe(5);
    expect(file.problems).toEqual([
      { line: 2, reason: 'is no JSON object' },
      { line: 4, reason: expect.stringMatching(/^score: /) },
      { line: 5, reason: 'is no JSON object' },
      { line: 6, reason: expect.stringContaining('names neither a dataset of ours') },
    ]);
  });
});

describe('lines of phase_sweep_findings', () => {
  it('become findings under the ids that our own would have', () => {
    const { findings, problems } = read(
      { phase: 'phase24_audit', file: 'src/a.ts', finding: 'X', severity: 'HIGH', line: '7', model: 'm/x' },
      { path: 'src/a.ts', claim: 'x', iteration: 3, category: 'Defect!', status: 'closed', fixed_in: 'abc' },
      { repo: 'other', file: 'b.rs', message: 'y', evidence: 'static', rule: 'ignored-input' },
    );
    expect(problems).toEqual([]);
    expect(findings).toMatchObject([
      { iteration: 24, severity: 'error', line: 7, state: 'new', found_by: 'm/x', rule: 'scrum/finding' },
      { iteration: 3, severity: 'warning', line: null, state: 'fixed', closed_by_commit: 'abc' },
      { repository: 'other', iteration: 1, evidence: 'static', rule: 'ignored-input', path: 'b.rs' },
    ]);
    expect(findings[1]?.finding_id).toBe(findingRow('x', 1, 'new').finding_id);
  });

  it('may hold several findings of one file', () => {
    const { findings, lines } = read({
      file: 'src/a.ts',
      sweep: 2,
      findings: ['one', { title: 'two', severity: 'p0' }],
    });
    expect(findings.map(({ claim, severity }) => [claim, severity])).toEqual([
      ['one', 'warning'],
      ['two', 'critical'],
    ]);
    expect(lines).toBe(1);
  });

  it.each<[string, object, RegExp]>([
    ['no claim', { file: 'a' }, /names no claim/],
    ['an unknown severity', { file: 'a', claim: 'x', severity: 'constructor' }, /severity is none we know/],
    ['an unknown state', { file: 'a', claim: 'x', status: 'wontfix' }, /state is none we know/],
    ['an iteration without number', { file: 'a', claim: 'x', phase: 'last' }, /holds no number/],
    ['a finding that is a number', { file: 'a', findings: ['x', 3] }, /findings\[1\]/],
  ])('are refused with %s', (_, line, reason) => {
    const { findings, problems } = read(line);
    expect(findings).toEqual([]);
    expect(problems).toEqual([{ line: 1, reason: expect.stringMatching(reason) }]);
  });
});

describe('lines of model_trust', () => {
  it.each<[object, object]>([
    [
      { model: 'm/x', accepted: 8, rejected: 2, caught: 3, missed: 1, false_alarms: 1 },
      { answers: { successes: 8, failures: 2 }, caught: 3, missed: 1, false_alarms: 1 },
    ],
    [{ model: 'm/x', trust: 0.75, samples: 20 }, { answers: { successes: 15, failures: 5 } }],
    [
      { model: 'm/x', accepted: true, ts: '2026-01-02T00:00:00Z' },
      { answers: { successes: 1, failures: 0 } },
    ],
    [
      { model: 'm/x', outcome: 'rejected', ts: 1_700_000_000_000 },
      { answers: { successes: 0, failures: 1 } },
    ],
  ])('give the trust they tell of: %j', (line, trust) => {
    const { attempts, problems } = read(line);
    expect(problems).toEqual([]);
    expect(modelTrust(attempts)).toMatchObject([{ model: 'm/x', ...trust }]);
  });

  it('give rows that differ, so that none is taken for another, and the same when read again', () => {
    const lines = [
      { model: 'm/x', outcome: 'accepted' },
      { model: 'm/x', outcome: 'accepted' },
      { model: 'm/x', accepted: 3, updated_at: '2026-01-01T00:00:00Z' },
    ];
    const texts = (more: readonly object[]) => read(...more).attempts.map((row) => JSON.stringify(row));
    const before = texts(lines);
    expect(new Set(before).size).toBe(5);
    // A later count of the same line adds what is new.
    const later = texts([
      ...lines.slice(0, 2),
      { ...lines[2], accepted: 5, updated_at: '2026-02-01T00:00:00Z' },
    ]);
    expect(later.filter((row) => !before.includes(row))).toHaveLength(2);
  });

  it.each<[string, object, RegExp]>([
    ['no count', { model: 'm/x', trust: 0.9 }, /names no outcome/],
    ['a share above 1', { model: 'm/x', trust: 90, samples: 10 }, /names no outcome/],
    ['half a count', { model: 'm/x', accepted: 1.5 }, /whole numbers/],
    ['a count nobody counted', { model: 'm/x', accepted: 1e9 }, /whole numbers of at most 10000/],
    ['a time that is none', { model: 'm/x', accepted: true, ts: 'then' }, /time is none/],
  ])('are refused with %s', (_, line, reason) => {
    expect(read(line).problems).toEqual([{ line: 1, reason: expect.stringMatching(reason) }]);
    expect(read(line).attempts).toEqual([]);
  });
});
