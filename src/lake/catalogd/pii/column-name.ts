/** A column's name taken apart into words: `Email Address`, `emailAddress` and `email_address` are the same. */
export interface ColumnName {
  readonly words: readonly string[];
  /** Says nothing of its content: `c1`, `column0`, `f_02`, `value`. */
  readonly opaque: boolean;
  /** Whether any of the phrases (words with spaces, in the form of `words`) occurs as whole words in a row. */
  hasAny(phrases: readonly string[]): boolean;
}

const OPAQUE =
  /^(?:_?[a-z]{1,2}|col|column|field|fld|attr|attribute|var|variable|value|val|data|text|unnamed|unknown|x)? ?\d{0,4}$/;
/** Scripts written without spaces: a phrase is found inside the text instead of as whole words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const MAX_LENGTH = 200;

export function columnName(text: string): ColumnName {
  const words = normalised(text.slice(0, MAX_LENGTH))
    .split(' ')
    .filter((word) => word !== '');
  const spaced = ` ${words.join(' ')} `;
  return {
    words,
    opaque: OPAQUE.test(words.join(' ')),
    hasAny: (phrases) =>
      phrases.some((phrase) => spaced.includes(UNSPACED.test(phrase) ? phrase : ` ${phrase} `)),
  };
}

/** Lower case, no accents, one space between words; camelCase and digits are taken apart. */
function normalised(text: string): string {
  return text
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{L})(\d)/gu, '$1 $2')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ł', 'l')
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}
