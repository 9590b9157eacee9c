import { encodedTexts } from '../../inspect/index.ts';

/**
 * Whether a string holds sentences that a review of the program has no need of, whatever they say: sentences in another language than
 * English, and sentences that are encoded. No list of orders covers every language; so these are not shown at all. It is no
 * finding: a program may well speak Turkish to its users.
 */
export function isWithheld(text: string): boolean {
  return isOtherLanguage(text) || ESCAPES.test(text) || holdsEncoded(text);
}

/** Whether it holds base64 or hex that says a sentence. */
export function holdsEncoded(text: string): boolean {
  return encodedTexts(text).some((one) => wordsOf(one).length >= FEWEST_WORDS);
}

/** Letters as escapes, entities or invisible tags, so many in a row that somebody hid a sentence. */
const ESCAPES =
  /(?:\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|%[0-9a-f]{2}|&#x?[0-9a-f]{1,6};){12}|[\u{e0020}-\u{e007e}]{4}/iu;

const FEWEST_WORDS = 4;
const FEWEST_LETTERS = 8;
const FEWEST_SMALL_WORDS = 2;

function isOtherLanguage(text: string): boolean {
  const words = wordsOf(text.toLowerCase());
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const other = text.match(/(?!\p{Script=Latin})\p{L}/gu)?.length ?? 0;
  const isSentence = words.length >= FEWEST_WORDS || UNSPACED.test(text);
  if (isSentence && other >= FEWEST_LETTERS && other > letters * 0.4) return true;
  const small = (of: ReadonlySet<string>) => words.filter((word) => of.has(word)).length;
  const foreign = small(FOREIGN_WORDS);
  return words.length >= FEWEST_WORDS && foreign >= FEWEST_SMALL_WORDS && foreign > small(ENGLISH_WORDS);
}

/** Scripts that write no spaces between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/u;

function wordsOf(text: string): readonly string[] {
  return text.match(/(?<![\p{L}\p{M}\p{N}_$./\\-])[\p{L}\p{M}]{2,}(?![\p{L}\p{M}\p{N}_$/\\(-])/gu) ?? [];
}

/** Small words of languages with Latin letters; none of them is an English word or a name that programs use. */
const FOREIGN_WORDS: ReadonlySet<string> = new Set(
  `der und nicht ist ein eine einen dieser diese dieses bitte sie wir von für mit auf zu keine alle
   les des est pas cette une et pour dans vous nous avec sur aucun tous le la du
   el los las este esta una que para con por su del como todos ningún todo
   che questo questa per della sono tutti nessun è
   uma não isso este para dos das ou seu
   het een dit niet voor zijn geen alle deze als van
   och att det är inte för som på alla här detta
   og ikke dette til av som er
   bu bir için değil olarak tüm ile çok
   nie jest się wszystkie tego ten dla przez oraz
   và này không là của cho một các hãy
   että tämä ole
   în și nu este acest pentru toate
   és nem hogy ez minden egy`.split(/\s+/),
);

const ENGLISH_WORDS: ReadonlySet<string> = new Set(
  `the of and to is in it that for on with as not be are this was by an or from at no has have its which who
   if when than but you we they will can may must should cannot only all any each one where there then
   select into values`.split(/\s+/),
);
