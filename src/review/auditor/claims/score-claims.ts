// Movements of scores: what a text says rose or fell is looked up in the rows of the iterations, where the caller has
// brought some. Only files that both iterations read under one bar count there, so that a mean over others is not backed.
import type { Movement } from '../../knowledge/index.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { mentionsIn } from './mentions.ts';
import { DECIMAL, decimalsOf, isApproximate, isWithinRounding, numberOf, WHOLE } from './numbers.ts';
import type { Passages, Sentence } from './passages.ts';
import type { NamedIterations, ScoreRecord } from './score-record.ts';

const CHANGE = new RegExp(
  String.raw`(?<![\d.,\w/])(?<!\biterations?\s)(${DECIMAL})\s*(→|->|=>|\bto\b|\band\b)\s*(${DECIMAL})(?![\d.]*\d|\s*(?:%|[a-zµ]{1,2}\b(?<!\bin|\bof|\bon))|\s+files)`,
  'gi',
);
const TALLY = /[↑⬆]\s*(\d+)[,\s]*[↓⬇]\s*(\d+)[,\s]*[=→≈]\s*(\d+)/g;
const ITERATIONS = /\biterations?\s+(\d{1,6})\s*(?:→|->|to|and|–|-)\s*(?:iteration\s+)?(\d{1,6})\b/i;
const FILES = new RegExp(String.raw`\b(?:over|across|of|in)\s+(${WHOLE})(?:\s+paired)?\s+files\b`, 'i');
const MOST_SCORE = 10;
/** `from 0 to 10` is a range, unless something went so. */
const WENT =
  /\b(?:rose|rises|raised?|fell|falls|went|goes|climb(?:s|ed)|drop(?:s|ped)|improve[sd]|increase[sd]|decrease[sd]|moved)\b/i;
/** A sentence about movements of scores, whether or not it says which. */
const ABOUT = /\b(?:score|trust|confidence)s?\b.*\d\s*(?:→|->)\s*\d/i;

/** Scores of files, their means, and tallies of files that rose, fell and stayed. */
export function scoreClaims(passages: Passages, record: ScoreRecord | null): readonly DraftClaim[] {
  return passages.sentences.flatMap((sentence): readonly DraftClaim[] => {
    const claims = [...changes(sentence, record), ...tallies(sentence, record)];
    if (claims.length > 0 || !ABOUT.test(sentence.text)) return claims;
    const start = sentence.start + (sentence.text.length - sentence.text.trimStart().length);
    const end = sentence.start + sentence.text.trimEnd().length;
    const why = 'it states no score of a file, mean or tally that a knowledge base could show';
    return [{ kind: 'score', start, end, judge: () => unknown(why) }];
  });
}

function changes(sentence: Sentence, record: ScoreRecord | null): readonly DraftClaim[] {
  const { text } = sentence;
  if (!/\b(?:scores?|scored|rating|iterations?)\b/i.test(text)) return [];
  const isMean = /\b(?:means?|averages?|averaged)\b/i.test(text);
  const matches = [...text.matchAll(CHANGE)].filter(([, from = '', word = '', to = '']) => {
    const isSaid = /and/i.test(word) ? isMean : !/to/i.test(word) || WENT.test(text);
    return isSaid && Math.max(numberOf(from), numberOf(to)) <= MOST_SCORE;
  });
  const paths = mentionsIn(sentence).flatMap(({ kind, name }) => (kind === 'path' ? [name] : []));
  return matches.flatMap((match, index): DraftClaim[] => {
    const [written, from = '', , to = ''] = match;
    if (isApproximate(text.slice(0, match.index))) return [];
    const claim = { from, to };
    // One file, or as many as changes and in their order: otherwise nobody knows which is meant.
    const path =
      paths.length === 1 || paths.length === matches.length ? (paths[index] ?? paths[0]) : undefined;
    const files = FILES.exec(text)?.[1];
    const judge = isMean
      ? (movements: readonly Movement[]) => judgeMean(claim, files, movements)
      : path === undefined
        ? null
        : (movements: readonly Movement[]) => judgeFile(claim, path, movements);
    if (judge === null) return [];
    return [drafted(sentence, match.index, written, () => judgedBy(record, text, judge))];
  });
}

