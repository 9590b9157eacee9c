import { expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW_MS = Date.parse('2026-11-01T12:00:00Z');

it.each<readonly [Readonly<Record<string, string>>, number | null]>([
  [{}, null],
  [{ 'retry-after': '2' }, 2_000],
  [{ 'retry-after': '0.25' }, 250],
  [{ 'retry-after': ' 7 ' }, 7_000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Sun, 01 Nov 2026 12:00:30 GMT' }, 30_000],
  [{ 'retry-after': 'Sun, 01 Nov 2026 11:00:00 GMT' }, 0],
  [{ 'retry-after': '999999999' }, 86_400_000],
  [{ 'retry-after': '-5' }, null],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': `12${'0'.repeat(40)}` }, null],
  [{ 'retry-after-ms': '150', 'retry-after': '1' }, 150],
  [{ 'retry-after-ms': 'x', 'retry-after': '1' }, 1_000],
])('%j asks to wait %s ms', (headers, expected) => {
  expect(retryAfterMs((name) => headers[name] ?? null, { nowMs: () => NOW_MS })).toBe(expected);
});
