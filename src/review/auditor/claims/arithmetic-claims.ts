// Arithmetic that a text states about itself: it needs no repository to be wrong.
import { backed, type DraftClaim, type Judgement, notBacked } from './claim.ts';
import { DECIMAL, decimalsOf, isApproximate, isWithinRounding, numberOf, WHOLE } from './numbers.ts';
import type { Block, Passages } from './passages.ts';

const NUMBER = `(${DECIMAL})`;
const CHANGE = new RegExp(
  String.raw`(?<![\d.,\w])${NUMBER}\s*(%?)(?:\s*[a-zµ]{1,3}\b)?\s*(?:→|->|=>|\bto\b|\band\b)\s*${NUMBER}\s*(%?)(?:\s+[a-z]+)?\s*\(\s*([+−–-])\s*${NUMBER}\s*(%|×|x|pp)?[^)\d]{0,20}\)`,
  'gi',
);
const SUM = new RegExp(
  String.raw`(?<![\d.,\w→=+−×*/-]\s?)${NUMBER}((?:\s*[+−×*]\s*${DECIMAL})+)\s*(=|≠|≈)\s*${NUMBER}(?![\d.]*\d)(?!\s*[+−×*/]\s*\d)`,
  'g',
);
const SHARE = new RegExp(
  String.raw`(${WHOLE}) (?:out of|of)(?: the| all)? (${WHOLE})(?:\s+[a-z-]+){0,3}(?:\s*[(,]\s*(?:=\s*)?${NUMBER}\s*%\s*\)?)?`,
  'gi',
);
const PARTS = new RegExp(
  String.raw`\b(${WHOLE}) ([a-z-]+s)\b(?:\s+[a-z]+)?\s*(\(|:\s)((?:${WHOLE}) [^().:;\d]{2,40}(?:(?:,| and|, and) (?:${WHOLE}) [^().:;,\d]{2,40})+)(?=[).;]|$)`,
  'gi',
);
const MEAN = new RegExp(
  String.raw`\b(?:means?|averages?|averaged)\b(?:[^\d.;|]{0,40}?)${NUMBER}(?:\s*(?:→|->|and|to|,)\s*${NUMBER})?(?!\s*(?:ms|s|MB|KB|GB|%|µs|seconds|×))`,
  'gi',
);
const MOVEMENTS = /[↑⬆]\s*(\d+)[,\s]*[↓⬇]\s*(\d+)[,\s]*[=→≈]\s*(\d+)/g;
const CLASSES = /\bclass(?:es)?\b[^\d.]{0,20}((?:\d+\s*\+\s*)+\d+)(?!\s*[=\d])/gi;
const FILES = new RegExp(String.raw`\b(${WHOLE})(?: paired| reviewed| source)? files\b`, 'gi');

/** Sums, differences, shares, means and tallies of a text. */
export function arithmeticClaims({ blocks }: Passages): readonly DraftClaim[] {
  const prose = blocks.filter(({ kind }) => kind !== 'table');
  const files = soleFileCount(prose);
  return prose.flatMap((block) => [
    ...each(block, CHANGE, judgeChange),
    ...each(block, SUM, judgeSum),
    ...each(block, SHARE, judgeShare),
    ...each(block, PARTS, judgeParts),
    ...(files === null
      ? []
      : [
          ...each(block, MEAN, (match) => judgeMean(match, files, blocks)),
          ...each(block, MOVEMENTS, (match) => judgeTally(match.slice(1), files, 'movements')),
          ...each(block, CLASSES, (match) => judgeTally((match[1] ?? '').split('+'), files, 'classes')),
        ]),
  ]);
}

function each(
  block: Block,
  pattern: RegExp,
  judge: (match: RegExpExecArray) => Judgement | null,
): readonly DraftClaim[] {
  return [...block.text.matchAll(pattern)].flatMap((match): DraftClaim[] => {
    const judgement = isApproximate(block.text.slice(0, match.index)) ? null : judge(match);
    if (judgement === null) return [];
    const start = block.start + match.index;
    return [{ kind: 'arithmetic', start, end: start + match[0].trimEnd().length, judge: () => judgement }];
  });
}

/** `3.56 → 4.00 (+0.44)`, `40 → 50 (+25%)`. */
function judgeChange(match: RegExpExecArray): Judgement | null {
  const [, from = '', , to = '', , sign, by = '', unit] = match;
  const [before, after] = [numberOf(from), numberOf(to)];
  const claimed = numberOf(by) * (sign === '+' ? 1 : -1);
  const decimals = [decimalsOf(from), decimalsOf(to), decimalsOf(by)];
  if (unit === '×' || unit === 'x') return null;
  const difference = after - before;
  const isPoints = match[2] === '%' || match[4] === '%' || unit === 'pp';
  if (unit === '%' && !isPoints) {
    if (before === 0) return null;
    const share = (difference / before) * 100;
    const slack = rounding(by) + (100 * (rounding(from) + rounding(to))) / Math.abs(before);
    return told(Math.abs(share - claimed) <= slack + 1e-9, `${to} is ${signed(share)} % from ${from}`);
  }
  return told(isWithinRounding(difference, claimed, decimals), `${to} − ${from} = ${plain(difference)}`);
}