function tallies(sentence: Sentence, record: ScoreRecord | null): readonly DraftClaim[] {
  return [...sentence.text.matchAll(TALLY)].map((match) => {
    const [written, ...numbers] = match;
    const claimed = numbers.map(Number);
    const judge = (movements: readonly Movement[]) =>
      told(movements, {
        isSo: ({ fallen, risen, unchanged }) =>
          [risen, fallen, unchanged].every((one, index) => one === claimed[index]),
        shown: ({ fallen, risen, unchanged }) => `↑${risen} ↓${fallen} =${unchanged}`,
      });
    return drafted(sentence, match.index, written, () => judgedBy(record, sentence.text, judge));
  });
}

interface ClaimedChange {
  readonly from: string;
  readonly to: string;
}

function judgeFile(claim: ClaimedChange, path: string, movements: readonly Movement[]): Judgement {
  const pairOf = ({ paired }: Movement) =>
    paired.find((file) => file.path === path || file.path.endsWith(`/${path}`));
  const known = movements.filter((movement) => pairOf(movement) !== undefined);
  if (known.length > 0) {
    return told(known, {
      isSo: (movement) => {
        const pair = pairOf(movement);
        return pair !== undefined && isChange(claim, pair.from_score, pair.to_score);
      },
      shown: (movement) => `${pairOf(movement)?.from_score} → ${pairOf(movement)?.to_score}`,
    });
  }
  const unpaired = movements.flatMap(({ unpaired: files }) => files).find((file) => file.path === path);
  return unknown(
    `the knowledge base compares it in no two iterations: ${unpaired?.why ?? 'it has no such file'}`,
  );
}

function judgeMean(
  claim: ClaimedChange,
  files: string | undefined,
  movements: readonly Movement[],
): Judgement {
  const comparable = movements.filter((movement) => movement.paired_files > 0);
  if (comparable.length === 0) return unknown('the knowledge base pairs no file between two iterations');
  return told(comparable, {
    isSo: ({ from_mean: from, paired_files: paired, to_mean: to }) =>
      from !== null &&
      to !== null &&
      isChange(claim, from, to) &&
      (files === undefined || numberOf(files) === paired),
    shown: ({ from_mean: from, paired_files: paired, to_mean: to }) =>
      `${from?.toFixed(2)} → ${to?.toFixed(2)} over ${paired} paired files`,
  });
}

function isChange({ from, to }: ClaimedChange, before: number, after: number): boolean {
  return (
    isWithinRounding(before, numberOf(from), [decimalsOf(from)]) &&
    isWithinRounding(after, numberOf(to), [decimalsOf(to)])
  );
}

/** Backed where one movement shows it; otherwise what the newest ones show instead. */
function told(
  movements: readonly Movement[],
  { isSo, shown }: { isSo: (movement: Movement) => boolean; shown: (movement: Movement) => string },
): Judgement {
  const say = (movement: Movement) => `iterations ${movement.from} and ${movement.to}: ${shown(movement)}`;
  const found = movements.find(isSo);
  if (found !== undefined) return backed(`knowledge base, ${say(found)}`);
  return notBacked(`knowledge base, ${movements.slice(-3).map(say).join('; ')}`);
}

function judgedBy(
  record: ScoreRecord | null,
  text: string,
  judge: (movements: readonly Movement[]) => Judgement,
): Judgement {
  if (record === null) return unknown('needs the knowledge base of the iterations: --kb');
  const movements = record.movements(namedIterations(text));
  return typeof movements === 'string' ? unknown(movements) : judge(movements);
}

function namedIterations(text: string): NamedIterations | null {
  const [, one, other] = ITERATIONS.exec(text) ?? [];
  if (one === undefined || other === undefined) return null;
  const [from, to] = [Number(one), Number(other)].sort((a, b) => a - b);
  return from === undefined || to === undefined ? null : [from, to];
}

function drafted(sentence: Sentence, at: number, written: string, judge: () => Judgement): DraftClaim {
  const start = sentence.start + at;
  return { kind: 'score', start, end: start + written.length, judge };
}
