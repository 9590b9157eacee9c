import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadO200k } from './o200k.ts';
import { createTokenEstimator, ESTIMATE_MARGIN } from './token-estimate.ts';

const estimator = createTokenEstimator();
const estimate = (text: string) => estimator.estimateInputTokens({ texts: [text], images: 0, tools: [] });
const count = await loadO200k();
const PER_REQUEST = await estimate('');

test('is close to what o200k counts for a real document, and not below it', async () => {
  const text = readFileSync(new URL('../../../../ARCHITECTURE.md', import.meta.url), 'utf8');
  const counted = count(text);
  const estimated = await estimate(text);
  expect(estimated).toBeGreaterThanOrEqual(counted);
  expect(estimated).toBeLessThan(counted * ESTIMATE_MARGIN * 1.02 + PER_REQUEST);
});

test('counts a frame for each message and tool, and an image', async () => {
  const bare = { texts: [], images: 0, tools: [] };
  const base = await estimator.estimateInputTokens(bare);
  const more = (request: object) => estimator.estimateInputTokens({ ...bare, ...request });
  expect(await more({ texts: ['', ''] })).toBe(base + 16);
  expect(await more({ tools: ['', ''] })).toBe(base + 128);
  expect(await more({ images: 2 })).toBe(base + 3_400);
});

test('a special token’s name is text like any other', async () => {
  expect(await estimate('<|endoftext|>')).toBeGreaterThan(PER_REQUEST + 5);
});

// Each of these takes minutes where the time grows with the square of the run.
test.each([
  ['one letter', 'a'],
  ['spaces', ' '],
  ['line ends', '\n'],
  ['tabs', '\t'],
  ['one punctuation mark', '!'],
  ['emoji', '😀'],
  ['ideographs', '中'],
  ['combining marks', '\u0301'],
  ['Thai', 'ก'],
  ['digits', '7'],
  ['NUL', '\u0000'],
  ['lone surrogates', '\ud83d'],
])('takes linear time on a million of %s', async (_what, unit) => {
  const text = unit.repeat(1_000_000 / unit.length);
  const estimated = await estimate(text);
  expect(estimated).toBeLessThanOrEqual(Buffer.byteLength(text) + PER_REQUEST);
  expect(estimated).toBeGreaterThanOrEqual(Buffer.byteLength(text) / 6);
});

test('counts a byte as a token beyond what it tokenizes', async () => {
  const most = 1_048_576;
  const within = await estimate('word'.repeat(most / 4));
  const beyond = await estimate(`${'word'.repeat(most / 4)}${'x'.repeat(1_000_000)}`);
  expect(beyond - within).toBeGreaterThanOrEqual(999_990);
  expect(beyond - within).toBeLessThanOrEqual(1_000_001);
});

test('lets other work run while it counts', async () => {
  let turns = 0;
  const turn = setInterval(() => turns++, 0);
  await estimate('some words of a long prompt, and 12 numbers. '.repeat(40_000));
  clearInterval(turn);
  expect(turns).toBeGreaterThan(5);
});

test('is never below o200k, and never above a token for each byte', async () => {
  const text = fc.array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom(' ', '\n', '0', 'the ', 'a'.repeat(700), ' '.repeat(600), '😀'.repeat(300)),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(text, async (parts) => {
      const whole = parts.join('');
      const estimated = await estimate(whole);
      expect(estimated).toBeGreaterThanOrEqual(count(whole));
      expect(estimated).toBeLessThanOrEqual(Buffer.byteLength(whole) + PER_REQUEST);
    }),
    { numRuns: 300 },
  );
});
