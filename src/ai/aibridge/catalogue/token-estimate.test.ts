import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadO200k } from './o200k.ts';
import { createTokenEstimator } from './token-estimate.ts';

const estimator = createTokenEstimator();
const both = (text: string) =>
  estimator.estimateInputTokens({ texts: [text], images: 0, tools: [], holder: null });
const estimate = async (text: string) => (await both(text)).most;
const count = await loadO200k();
const PER_REQUEST = await estimate('');

test('is close to what o200k counts for a real document, and not below it', async () => {
  const text = readFileSync(new URL('../../../../ARCHITECTURE.md', import.meta.url), 'utf8');
  const counted = count(text);
  const { likely, most } = await both(text);
  expect(Math.abs(likely - counted)).toBeLessThan(counted * 0.01);
  expect(most).toBeGreaterThanOrEqual(counted);
  expect(most).toBeLessThan(counted * 1.52 + PER_REQUEST);
});

// What older tokenizers counted, as measured with the package ai-tokenizer 1.0.6: Anthropic's, then OpenAI's cl100k.
test.each([
  ['人工智能正在改变我们的工作方式，数据治理变得越来越重要。', 40, 1_120, 1_080],
  [
    '人工知能は私たちの働き方を変えています。データガバナンスはますます重要になっています。',
    30,
    1_200,
    1_170,
  ],
  [
    'Искусственный интеллект меняет то, как мы работаем, и управление данными становится всё важнее. ',
    30,
    1_321,
    1_171,
  ],
  ['कृत्रिम बुद्धिमत्ता हमारे काम करने के तरीके को बदल रही है। ', 30, 1_741, 1_681],
  ['ปัญญาประดิษฐ์กำลังเปลี่ยนวิธีการทำงานของเรา ', 30, 2_341, 1_380],
  ['الذكاء الاصطناعي يغير طريقة عملنا وتزداد أهمية حوكمة البيانات. ', 30, 1_741, 1_381],
])('holds what other families count of %s', async (sentence, times, anthropic, cl100k) => {
  const most = await estimate(sentence.repeat(times));
  expect(most).toBeGreaterThanOrEqual(Math.max(anthropic, cl100k));
});

test('counts a frame for each message and tool, what stands before tools once, and an image', async () => {
  const bare = { texts: [], images: 0, tools: [], holder: null };
  const { most: base } = await estimator.estimateInputTokens(bare);
  const more = async (request: object) => (await estimator.estimateInputTokens({ ...bare, ...request })).most;
  expect(await more({ texts: ['', ''] })).toBe(base + 16);
  expect(await more({ tools: ['', ''] })).toBe(base + 530 + 128);
  expect(await more({ images: 2 })).toBe(base + 12_808);
});

test('a special token’s name is text like any other', async () => {
  expect(await estimate('<|endoftext|>')).toBeGreaterThan(PER_REQUEST + 5);
});

// The worst of these take minutes where the time grows with the square of the run.
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
])('takes linear time on a long run of %s', async (_what, unit) => {
  const text = unit.repeat(300_000 / unit.length);
  const estimated = await estimate(text);
  expect(estimated).toBeLessThanOrEqual(Buffer.byteLength(text) + PER_REQUEST);
  expect(estimated).toBeGreaterThanOrEqual(Buffer.byteLength(text) / 3);
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
    { numRuns: 150 },
  );
});

test('of a text that its holder sent before is known at once, and the same; of another caller’s it is counted', async () => {
  const text = 'A turn of a conversation that is sent again with every later turn. '.repeat(400);
  const of = (holder: string | null) =>
    estimator.estimateInputTokens({ texts: [text], images: 0, tools: [], holder });
  /** Whether an estimate came before other work was let run, as counting a long text does. */
  const isKnown = async (holder: string) => {
    let letRun = false;
    setImmediate(() => {
      letRun = true;
    });
    await of(holder);
    return !letRun;
  };
  expect(await of('ann')).toEqual(await of(null));
  expect([await isKnown('bob'), await isKnown('ann'), await isKnown('bob')]).toEqual([false, true, true]);
  expect(await of('ann')).toEqual(await of(null));
});
