import { sha256Hex } from '../../base/index.ts';

/** What a finding is known by. */
export interface FindingKey {
  readonly repository: string;
  readonly path: string;
  readonly rule: string;
  readonly symbol: string;
  readonly claim: string;
}

/**
 * The id of a finding that no earlier one matches: it holds no line, so that it stays while code moves in a file. Equal
 * keys at several places are told apart by `occurrence`, from 1.
 */
export function findingId({ repository, path, rule, symbol, claim }: FindingKey, occurrence: number): string {
  const key = [repository, path, rule, symbol, normalisedClaim(claim)];
  return sha256Hex((occurrence === 1 ? key : [...key, occurrence]).join('\n')).slice(0, 16);
}

/**
 * A claim without what changes from one telling to the next: case, numbers, marks and white space. Digits of a name stay:
 * `sha1` is not `sha256`.
 */
export function normalisedClaim(claim: string): string {
  return claim
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/(?<![\p{L}\p{N}_$])\d+(?![\p{L}\p{N}_$])/gu, '#')
    .replaceAll(/[^\p{L}\p{N}_#$]+/gu, ' ')
    .trim();
}

/** Words of a claim that are compared; a longer one has said what it is about by then. */
const MOST_WORDS = 100;

/** The words of a claim, for `claimLikeness`. */
export function claimWords(claim: string): ReadonlySet<string> {
  return new Set(normalisedClaim(claim).split(' ', MOST_WORDS));
}

/** How far two claims use the same words, 0 to 1: shared words over all words. */
export function claimLikeness(words: ReadonlySet<string>, others: ReadonlySet<string>): number {
  const shared = words.intersection(others).size;
  return shared / (words.size + others.size - shared);
}
