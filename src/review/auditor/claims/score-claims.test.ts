import { describe, expect, it } from 'vitest';
import { REPOSITORY, reviewRow } from '../../knowledge/knowledge-rows.fixture.ts';
import { changeOf } from '../change/change.ts';
import { openRepository } from '../change/git-repository.ts';
import type { DraftClaim } from './claim.ts';
import { passagesOf } from './passages.ts';
import { scoreClaims } from './score-claims.ts';
import { createScoreRecord, type ScoreRecord } from './score-record.ts';

/** No claim about a score asks anything of a change. */
const repository = openRepository('.', process.env.PATH ?? '');
const CHANGE = changeOf(repository, 'HEAD', 'HEAD');

const REVIEWS = [
  reviewRow('src/a.ts', 1, [3.2]),
  reviewRow('src/a.ts', 2, [5.1]),
  reviewRow('src/a.ts', 3, [6]),
  reviewRow('src/b.ts', 1, [4]),
  reviewRow('src/b.ts', 2, [3]),
  reviewRow('src/b.ts', 3, [3]),
  // Read in one iteration alone: in no mean.
  reviewRow('src/c.ts', 2, [10]),
  reviewRow('src/d.ts', 1, [1]),
  reviewRow('src/d.ts', 2, [9], { model: 'other/one' }),
];
const RECORD = createScoreRecord({ reviews: REVIEWS, findings: [], attempts: [] });

const claimsOf = (text: string, record: ScoreRecord | null): readonly DraftClaim[] =>
  scoreClaims(passagesOf({ document: 'pull request', text }), record);

async function judged(text: string, record: ScoreRecord | null = RECORD): Promise<readonly string[]> {
  const judgements = await Promise.all(claimsOf(text, record).map(({ judge }) => judge(CHANGE)));
  expect(new Set(judgements.map(({ verifier }) => verifier)).size).toBeLessThan(2);
  return judgements.map(({ evidence, verdict, verifier }) => `${verifier} ${verdict}: ${evidence}`);
}

describe('a claim about scores, by the knowledge base', () => {
  it.each<[string, readonly string[]]>([
    ['Score 3.2 → 5.1 for `src/a.ts`.', ['backed: knowledge base, iterations 1 and 2: 3.2 → 5.1']],
    ['`src/a.ts` now scores 3.2 -> 6', ['backed: knowledge base, iterations 1 and 3: 3.2 → 6']],
    ['The score of src/a.ts rose from 3.2 to 5.1.', ['backed']],
    ['Score 3 → 6 for `src/a.ts`.', ['not_backed: knowledge base, iterations 1 and 2: 3.2 → 5.1; iter']],
    ['Score 3.2 → 7.1 for `src/a.ts`.', ['not_backed']],
    ['Scores: `src/a.ts` 3.2 → 5.1, `src/b.ts` 4 → 3.', ['backed', 'backed']],
    ['Scores: `src/a.ts` 4 → 3, `src/b.ts` 3.2 → 5.1.', ['not_backed', 'not_backed']],
    [
      'In iteration 2 → 3 the score of `src/a.ts` went 5.1 → 6.',
      ['backed: knowledge base, iterations 2 and 3'],
    ],
    ['In iterations 2 and 3 the score of `src/a.ts` went 3.2 → 5.1.', ['not_backed']],
    [
      'In iterations 3 and 4 the score of `src/a.ts` went 6 → 8.',
      ['unknown: the knowledge base has no iteration 4'],
    ],
    [
      'Score 1 → 9 for `src/d.ts`.',
      ['unknown: the knowledge base compares it in no two iterations: accepted from'],
    ],
    [
      'Score 1 → 9 for `src/e.ts`.',
      ['unknown: the knowledge base compares it in no two iterations: it has no such'],
    ],
    [
      'The score mean went 3.60 → 4.05 over 2 files.',
      ['backed: knowledge base, iterations 1 and 2: 3.60 → 4.05 over 2'],
    ],
    ['Iteration means 3.6 and 4.05.', ['backed']],
    // The mean of all files of iteration 2 is 6.78, and of its four files two are paired.
    [
      'The score mean went 2.73 → 6.78.',
      ['not_backed: knowledge base, iterations 1 and 2: 3.60 → 4.05 over 2 paired'],
    ],
    ['The score mean went 3.60 → 4.05 over 4 files.', ['not_backed']],
    ['Scores of iterations 1 and 2: ↑1 ↓1 =0.', ['backed: knowledge base, iterations 1 and 2: ↑1 ↓1 =0']],
    ['Scores of iterations 1 and 2: ↑2 ↓1 =0.', ['not_backed: knowledge base, iterations 1 and 2: ↑1 ↓1 =0']],
    ['The score rose 3 → 5.', ['unknown: it states no score']],
    ['Scores of `src/a.ts` and `src/b.ts` went 3.2 → 5.1.', ['unknown: it states no score']],
    ['The score of `src/a.ts` came with 32 → 51 tests.', ['unknown: it states no score']],
    ['The confidence rose 0.4 → 0.9 for `local/reader`.', ['unknown: it states no score']],
    ['The score of `src/a.ts` went from about 3 → 6.', ['unknown']],
    ['The mean went 12 → 9 ms; tests 14 → 24.', []],
    ['Show scores from 0 to 10 in `src/a.ts`.', []],
    ['Scores of 3 and 5 stay in `src/a.ts`.', []],
    ['Move src/a.ts from 3 to 5 shards.', []],
  ])('%s', async (text, expected) => {
    expect(await judged(text)).toEqual(expected.map((one) => expect.stringContaining(`static ${one}`)));
  });

  it('is unknown where the caller brought none', async () => {
    expect(await judged('Score 3.2 → 7.1 for `src/a.ts`; means 3.56 and 4.00. ↑5 ↓1 =12', null)).toEqual(
      Array(3).fill('static unknown: needs the knowledge base of the iterations: --kb'),
    );
  });

  it('is unknown where the rows are of several repositories', async () => {
    const other = { ...reviewRow('src/a.ts', 2, [5.1]), repository: `${REPOSITORY}-2` };
    const record = createScoreRecord({ reviews: [...REVIEWS, other], findings: [], attempts: [] });
    expect(await judged('Score 3.2 → 5.1 for `src/a.ts`.', record)).toEqual([
      expect.stringContaining('unknown: the knowledge base is of several repositories'),
    ]);
  });

  it('is unknown where two iterations have the number, which were run at different places', async () => {
    const other = reviewRow('src/a.ts', 2, [9], { iteration_id: 'elsewhere' });
    const record = createScoreRecord({ reviews: [...REVIEWS, other], findings: [], attempts: [] });
    expect(record.movements([1, 2])).toBe('the knowledge base has several iterations 2, of different origin');
  });

  it('is unknown where there is one iteration', async () => {
    const record = createScoreRecord({ reviews: REVIEWS.slice(0, 1), findings: [], attempts: [] });
    expect(await judged('Score 3.2 → 5.1 for `src/a.ts`.', record)).toEqual([
      expect.stringContaining('unknown: the knowledge base has no two iterations'),
    ]);
  });
});
