import type { Change } from '../change/change.ts';
import { casesOf } from '../change/test-counts.ts';
import { outcomeText, type TestOutcome } from '../run/test-outcome.ts';
import { backed, type DraftClaim, type Judgement, notBacked, unknown } from './claim.ts';
import { mentionsIn } from './mentions.ts';
import { isApproximate, numberOf, WHOLE } from './numbers.ts';
import type { Passages, Sentence } from './passages.ts';

const KIND = String.raw`(?:(?:new|more|further|additional|unit|property|integration|regression|attack|fault|failing)\s+)*`;
const CASES = String.raw`(?:test cases?|tests?(?! (?:harness|helper|support|fixture|util|server|data|runner|suite|file|folder|database|key|command|script|run|double|bench|setup))|(?<=test\s)cases)\b`;

/** How sentences speak of tests; the first group is the number. */
const MOVED = new RegExp(
  String.raw`\btests?\b(?: count| cases)?:?\s+(?:\w+\s+)?(?:from )?(${WHOLE})\s*(?:→|->|=>|to)\s*(${WHOLE})|(${WHOLE})\s*(?:→|->|=>|to)\s*(${WHOLE})\s+(?:test cases|tests)\b`,
  'gi',
);
const ADDED = new RegExp(
  String.raw`\b(?:add(?:s|ed|ing)?|writes?|wrote|brings?|includes?|with)\s+(${WHOLE})\s+${KIND}${CASES}|(${WHOLE})\s+(?:new|more|further|additional)\s+${KIND}${CASES}|(${WHOLE})\s+${KIND}${CASES}\s+(?:(?:are|were|is|was)\s+)?added`,
  'gi',
);
const SOME_ADDED = new RegExp(
  String.raw`\b(?:add(?:s|ed|ing)?|writes?|wrote|brings?)\s+(?:(?:a|an|the|its|their|some|missing|both|more|new)\s+)*${KIND}${CASES}|\b(?:a|the)\s+new\s+${KIND}${CASES}|\bnew\s+${KIND}tests?\s+(?:cover|hold|prove|check)s?\b|\btests?\s+(?:are|were|is|was)\s+added|\b(?:covered|held|checked) by (?:a|an) (?:new )?test\b|\bwith (?:a|its|their|new) ${KIND}tests?\b`,
  'gi',
);
const RAN = new RegExp(
  String.raw`\b(?:all (?:the )?tests? (?:pass|are green|green)|(${WHOLE}) (?:tests|cases|test cases) (?:pass(?:ed)?|are green|green)|(?:checked|proved|held|covered) by (${WHOLE}) (?:tests|cases|test cases)|tests? (?:pass|are green))\b|(?<=\()(${WHOLE}) (?:tests |cases )?(?:passed|green)\b`,
  'gi',
);

/** Tests that a text says were added, counted or run. */
export function testClaims({ source, sentences }: Passages): readonly DraftClaim[] {
  if (source.document === 'CHANGELOG.md') return [];
  const claims: DraftClaim[] = [];
  const numbers: number[] = [];
  const taken = (start: number) => claims.some((one) => start >= one.start && start < one.end);
  const add = (
    sentence: Sentence,
    match: RegExpExecArray,
    judge: DraftClaim['judge'],
    passing: number | null = null,
  ) => {
    const start = sentence.start + match.index;
    if (taken(start) || isDenied(sentence.text.slice(0, match.index))) return;
    const run = {
      files: (change: Change) => namedTests(sentence, change),
      judge: (outcome: TestOutcome) => judgeOutcome(outcome, passing, namesAFile(sentence)),
    };
    claims.push({ kind: 'tests', start, end: start + match[0].length, judge, run });
  };
  for (const sentence of sentences) {
    const { text } = sentence;
    for (const match of text.matchAll(MOVED)) {
      const [from, to] = [numberOf(match[1] ?? match[3] ?? ''), numberOf(match[2] ?? match[4] ?? '')];
      add(sentence, match, (change) => judgeMoved(change, from, to));
    }
    for (const match of text.matchAll(ADDED)) {
      const written = match[1] ?? match[2] ?? match[3] ?? '';
      if (isApproximate(text.slice(0, text.indexOf(written, match.index)))) continue;
      const count = numberOf(written);
      numbers.push(count);
      add(sentence, match, (change) => judgeAdded(change, count, numbers));
    }
    for (const match of text.matchAll(SOME_ADDED)) add(sentence, match, judgeSomeAdded);
    for (const match of text.matchAll(RAN)) {
      const written = match[1] ?? match[2] ?? match[3];
      const count = written === undefined ? null : numberOf(written);
      add(sentence, match, (change) => judgeRan(change, sentence, count), count);
    }
  }
  return claims;
}

