import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createPiiDetector, type SampledColumn } from './index.ts';

const folder = new URL('../data/', import.meta.resolve('vega-datasets'));
const detector = createPiiDetector();

/** Whole files; commas inside quotes are told apart, nothing else of CSV occurs in them. */
function columnsOf(file: string): readonly SampledColumn[] {
  const text = readFileSync(new URL(file, folder), 'utf8');
  const rows: Record<string, unknown>[] = file.endsWith('.json') ? JSON.parse(text) : csvRows(text);
  const names = [...new Set(rows.slice(0, 3000).flatMap((row) => Object.keys(row)))];
  return names.map((name) => ({
    name,
    type: rows.some((row) => typeof row[name] === 'string') ? 'string' : 'double',
    samples: rows.map((row) => row[name]),
  }));
}

function csvRows(text: string): Record<string, string>[] {
  const [header = [], ...body] = text
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? ''),
    );
  return body.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])));
}

test.each(['flights-20k.json', 'flights-airport.csv', 'movies.json', 'zipcodes.csv', 'birdstrikes.csv'])(
  'tags no column of %s',
  (file) => {
    const tagged = detector.detect(columnsOf(file)).filter((one) => !one.suspected);
    expect(tagged).toEqual([]);
  },
);

test.each([
  'flights-20k.json',
  'zipcodes.csv',
  'birdstrikes.csv',
  'airports.csv',
  'stocks.csv',
  'weather.csv',
])('tags no column of %s when the names say nothing', (file) => {
  const columns = columnsOf(file).map((column, index) => ({ ...column, name: `c${index}` }));
  expect(detector.detect(columns).filter((one) => !one.suspected)).toEqual([]);
});

test('answers on values made to be slow, and on values of any type', () => {
  const hostile = ['a@', '1-', '(2', 'a.', '12 a ', 'Ann ', '+1 ', '4 1', '2001-'].map((part) =>
    part.repeat(100_000),
  );
  const samples = [
    ...hostile,
    ...hostile.map((text) => `${text}!`),
    10n ** 30n,
    Number.NaN,
    new Date(Number.NaN),
    { a: [{ b: { c: { d: 1 } } }] },
    [null],
    '',
  ];
  const names = ['email', 'phone', 'c1', 'address', 'name', 'dob', 'x'.repeat(100_000), '', '__proto__'];
  expect(() => detector.detect(names.map((name) => ({ name, type: 'string', samples })))).not.toThrow();
});

test('goes by the name alone while a dataset is empty, and trusts only names that say it outright', () => {
  const columns = ['email', 'email_count', 'contact', 'price'].map((name) => ({
    name,
    type: 'string',
    samples: [null, ''],
  }));
  expect(detector.detect(columns)).toEqual([
    { name: 'email', tag: 'pii.email', confidence: 0.8, suspected: false },
    { name: 'contact', tag: 'pii.person_name', confidence: 0.45, suspected: true },
  ]);
});

test('content that contradicts the name lowers the confidence, a part of it leaves a suspicion', () => {
  const samples = (email: number) =>
    Array.from({ length: 100 }, (_, row) => (row < email ? `p${row}@example.org` : `n-${row}`));
  const confidence = (email: number) =>
    detector
      .detect([{ name: 'email', type: 'string', samples: samples(email) }])
      .map((one) => [one.confidence, one.suspected]);
  expect([0, 10, 30, 100].map(confidence)).toEqual([[], [[0.5, true]], [[0.8, false]], [[0.95, false]]]);
});
