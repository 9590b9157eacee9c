import type { ReadingPace, Steps } from './reading-pace.ts';

/** A text as words with one space between them, and around it nothing. */
export interface Reading {
  readonly words: string;
  /** The same with every letter run together, where the text does not show where words end; else empty. */
  readonly letters: string;
}

/**
 * The ways in which a text may be read: as it stands, with names cut into their words, with digits for letters, rotated, turned round.
 * Look-alike letters, accents and invisible signs are gone from all of them. Only a text that hides where its words end is read
 * without borders as well: read so, `attendee, passenger` would be full of words that nobody wrote.
 */
export function* readingsOf(text: string, pace: ReadingPace): Steps<readonly Reading[]> {
  const plain = foldLetters(text);
  if (pace.isTurnOver(text.length)) yield;
  const names = namesCut(text);
  if (pace.isTurnOver(text.length)) yield;
  const cut = names === text ? plain : foldLetters(names);
  const readings: Reading[] = [];
  for (const made of waysToRead(plain, cut)) {
    if (pace.isTurnOver(text.length)) yield;
    const one = made();
    if (pace.isTurnOver(text.length)) yield;
    readings.push(reading(one));
  }
  return readings;
}

function waysToRead(plain: string, cut: string): readonly (() => string)[] {
  const hasDigits = /[a-z][013457@$]|[013457@$][a-z]/.test(plain);
  return [
    () => plain,
    ...(cut === plain ? [] : [() => cut]),
    ...(hasDigits ? [() => fromDigits(plain)] : []),
    () => rotated(plain),
    () => [...plain].reverse().join(''),
  ];
}

function reading(text: string): Reading {
  const tokens =
    text.replaceAll(/['’`*_]+/g, (sign) => (sign.startsWith('_') ? ' ' : '')).match(/[a-z0-9]+/g) ?? [];
  return { words: tokens.join(' '), letters: lettersOf(tokens) };
}

const SHORT_WORD = 2;
const LONG_WORD = 18;
const FEWEST_SHORT_WORDS = 12;

function lettersOf(tokens: readonly string[]): string {
  const short = tokens.filter((token) => token.length <= SHORT_WORD && /[a-z]/.test(token)).length;
  if (short >= FEWEST_SHORT_WORDS && short > tokens.length * 0.7) return tokens.join('');
  return tokens.filter((token) => token.length >= LONG_WORD && /^[a-z]/.test(token)).join(' ');
}

/** `ignoreAll` as `ignore All`. */
function namesCut(text: string): string {
  return text.replaceAll(/([\p{Ll}\d])(?=\p{Lu})|(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1$2 ');
}

/** Letters that look like others, as those: Cyrillic, Greek, full width, styled; without marks and invisible ones. */
function foldLetters(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII has nothing to fold.
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(LOOK_ALIKE, (letter) => LOOK_ALIKES[letter] ?? letter)
    .replaceAll(/[\p{M}\p{Cf}\u{e0000}-\u{e007f}]+/gu, '');
}

const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['аɑα', 'a'],
    ['ьЬв', 'b'],
    ['сϲᴄ', 'c'],
    ['ԁ', 'd'],
    ['еєε', 'e'],
    ['ɡ', 'g'],
    ['һн', 'h'],
    ['іıι', 'i'],
    ['ј', 'j'],
    ['кκ', 'k'],
    ['ӏ', 'l'],
    ['м', 'm'],
    ['пո', 'n'],
    ['оοօσ', 'o'],
    ['рρ', 'p'],
    ['ԛ', 'q'],
    ['гг', 'r'],
    ['ѕ', 's'],
    ['тτ', 't'],
    ['υս', 'u'],
    ['ѵν', 'v'],
    ['ԝш', 'w'],
    ['хχ', 'x'],
    ['уγ', 'y'],
  ].flatMap(([from = '', to = '']) => [...from].map((letter) => [letter, to])),
);

const LOOK_ALIKE = new RegExp(`[${Object.keys(LOOK_ALIKES).join('')}]`, 'gu');

const DIGITS: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
};

/** Digits read as the letters they resemble, in words that hold letters too; numbers stay numbers. */
function fromDigits(text: string): string {
  return text.replaceAll(/[a-z0-9@$]+/g, (word) =>
    /[a-z]/.test(word) ? word.replaceAll(/[013457@$]/g, (sign) => DIGITS[sign] ?? sign) : word,
  );
}

function rotated(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) =>
    String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97),
  );
}
