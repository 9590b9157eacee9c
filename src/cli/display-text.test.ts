import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellText, displayLines, displayText } from './display-text.ts';

describe('text from outside on a terminal', () => {
  it.each([
    ['plain text, ümlaut, 漢字, 🙂', 'plain text, ümlaut, 漢字, 🙂'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['gpj.\u202egnp', 'gpj.\\u{202e}gnp'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['\u0000', '\\x00'],
    ['\ud800', '\\u{d800}'],
  ])('shows %j as %j', (text, expected) => {
    expect(displayText(text)).toBe(expected);
  });

  it('lets no control character through, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(displayText(text)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  it('keeps lines apart where lines are meant', () => {
    expect(displayLines('a\nb\r\nc\u001b')).toBe('a\nb\nc\\x1b');
  });

  it('tells null from text, and shows structs as JSON', () => {
    expect(cellText(null)).toBe('∅');
    expect(cellText('null')).toBe('null');
    expect(cellText({ a: [1, '\u001b'] })).toBe('{"a":[1,"\\u001b"]}');
    expect(cellText(true)).toBe('true');
  });
});
