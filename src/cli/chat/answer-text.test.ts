import { expect, it } from 'vitest';
import { createAnswerText } from './answer-text.ts';

const shown = (...pieces: readonly string[]) => {
  const text = createAnswerText();
  return pieces.map((piece) => text.add(piece)).join('') + text.end();
};

it.each([
  [['plain'], 'plain'],
  [['a\tb\r\nc\n'], 'a\tb\nc\n'],
  [['a\r', '\nb'], 'a\nb'],
  [['a\r', 'b'], 'a\\rb'],
  [['\u001b[3', '1mred'], '\\x1b[31mred'],
  [['\ud83d', '\ude00'], '😀'],
  [['\ud83d'], '\\u{d83d}'],
  [['over\u202ethere'], 'over\\u{202e}there'],
])('shows %j as %j', (pieces, expected) => {
  expect(shown(...pieces)).toBe(expected);
});