/** `1 + 4 + 1 = 6`, `3 × 4 = 12`; one kind of sign after another, products first. */
function judgeSum(match: RegExpExecArray): Judgement | null {
  const [, first = '', rest = '', equals, result = ''] = match;
  if (equals !== '=') return null;
  const terms = [...rest.matchAll(new RegExp(String.raw`([+−×*])\s*(${DECIMAL})`, 'g'))];
  const written = [first, ...terms.map((term) => term[2] ?? '')];
  let total = 0;
  let product = numberOf(first);
  for (const [, sign = '', number = ''] of terms) {
    if (sign === '×' || sign === '*') product *= numberOf(number);
    else {
      total += product;
      product = numberOf(number) * (sign === '−' ? -1 : 1);
    }
  }
  total += product;
  const hasProduct = /[×*]/.test(rest);
  // A product of rounded factors may be off by more than its last digit.
  if (hasProduct && written.some((one) => decimalsOf(one) > 0)) return null;
  const decimals = [...written, result].map(decimalsOf);
  return told(isWithinRounding(total, numberOf(result), decimals), `${first}${rest} is ${plain(total)}`);
}

/** `36 of 40 (90 %)`. */
function judgeShare(match: RegExpExecArray): Judgement | null {
  const [text, part = '', whole = '', percent] = match;
  const [some, all] = [numberOf(part), numberOf(whole)];
  if (some > all && /out of|\d of \d/.test(text)) {
    // `page of 100 of 10 datasets` is no share; only a percentage beside it says that one is meant.
    return percent === undefined && !/out of/.test(text) ? null : notBacked(`${part} is more than ${whole}`);
  }
  if (percent === undefined || all === 0) return null;
  const share = (some / all) * 100;
  return told(
    Math.abs(share - numberOf(percent)) <= rounding(percent) + 1e-9,
    `${some} / ${all} = ${plain(share)} %`,
  );
}

/** `12 tests: 7 unit, 5 integration`. */
function judgeParts(match: RegExpExecArray): Judgement | null {
  const [, total = '', , opening, list = ''] = match;
  const numbers = [...list.matchAll(new RegExp(WHOLE, 'gi'))].map(([one]) => numberOf(one));
  const sum = numbers.reduce((all, one) => all + one, 0);
  const said = numberOf(total);
  if (sum === said) return backed(`${numbers.join(' + ')} = ${sum}`);
  // `21 cases: 3 formats, 7 sizes` multiplies.
  if (numbers.reduce((all, one) => all * one, 1) === said) return null;
  // A list after a colon tells all; one in brackets may name some of them, or measure something else.
  const isPartial = /\b(?:of (?:them|which|those)|ms|MB|seconds|rows|bytes|lines|each|including)\b/i.test(
    list,
  );
  if (isPartial || (opening === '(' && sum < said && /\b(?:new|skipped|failing|more|other)\b/i.test(list)))
    return null;
  return notBacked(`${numbers.join(' + ')} = ${sum}, not ${said}`);
}

/** Scores are whole numbers, so that their mean over n files is a multiple of 1/n. */
function judgeMean(match: RegExpExecArray, files: number, blocks: readonly Block[]): Judgement | null {
  const isOfScores = blocks.some(({ text }) =>
    /\b(?:scores?|iterations?|points|verdicts?|ratings?|whole numbers?)\b/i.test(text),
  );
  if (!isOfScores || files < 2 || files > 1_000) return null;
  const means = match.slice(1).filter((one) => one !== undefined && /\.\d/.test(one));
  if (means.length === 0) return null;
  const wrong = means.find((mean) => !isMeanOfWhole(mean ?? '', files));
  if (wrong === undefined) return backed(`each is a mean of ${files} whole numbers`);
  const nearest = [Math.floor(numberOf(wrong) * files), Math.ceil(numberOf(wrong) * files)];
  const shown = nearest
    .map((sum) => `${sum}/${files} = ${(sum / files).toFixed(decimalsOf(wrong))}`)
    .join(', ');
  return notBacked(`${wrong} is no mean of ${files} whole numbers: ${shown}`);
}

function isMeanOfWhole(mean: string, count: number): boolean {
  const sum = Math.round(numberOf(mean) * count);
  return [sum - 1, sum, sum + 1].some(
    (one) => Math.abs(one / count - numberOf(mean)) <= 0.5 * 10 ** -decimalsOf(mean) + 1e-9,
  );
}

function judgeTally(parts: readonly (string | undefined)[], files: number, what: string): Judgement {
  const numbers = parts.map((one) => Number(one));
  const sum = numbers.reduce((all, one) => all + one, 0);
  return told(sum === files, `${numbers.join(' + ')} = ${sum} ${what}, and there are ${files} files`);
}

/** The number of files a text speaks of, where it speaks of one number only. */
function soleFileCount(blocks: readonly Block[]): number | null {
  const counts = new Set(
    blocks.flatMap(({ text }) => [...text.matchAll(FILES)].map((match) => numberOf(match[1] ?? ''))),
  );
  const [only] = counts;
  return counts.size === 1 && only !== undefined ? only : null;
}

function told(isRight: boolean, evidence: string): Judgement {
  return isRight ? backed(evidence) : notBacked(evidence);
}

function rounding(written: string): number {
  return 0.5 * 10 ** -decimalsOf(written);
}

function plain(number: number): string {
  return String(Number(number.toFixed(4)));
}

function signed(number: number): string {
  return `${number >= 0 ? '+' : '−'}${Math.abs(number).toFixed(1)}`;
}
