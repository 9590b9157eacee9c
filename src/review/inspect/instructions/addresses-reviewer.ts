import { decodedText, encodedTexts } from './decoded-text.ts';
import { ORDERS, SENTENCES, VERDICTS, type WordPattern } from './english-orders.ts';
import { ordersInOtherLanguages } from './foreign-orders.ts';
import { atOnce, inTurns, type ReadingPace, type Steps } from './reading-pace.ts';
import { type Reading, readingsOf } from './readings.ts';

/**
 * Tells whether a text addresses whoever reviews it: orders, ready-made verdicts, marks of chat protocols. A text is
 * looked at as it is written and as it may be read: without look-alike letters, spacing and escapes, decoded, turned
 * round. `code` is judged by what only an order says: `score = 10` is an assignment there. What it takes for an order is
 * measured in both directions: bench/review/words/ holds hostile texts, and places that a person read.
 */
export function addressesReviewer(text: string, kind: SourceKind): boolean {
  return atOnce((pace) => detection(text, kind, pace));
}

export type SourceKind = 'prose' | 'code';

/**
 * The same for texts that callers send, of any length and number: other work runs in between. One detector reads the texts
 * of one file, so that many short ones take turns as one long one does.
 */
export function reviewerDetector(): (text: string, kind: SourceKind) => Promise<boolean> {
  const run = inTurns();
  return (text, kind) => run((pace) => detection(text, kind, pace));
}

const SHORTEST = 8;

function* detection(text: string, kind: SourceKind, pace: ReadingPace): Steps<boolean> {
  if (text.length < SHORTEST || !/\p{L}|\d{2}/u.test(text)) return false;
  const plain = decodedText(text);
  if (pace.isTurnOver(text.length)) yield;
  const encoded = encodedTexts(plain);
  if (pace.isTurnOver(text.length)) yield;
  for (const one of [plain, ...encoded]) if (yield* isAddressed(one, kind, pace)) return true;
  return false;
}

function* isAddressed(text: string, kind: SourceKind, pace: ReadingPace): Steps<boolean> {
  if (yield* ordersInOtherLanguages(text, pace)) return true;
  const readings = yield* readingsOf(text, pace);
  if (yield* saysAny(ORDERS, readings, pace)) return true;
  if (kind === 'code') return false;
  if (hasMarks(text)) return true;
  if (pace.isTurnOver(text.length)) yield;
  if (yield* saysAny(SENTENCES, readings, pace)) return true;
  const spoken = withoutAssignments(text);
  return yield* saysAny(VERDICTS, spoken === text ? readings : yield* readingsOf(spoken, pace), pace);
}

function* saysAny(
  patterns: readonly WordPattern[],
  readings: readonly Reading[],
  pace: ReadingPace,
): Steps<boolean> {
  for (const { words, letters } of readings) {
    for (const { apart, together } of patterns) {
      if (apart.test(words) || (letters !== '' && isLong(together.exec(letters)))) return true;
      if (pace.isTurnOver(words.length + letters.length)) yield;
    }
  }
  return false;
}

/** Without borders a few letters in a row are chance. */
function isLong(match: RegExpExecArray | null): boolean {
  return match !== null && match[0].length >= FEWEST_LETTERS;
}

const FEWEST_LETTERS = 12;

/** A name and the value that a program gives it are no sentence. */
function withoutAssignments(text: string): string {
  return text.replaceAll(/["'`]?\s{0,3}(?:=|:(?=\s{0,3}["'`[{\d]))|[{}()[\];]/g, ' xx ');
}

/** Marks that only a chat protocol, or an answer to a review, has; and words beside them, for a mark alone says nothing. */
function hasMarks(text: string): boolean {
  if (ANSWER.test(text) || CALLED.test(text)) return true;
  return (
    MARKS.test(text) && (text.replaceAll(MARKS_EACH, ' ').match(/\p{L}{2,}/gu) ?? []).length >= FEWEST_WORDS
  );
}

const FEWEST_WORDS = 3;
const MARK =
  '(?<![\\w.])<\\|?\\s*(?:im_start|im_end|system|assistant|endoftext|eot_id|start_header_id|end_header_id)\\s*\\|?>|<\\|user\\|>|\\[\\/?INST\\]|<<\\/?SYS>>|<\\/?(?:instructions?|reviewed[-_ ]?file)>';
const ROLE =
  '^[^\\p{L}\\n]{0,8}(?:system|assistant|human)\\s{0,3}:\\s(?!["\'`]).{0,200}\\b(?:you|your|ignore|must|report|approve|run|all)\\b';
const MARKS = new RegExp(`${MARK}|${ROLE}`, 'imu');
const MARKS_EACH = new RegExp(`${MARK}|<\\|[\\w ]{1,40}\\|>`, 'giu');
const ANSWER =
  /["']verdict["']\s{0,3}:\s{0,3}["'](?:sound|needs_work|unsound|backed)["']|^\s{0,8}#{1,6}\s{1,3}verdict\s{1,9}(?:sound|needs_work|unsound)\b/im;
/** A reviewer called by that name, and then told what to do. */
const CALLED =
  /\b(?:reviewers?|auditors?|graders?|AI)\s{0,2}[,:]\s.{0,80}\b(?:approve|accept|report|mark|rate|score|give|treat|ignore)\s(?:this|it|that|all|every|everything|the|no)\b/i;
