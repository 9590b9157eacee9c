import { addressesReviewer } from '../../inspect/index.ts';
import type { Change } from '../change/change.ts';
import type { ClaimKind, Judgement } from '../claims/claim.ts';
import { type AskedClaim, readerQuestion } from './question.ts';
import type { Reader, ReaderUse } from './reader.ts';
import { readerVerdicts } from './reader-verdicts.ts';
import { shownDiff } from './shown-diff.ts';

/** Asks one reader during one audit, for as long as asking makes sense. */
export interface Inference {
  /** One judgement for each claim, in their order; null where the reader was not asked or did not answer. */
  judge(change: Change, claims: readonly AskedClaim[]): Promise<readonly (Judgement | null)[]>;
  use(): ReaderUse;
}

/** Claims of one question: more than that are judged less well. */
const MOST_CLAIMS = 20;

export function createInference(reader: Reader): Inference {
  let [questions, answered] = [0, 0];
  let problem: string | null = null;

  async function ask(change: Change, claims: readonly AskedClaim[]): Promise<readonly (Judgement | null)[]> {
    const nothing = claims.map(() => null);
    if (problem !== null) return nothing;
    const diff = shownDiff(change);
    questions += 1;
    const answer = await reader.ask(readerQuestion(claims, diff.text, reader.nonce()));
    if (answer.kind === 'no_answer') {
      if (answer.isFinal) problem = answer.reason;
      if (answer.isFinal) return nothing;
      return claims.map(() => ({ verifier: 'inference', verdict: 'unknown', evidence: answer.reason }));
    }
    answered += 1;
    const inClaims = claims.find(({ text }) => addressesReviewer(text, 'prose'))?.text;
    const addressed =
      inClaims === undefined ? diff.placeOf((text) => addressesReviewer(text, 'prose')) : 'the message';
    return readerVerdicts({ ...answer, diff, addressed }, claims.length);
  }

  return {
    async judge(change, claims) {
      const judgements: (Judgement | null)[] = [];
      for (let at = 0; at < claims.length; at += MOST_CLAIMS) {
        judgements.push(...(await ask(change, claims.slice(at, at + MOST_CLAIMS))));
      }
      return judgements;
    },
    use: () => ({ questions, answered, problem }),
  };
}

/** Whether reading the change can settle it: sums are no matter of opinion, and scores stand elsewhere. */
export function isReadable(kind: ClaimKind): boolean {
  return !NOT_READABLE.has(kind);
}

const NOT_READABLE: ReadonlySet<ClaimKind> = new Set(['arithmetic', 'count', 'table', 'score', 'progress']);
