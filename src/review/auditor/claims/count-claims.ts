import type { Change } from '../change/change.ts';
import { backed, type DraftClaim, type Judgement, notBacked } from './claim.ts';
import { isApproximate, numberOf, WHOLE } from './numbers.ts';
import type { Passages } from './passages.ts';

const GAP = String.raw`(?:\s+(?:source|code|other|existing|new|TypeScript|production))?`;

/** How sentences count files and lines of a change; the first group that matched is the number. */
const PATTERNS: readonly (readonly [RegExp, (change: Change) => readonly number[]])[] = [
  [
    new RegExp(
      String.raw`(${WHOLE})${GAP} files?(?: (?:are|were))? (?:changed|touched|modified|edited)\b|\b(?:changes|changed|touches|touched|edits|modifies|modified|change|touch|edit|modify)${GAP} (${WHOLE})${GAP} files\b|\bacross (${WHOLE})${GAP} files\b`,
      'gi',
    ),
    changedFileCounts,
  ],
  [
    new RegExp(
      String.raw`\badd(?:s|ed)? (${WHOLE}) (?:new )?(?:source )?files\b|(${WHOLE}) new files\b|(${WHOLE}) files (?:are |were )?added\b`,
      'gi',
    ),
    (change) => statusCounts(change, 'added'),
  ],
  [
    new RegExp(
      String.raw`\b(?:delete|remove)(?:s|d)? (${WHOLE}) files\b|(${WHOLE}) files (?:are |were )?(?:deleted|removed)\b`,
      'gi',
    ),
    (change) => statusCounts(change, 'deleted'),
  ],
  [
    new RegExp(
      String.raw`\b(?:rename|move)(?:s|d)? (${WHOLE}) files\b|(${WHOLE}) files (?:are |were )?(?:renamed|moved)\b`,
      'gi',
    ),
    (change) => statusCounts(change, 'renamed'),
  ],
  [
    new RegExp(
      String.raw`(${WHOLE}) (?:insertions?(?:\(\+\))?|lines? (?:are |were )?added\b)|\badd(?:s|ed)? (${WHOLE}) lines\b`,
      'gi',
    ),
    (change) => lineCounts(change, ({ addedLines }) => addedLines),
  ],
  [
    new RegExp(
      String.raw`(${WHOLE}) (?:deletions?(?:\(-\))?|lines? (?:are |were )?(?:removed|deleted)\b)|\b(?:remove|delete)(?:s|d)? (${WHOLE}) lines\b`,
      'gi',
    ),
    (change) => lineCounts(change, ({ removedLines }) => removedLines),
  ],
];

/** Files and lines that a text counts. */
export function countClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  return sentences.flatMap(({ text, start }) =>
    PATTERNS.flatMap(([pattern, counts]) =>
      [...text.matchAll(pattern)].flatMap((match): DraftClaim[] => {
        const written = match.slice(1).find((group) => group !== undefined) ?? '';
        const before = text.slice(0, text.indexOf(written, match.index));
        if (
          isApproximate(before) ||
          /\b(?:not|never|of|the other|would)\s+$/i.test(text.slice(0, match.index))
        )
          return [];
        // `3 files changed in src/` counts some of them.
        if (
          /^\s+(?:in|under|of|below|for)\b/i.test(text.slice(match.index + match[0].length)) &&
          !/in all/.test(text)
        )
          return [];
        return [
          {
            kind: 'count',
            start: start + match.index,
            end: start + match.index + match[0].length,
            judge: (change) => judge(numberOf(written), counts(change)),
          },
        ];
      }),
    ),
  );
}

/** People leave out what machines write and what documents or tests follow: each of these counts is a true one. */
function judge(claimed: number, counts: readonly number[]): Judgement {
  const [exact] = counts;
  if (claimed === exact) return backed(`git diff --numstat: ${exact}`);
  if (counts.includes(claimed)) return backed(`git diff --numstat: ${claimed} of ${exact}, by kind of file`);
  return notBacked(`git diff --numstat: ${exact}, not ${claimed}`);
}

function changedFileCounts(change: Change): readonly number[] {
  return subsets(change).map((files) => files.length);
}

function statusCounts(change: Change, status: Change['files'][number]['status']): readonly number[] {
  return subsets(change).map((files) => files.filter((one) => one.status === status).length);
}

function lineCounts(
  change: Change,
  count: (file: Change['files'][number]) => number | null,
): readonly number[] {
  return subsets(change).map((files) => files.reduce((sum, file) => sum + (count(file) ?? 0), 0));
}

/** All files, those written by hand, those that are no documents, those that are no tests. */
function subsets(change: Change): readonly Change['files'][] {
  const isMade = (path: string) => /(?:[.-]lock|-lock\.\w+|\.lockb|\.snap|\.generated\.\w+)$/.test(path);
  const isDocument = (path: string) => /\.(?:md|mdx|txt)$/.test(path);
  const byHand = change.files.filter(({ path }) => !isMade(path));
  const sources = byHand.filter(({ path }) => !isDocument(path));
  return [change.files, byHand, sources, sources.filter(({ path }) => !change.isTest(path))];
}
