import { expect, it } from 'vitest';
import { findingRow, reviewRow } from './knowledge-rows.fixture.ts';
import type { KnowledgeRows } from './movement.ts';
import { placedIterations } from './placed-iterations.ts';

/** Rows of iterations by `origin:number`; the origin is part of the id. */
function rowsOf(...names: readonly string[]): KnowledgeRows {
  const keys = names.map((name) => {
    const [origin = '', number = '1'] = name.split(':');
    return { iteration_id: `${origin}-${number}`, iteration: Number(number) };
  });
  return {
    reviews: keys.map((key) => reviewRow('a', key.iteration, [5], key)),
    findings: keys.map((key) => findingRow('x', key.iteration, 'new', key)),
    attempts: [],
  };
}

const NONE = rowsOf();

it.each<[string, KnowledgeRows, KnowledgeRows, readonly number[]]>([
  ['nothing is there', rowsOf('a:1', 'a:2'), NONE, []],
  ['the same iterations are there', rowsOf('a:1', 'a:2'), rowsOf('a:1', 'a:2'), []],
  ['others of other numbers are there', rowsOf('a:3'), rowsOf('b:1', 'b:2'), []],
  ['another of the number is there', rowsOf('a:2', 'a:3'), rowsOf('b:1', 'b:2'), [2]],
  ['the file itself has two of a number', rowsOf('a:1', 'b:1'), NONE, [1]],
])('tells where numbers overlap: %s', (_, rows, present, numbers) => {
  const { overlaps, rows: placed } = placedIterations(rows, present, false);
  expect(overlaps.flatMap((one) => one.numbers)).toEqual(numbers);
  expect(placed).toEqual(rows);
});

it('tells nothing of another repository', () => {
  const elsewhere = rowsOf('b:1').reviews.map((row) => ({ ...row, repository: 'other/place' }));
  expect(placedIterations(rowsOf('a:1'), { ...NONE, reviews: elsewhere }, false).overlaps).toEqual([]);
});

it('puts them after all that are there, in their order and at their distances, the same way each time', () => {
  const [rows, present] = [rowsOf('a:2', 'a:3', 'a:7', 'c:7'), rowsOf('b:1', 'b:2', 'b:5')];
  const { overlaps, rows: placed } = placedIterations(rows, present, true);
  expect(overlaps).toEqual([]);
  const numbers = placed.reviews.map(({ iteration_id: id, iteration }) => [id, iteration]);
  expect(numbers).toEqual([
    ['a-2', 6],
    ['a-3', 7],
    ['a-7', 11],
    ['c-7', 12],
  ]);
  expect(placed.findings.map(({ iteration_id: id, iteration }) => [id, iteration])).toEqual(numbers);
  const both = {
    reviews: [...present.reviews, ...placed.reviews],
    findings: [...present.findings, ...placed.findings],
    attempts: [],
  };
  for (const renumber of [true, false])
    expect(placedIterations(rows, both, renumber)).toEqual({ rows: placed, overlaps: [] });
});
