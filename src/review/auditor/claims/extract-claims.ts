import { arithmeticClaims } from './arithmetic-claims.ts';
import { type DraftClaim, unknown } from './claim.ts';
import { countClaims } from './count-claims.ts';
import { documentClaims } from './document-claims.ts';
import { fileClaims } from './file-claims.ts';
import { literalClaims } from './literal-claims.ts';
import { type ClaimText, type Passages, passagesOf } from './passages.ts';
import { proseClaims } from './prose-claims.ts';
import { scopeClaims } from './scope-claims.ts';
import { scoreClaims } from './score-claims.ts';
import type { ScoreRecord } from './score-record.ts';
import { scriptClaims } from './script-claims.ts';
import { sizeClaims } from './size-claims.ts';
import { symbolClaims } from './symbol-claims.ts';
import { tableClaims } from './table-claims.ts';
import { testClaims } from './test-claims.ts';
import { versionClaims } from './version-claims.ts';
import { wiringClaims } from './wiring-claims.ts';

const EXTRACTORS: readonly ((passages: Passages) => readonly DraftClaim[])[] = [
  fileClaims,
  documentClaims,
  symbolClaims,
  literalClaims,
  wiringClaims,
  testClaims,
  countClaims,
  arithmeticClaims,
  tableClaims,
  scopeClaims,
  versionClaims,
  scriptClaims,
  sizeClaims,
];

/**
 * Every claim of a text, in the order of the text. The text is data: nothing it says changes how it is read. Claims about
 * scores are judged by `record`; null where the caller brought none.
 */
export function extractClaims(source: ClaimText, record: ScoreRecord | null): readonly DraftClaim[] {
  // A revert speaks in the words of the change it takes back.
  const passages = passagesOf(/^Revert "/.test(source.text) ? { ...source, text: '' } : source);
  const found = [...EXTRACTORS.flatMap((extract) => extract(passages)), ...scoreClaims(passages, record)];
  const claims = found.map((claim) => (passages.isInStep(claim.start) ? ofStep(claim) : claim));
  return [...claims, ...proseClaims(passages, claims)].sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Sums are wrong wherever they stand; what else a step says may have been true when it was made. */
function ofStep(claim: DraftClaim): DraftClaim {
  if (claim.kind === 'arithmetic' || claim.kind === 'table') return claim;
  return {
    ...claim,
    judge: async (change) => {
      const judgement = await claim.judge(change);
      if (judgement.verdict !== 'not_backed') return judgement;
      return unknown(`${judgement.evidence}; a later step of the squashed change may have undone it`);
    },
  };
}
