import { describe, expect, it } from 'vitest';
import { changeOf } from '../change/change.ts';
import { openRepository } from '../change/git-repository.ts';
import { arithmeticClaims } from './arithmetic-claims.ts';
import { passagesOf } from './passages.ts';

/** Arithmetic asks nothing of a change; this repository's own first commit stands for one. */
const repository = openRepository('.', process.env.PATH ?? '');
const CHANGE = changeOf(repository, 'HEAD', 'HEAD');

function check(text: string, expected: readonly string[]): void {
  const claims = arithmeticClaims(passagesOf({ document: 'pull request', text }));
  const judged = claims.map(({ judge }) => judge(CHANGE));
  expect(judged.map((one) => ('verdict' in one ? `${one.verdict}: ${one.evidence}` : ''))).toEqual(
    expected.map((one) => expect.stringContaining(one)),
  );
}

describe('arithmetic', () => {
  it.each([
    ['p50 went 20 → 26 (+6)', ['backed: 26 − 20 = 6']],
    ['p50 went 20 → 26 (+7)', ['not_backed: 26 − 20 = 6']],
    ['The mean rose from 3.56 → 4.00 (+0.44).', ['backed: 4.00 − 3.56 = 0.44']],
    ['40 → 50 (+25%)', ['backed: 50 is +25.0 % from 40']],
    ['40 → 50 (+20%)', ['not_backed']],
    ['90% → 95% (+5%)', ['backed']],
    ['It takes 300 ms → 240 ms (−20 %).', ['backed']],
    ['1 + 4 + 1 + 9 + 6 = 21', ['backed']],
    ['1 + 4 + 1 + 9 + 6 = 22', ['not_backed: 1 + 4 + 1 + 9 + 6 is 21']],
    ['3 × 4 + 2 = 14', ['backed']],
    ['36 of 40 cases (90 %)', ['backed: 36 / 40 = 90 %']],
    ['36 of 40 cases (80 %)', ['not_backed']],
    ['36 of 40 cases', []],
    ['41 out of 40 cases', ['not_backed: 41 is more than 40']],
    ['12 tests: 7 unit, 5 integration.', ['backed: 7 + 5 = 12']],
    ['12 tests: 7 unit, 6 integration.', ['not_backed: 7 + 6 = 13, not 12']],
    ['12 rules (7 new, 2 renamed)', []],
    ['21 cases: 3 formats, 7 sizes.', []],
    ['It took 100 ms: 40 ms to parse, 50 ms to run.', []],
    ['About 20 → 26 (+7)', []],
  ])('%s', check);
});

describe('scores of files', () => {
  const WAVE =
    '21 files reviewed per iteration; iteration means 3.56 and 4.00 (+0.44), movements "↑5 ↓1 =12", classes 1+4+1+9+6.';

  it('cannot add up to another number of files, nor have a mean that no whole numbers have', () => {
    check(WAVE, [
      'backed: 4.00 − 3.56 = 0.44',
      '3.56 is no mean of 21 whole numbers: 74/21 = 3.52, 75/21 = 3.57',
      '5 + 1 + 12 = 18 movements, and there are 21 files',
      'backed: 1 + 4 + 1 + 9 + 6 = 21 classes',
    ]);
  });

  it('are judged by no number where the text speaks of two', () => {
    check('21 files, then 18 files: score means 3.56 and 4.01, movements ↑5 ↓1 =12.', []);
  });
});
