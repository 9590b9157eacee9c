import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createPiiDetector, personalDataInText, type SampledColumn } from './index.ts';

interface LabelledTable {
  readonly table: string;
  readonly columns: readonly (SampledColumn & { readonly tags: readonly string[] })[];
}

const detector = createPiiDetector();

function labelled(set: 'tuned' | 'held-out'): readonly LabelledTable[] {
  return JSON.parse(
    readFileSync(new URL(`./fixtures/labelled-columns.${set}.json`, import.meta.url), 'utf8'),
  );
}

/** Counts (column, tag) pairs. */
function measured(tables: readonly LabelledTable[]) {
  let columns = 0;
  let right = 0;
  const missed: string[] = [];
  const wrong: string[] = [];
  for (const { table, columns: labelledColumns } of tables) {
    columns += labelledColumns.length;
    const findings = detector.detect(labelledColumns);
    for (const { name, tags } of labelledColumns) {
      const found = findings.filter((one) => one.name === name && !one.suspected).map((one) => one.tag);
      right += found.filter((tag) => tags.includes(tag)).length;
      missed.push(...tags.filter((tag) => !found.includes(tag)).map((tag) => `${table}.${name} ${tag}`));
      wrong.push(...found.filter((tag) => !tags.includes(tag)).map((tag) => `${table}.${name} ${tag}`));
    }
  }
  const recall = right / (right + missed.length);
  const precision = right / (right + wrong.length);
  return { columns, right, recall, precision, missed, wrong };
}

test.each(['tuned', 'held-out'] as const)(
  'finds the personal columns of the %s labelled set, and only them',
  (set) => {
    const result = measured(labelled(set));
    console.log(
      `${set}: ${result.columns} columns, recall ${result.recall.toFixed(3)}, precision ${result.precision.toFixed(3)}`,
      `missed: ${result.missed.join('; ') || 'none'}. Wrong: ${result.wrong.join('; ') || 'none'}.`,
    );
    expect(result.columns).toBeGreaterThanOrEqual(200);
    expect(result.recall).toBeGreaterThanOrEqual(0.95);
    expect(result.precision).toBeGreaterThanOrEqual(0.95);
  },
);

test.each([
  ['Write to ada@example.org.', ['pii.email']],
  ['Call +44 20 7946 0958 or (555) 248-4677.', ['pii.phone']],
  ['SSN 219-09-9999', ['pii.ssn']],
  ['Card 4111 1111 1111 1111', ['pii.card']],
  ['Card 4111 1111 1111 1111 12/27 123', ['pii.card']],
  ['Orders 1234 5678 4111 1111 1111 1111', ['pii.card']],
  ['Lot 94111 1111 1111 1111, 4111 1111 1111 1111a', []],
  ['Order 4111 1111 1111 1112, lot 000-12-3456, version 1.2.3, @home', []],
  ['Call +442079460958.', ['pii.phone']],
  ['Call 555-248-4677.', ['pii.phone']],
  ['Call (555) 248-4677. Or write.', ['pii.phone']],
  ['Part 555-248-4677.5, up by +250 %, by +12.5, then +1000', []],
  ['[ada](mailto:ada@example.org)', ['pii.email']],
  ['Email:ada@example.org', ['pii.email']],
  ['git clone ssh://git@example.org/a, https://ada:secret@example.org/b', []],
  ['', []],
])('free text %j holds %j', (text, tags) => {
  expect(personalDataInText.kindsIn(text)).toEqual(tags);
});
