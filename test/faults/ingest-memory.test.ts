import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../harness/server.ts';

// Files within the limits fit the memory of an ingest, whatever their shape: many columns, or long texts.
let small: TestServer;
let shipped: TestServer;
beforeAll(async () => {
  const engine = '[engine]\nprocesses = 1\nsmall_processes = 0\n';
  small = await startTestServer({ truth: '', config: `${engine}[ingest]\nmemory_limit_mb = 128\n` });
  shipped = await startTestServer({ truth: '', config: engine });
});
afterAll(() => Promise.all([small.close(), shipped.close()]));

function csv(columns: number, rows: number, value: (column: number, row: number) => string): string {
  const line = (cell: (column: number) => string) =>
    `${Array.from({ length: columns }, (_, c) => cell(c)).join()}\n`;
  return line((c) => `c${c}`) + Array.from({ length: rows }, (_, row) => line((c) => value(c, row))).join('');
}

test.each([
  ['2000 columns of few values', () => shipped, 2_000, 40, (_: number, row: number) => `v${row % 7}`],
  [
    '100 columns of many rows',
    () => small,
    100,
    50_000,
    (_: number, row: number) => `v${(row * 7_919) % 9_973}`,
  ],
  [
    'texts of 20 kB',
    () => small,
    3,
    6_000,
    (c: number, row: number) => (c === 1 ? `${row} `.repeat(4_000) : 'x'),
  ],
])('%s', async (_name, server, columns, rows, value) => {
  const body = csv(columns, rows, value);
  const answer = await server().api('POST', '/ingest/file?dataset=d&file_name=a.csv&mode=replace', { body });
  expect(answer.json).toMatchObject({ row_count: rows, rejected_count: 0 });
  expect(answer.json.columns).toHaveLength(columns);
});

test('what does not fit is refused by the name of its own limit', async () => {
  const body = csv(2, 16, (c) => (c === 1 ? 'x'.repeat(10_000_000) : 'y'));
  const { status, json } = await small.api('POST', '/ingest/file?dataset=long&file_name=a.csv', { body });
  expect(status).toBe(422);
  expect(json.code).toBe('ingest.memory');
  expect(json.remedy).toContain('ingest.memory_limit_mb');
});