/** Test files that the sentence names, or else those the change touched. */
function namedTests(sentence: Sentence, change: Change): readonly string[] {
  const named = mentionsIn(sentence)
    .filter(({ kind }) => kind === 'path')
    .flatMap(({ name }) => change.knownPaths(name))
    .filter((path) => change.isTest(path) && change.after(path) !== null);
  if (named.length > 0) return [...new Set(named)];
  return change.tests().files.filter((path) => casesOf(path, change.after(path) ?? '').titles.length > 0);
}

function isDenied(before: string): boolean {
  return /(?:\b(?:no|not|never|without|would|could|should|will|later|todo)|n't)\s+(?:\w+\s+){0,3}$/i.test(
    before,
  );
}

function judgeMoved(change: Change, from: number, to: number): Judgement {
  const touched = change.tests();
  const whole = change.allTests();
  const seen = `${touched.before} → ${touched.after} in the changed files, ${whole.before} → ${whole.after} in the tree`;
  const pairs = [
    [touched.before, touched.after],
    [whole.before, whole.after],
    ...touched.files.map((path) => [
      casesOf(path, change.before(path) ?? '').titles.length,
      casesOf(path, change.after(path) ?? '').titles.length,
    ]),
  ];
  if (pairs.some(([before, after]) => before === from && after === to))
    return backed(`test cases by syntax: ${seen}`);
  const isCountedByRuns = touched.isLowerBound || whole.isLowerBound;
  // Cases in tables and loops run more often than they are written, and never less.
  if (isCountedByRuns && to >= from) return unknown(`test cases by syntax, a lower bound: ${seen}`);
  return notBacked(`test cases by syntax: ${seen}`);
}

function judgeAdded(change: Change, count: number, numbers: readonly number[]): Judgement {
  const { added, removed, addedFiles, files, before, after, isLowerBound } = change.tests();
  const seen = `${added} added and ${removed} removed by syntax in ${files.length} changed test files`;
  const fitting = [added, after - before, addedFiles.length, files.length];
  if (fitting.includes(count)) return backed(seen);
  const together = numbers.reduce((sum, one) => sum + one, 0);
  if (numbers.length > 1 && together === added) return backed(seen);
  if (isLowerBound && (files.length > 0 || addedInline(change)) && count > added)
    return unknown(`${seen}, a lower bound: cases stand in tables or loops`);
  if (files.length === 0 && addedInline(change))
    return unknown('tests stand beside the code of another language');
  // Others of the added may be spoken of in words that no pattern knows.
  if (count < added) return unknown(seen);
  return notBacked(seen);
}

function judgeSomeAdded(change: Change): Judgement {
  const { added, files } = change.tests();
  if (added > 0) return backed(`${added} test cases added by syntax`);
  const grown = files.find((path) => (change.lines.added.get(path)?.length ?? 0) > 0);
  if (grown !== undefined) return backed(`${grown} has new lines`);
  if (addedInline(change)) return backed('tests added beside the code');
  return notBacked('git diff: no test file gains a line');
}

/** Rust and others keep tests in the files they test. */
function addedInline(change: Change): boolean {
  return [...change.lines.added].some(
    ([path, lines]) =>
      !/\.(?:md|mdx|txt)$/.test(path) &&
      lines.some(({ text }) => /#\[(?:\w+::)?test\b|\bimport\.meta\.vitest\b|^\s*>>> /.test(text)),
  );
}

function judgeRan(change: Change, sentence: Sentence, count: number | null): Judgement {
  const files = namedTests(sentence, change);
  const isWritten = count !== null && files.length > 0;
  const written = isWritten ? files.map((path) => casesOf(path, change.after(path) ?? '')) : [];
  const total = written.reduce((sum, { titles }) => sum + titles.length, 0);
  const seen = isWritten ? `${total} cases by syntax in ${files.join(', ')}` : 'not run';
  return { verifier: 'dynamic', verdict: 'unknown', evidence: `${seen}; --run runs them` };
}

/**
 * A failing test contradicts whoever says it was added or passes; a run that came to nothing says nothing. Another number
 * contradicts only where the sentence says which files it counted.
 */
function judgeOutcome(outcome: TestOutcome, passing: number | null, isOfNamedFiles: boolean): Judgement {
  const evidence = outcomeText(outcome);
  const { ended, passed } = outcome;
  const isOther = ended === 'passed' && passing !== null && passed !== null && passed !== passing;
  if (ended === 'failed' || (isOther && isOfNamedFiles))
    return { verifier: 'dynamic', verdict: 'not_backed', evidence };
  return { verifier: 'dynamic', verdict: ended === 'passed' && !isOther ? 'backed' : 'unknown', evidence };
}

function namesAFile(sentence: Sentence): boolean {
  return mentionsIn(sentence).some(({ kind }) => kind === 'path');
}
