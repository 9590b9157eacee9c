import { describe, expect, it } from 'vitest';
import { iterationMetrics } from './iteration-metrics.ts';
import { attemptRow, findingRow, iterationOf, landedRow, reviewRow } from './knowledge-rows.fixture.ts';
import type { KnowledgeRows } from './movement.ts';

const ROWS: KnowledgeRows = {
  reviews: [
    reviewRow('a', 1, [3]),
    reviewRow('b', 1, [4]),
    reviewRow('a', 2, [5], { verified_components_count: 3, gradient_tier: 'dry_run' }),
    reviewRow('b', 2, [4], { verified_components_count: 2 }),
    reviewRow('c', 2, [10]),
    reviewRow('d', 2, [], { verified_components_count: 9, gradient_tier: 'block' }),
  ],
  findings: [
    findingRow('fixed', 1, 'new', { path: 'a' }),
    landedRow('fixed', 2, { path: 'a' }),
    findingRow('gone without proof', 1, 'new', { path: 'a' }),
    findingRow('gone without proof', 2, 'fixed', { path: 'a', anchor_hash: null }),
    findingRow('went with its file', 1, 'new', { path: 'gone', evidence: 'static' }),
    findingRow('went with its file', 2, 'gone', { path: 'gone', evidence: 'static' }),
    findingRow('told by a model', 2, 'new', { path: 'b' }),
    findingRow('told by a rule', 2, 'new', { path: 'b', evidence: 'static' }),
    findingRow('its test fails', 2, 'new', {
      path: 'b',
      check_kind: 'test',
      check_name: 't',
      check_passes: false,
    }),
    findingRow('told by a rule before', 1, 'new', { path: 'b', evidence: 'static' }),
  ],
  attempts: [
    attemptRow('accepted', { iteration_id: 'iteration-2' }),
    attemptRow('accepted', { iteration_id: 'iteration-2', rung: 1, output_format: 'markdown' }),
    attemptRow('accepted', { iteration_id: 'iteration-2', pass: 'directed' }),
    attemptRow('unparsable', { iteration_id: 'iteration-2' }),
    attemptRow('cut', { iteration_id: 'iteration-2', rung: 1 }),
    attemptRow('missed', { iteration_id: 'iteration-2' }),
    attemptRow('accepted'),
  ],
};

describe('the figures of an iteration', () => {
  const metrics = iterationMetrics(ROWS, iterationOf(2), iterationOf(1));

  it.each([
    // One of two blind attempts on the first rung: the directed pass and planted defects are none.
    ['first-attempt accepts', 0.5, 2],
    ['structured outputs', 2 / 3, 3],
    ['files with a verdict', 0.75, 4],
    // What a file without verdict would have verified is not told.
    ['verified components', 5, 3],
    ['gradient auto', 0, 4],
    ['gradient dry_run', 1, 4],
    ['gradient sim', 2, 4],
    ['gradient block', 1, 4],
    // `c` scored 10 and is new: it is in no mean.
    ['mean of iteration 1', 3.5, 2],
    ['mean of iteration 2', 4.5, 2],
    ['change of the mean', 1, 2],
    // Of four that were open; what is gone confirms nothing.
    ['findings gone with their file', 1, 4],
    // Landed, told by a rule, and failing its test; four files cost a quarter each.
    ['cost per confirmed finding', 1 / 3, 3],
  ])('%s is %d over %d', (name, value, denominator) => {
    const metric = metrics.find((one) => one.name === name);
    expect([metric?.value, metric?.denominator]).toEqual([expect.closeTo(value), denominator]);
  });

  it('name their source, what is good, and what they are divided by', () => {
    for (const { denominator_of, good, source } of metrics) {
      expect(source).toMatch(/^kb\.(reviews|findings|attempts): /);
      expect(Math.min(good.length, denominator_of.length)).toBeGreaterThan(1);
    }
    expect(metrics.find(({ name }) => name === 'change of the mean')?.denominator_of).toBe(
      'paired files (2 of 4 unpaired)',
    );
  });

  it('of a first iteration compare nothing, and are null where there is nothing to divide by', () => {
    const first = iterationMetrics({ ...ROWS, findings: [], attempts: [] }, iterationOf(1), null);
    const figure = (name: string) => first.find((one) => one.name === name)?.value;
    expect(figure('change of the mean')).toBeUndefined();
    expect(figure('first-attempt accepts')).toBeNull();
    expect(figure('cost per confirmed finding')).toBeNull();
  });
});
