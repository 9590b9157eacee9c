// Which findings of an iteration are known from earlier ones. A model words the same defect anew each time and code
// moves, so that the id alone would call old findings new; rounds of matching go from the surest sign to the weakest,
// and each finding is matched once.
import { claimLikeness, findingId, normalisedClaim } from './finding-identity.ts';
import type { FindingRow } from './finding-row.ts';
import type { ReportedFinding, SeenAnchor } from './iteration-reading.ts';

/** A finding of this iteration under the id it has for good. */
export interface MatchedFinding {
  readonly id: string;
  readonly reported: ReportedFinding;
  /** The newest row of the earlier finding; null of a new one. */
  readonly earlier: FindingRow | null;
}

export interface KnownFindings {
  readonly repository: string;
  /** The newest row of every finding, by id. */
  readonly newest: ReadonlyMap<string, FindingRow>;
  /** Where the code of earlier findings stands now, by id. */
  readonly anchors: ReadonlyMap<string, SeenAnchor>;
}

interface Candidate {
  readonly id: string;
  readonly reported: ReportedFinding;
}

/** Whether a finding is an earlier one, from 0 (no) to 1; of several the likest is taken. */
type Sign = (reported: ReportedFinding, earlier: FindingRow, known: KnownFindings) => number;

/** Below this two claims at one place are two findings. */
const LIKE = 0.5;

const SIGNS: readonly Sign[] = [sameWords, sameCode, movedCode, movedSymbol, nearlySameWords];

export function matchedFindings(
  reported: readonly ReportedFinding[],
  known: KnownFindings,
): readonly MatchedFinding[] {
  const open = new Map(candidatesOf(reported, known.repository).map((one) => [one.id, one]));
  const unclaimed = new Map(known.newest);
  const matched: MatchedFinding[] = [];
  const take = ({ id, reported: finding }: Candidate, earlier: FindingRow) => {
    matched.push({ id: earlier.finding_id, reported: finding, earlier });
    open.delete(id);
    unclaimed.delete(earlier.finding_id);
  };
  for (const candidate of [...open.values()]) {
    const earlier = unclaimed.get(candidate.id);
    if (earlier !== undefined) take(candidate, earlier);
  }
  for (const sign of SIGNS) {
    const byRule = Map.groupBy(unclaimed.values(), ({ rule }) => rule);
    const pairs = [...open.values()].flatMap((candidate) =>
      (byRule.get(candidate.reported.rule) ?? [])
        .map((earlier) => ({ candidate, earlier, likeness: sign(candidate.reported, earlier, known) }))
        .filter(({ likeness }) => likeness > 0),
    );
    pairs.sort(
      (a, b) =>
        b.likeness - a.likeness ||
        compare(a.candidate.id, b.candidate.id) ||
        compare(a.earlier.finding_id, b.earlier.finding_id),
    );
    for (const { candidate, earlier } of pairs) {
      if (open.has(candidate.id) && unclaimed.has(earlier.finding_id)) take(candidate, earlier);
    }
  }
  const fresh = [...open.values()].map((one): MatchedFinding => ({ ...one, earlier: null }));
  return [...matched, ...fresh].sort((a, b) => compare(a.id, b.id));
}

/**
 * Each finding once, under the id it would have if it were new. Replicates of a model tell one finding several times;
 * a rule that says the same of two lines has found two.
 */
function candidatesOf(reported: readonly ReportedFinding[], repository: string): readonly Candidate[] {
  const groups = Map.groupBy(reported, ({ path, rule, symbol, claim }) =>
    findingId({ repository, path, rule, symbol, claim }, 1),
  );
  return [...groups.values()].flatMap((group) => {
    const sorted = [...group].sort(
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || compare(JSON.stringify(a), JSON.stringify(b)),
    );
    const places = sorted.filter(
      (one, index) => index === 0 || (one.evidence !== 'model' && one.line !== sorted[index - 1]?.line),
    );
    return places.map((finding, index) => ({
      id: findingId({ repository, ...finding }, index + 1),
      reported: finding,
    }));
  });
}

/** What the id says, of a finding whose words or place once were others. */
function sameWords(reported: ReportedFinding, earlier: FindingRow): number {
  const isThere = reported.path === earlier.path && reported.symbol === earlier.symbol;
  return isThere && normalisedClaim(reported.claim) === normalisedClaim(earlier.claim) ? 1 : 0;
}

/** The same file and the same code: what is said of it may differ, unless a rule said it, which words one thing alike. */
function sameCode(reported: ReportedFinding, earlier: FindingRow): number {
  if (reported.path !== earlier.path || !hasSameAnchor(reported, earlier)) return 0;
  const likeness = claimLikeness(reported.claim, earlier.claim);
  return reported.evidence !== 'model' && likeness < LIKE ? 0 : 0.01 + likeness;
}

/** The same code in another file, and no longer where it was. */
function movedCode(reported: ReportedFinding, earlier: FindingRow, known: KnownFindings): number {
  if (reported.path === earlier.path || !hasSameAnchor(reported, earlier)) return 0;
  return stillStands(earlier, known) ? 0 : 0.01 + claimLikeness(reported.claim, earlier.claim);
}

/** The same words about a symbol of the same name in another file, whose code is no longer where it was. */
function movedSymbol(reported: ReportedFinding, earlier: FindingRow, known: KnownFindings): number {
  const isSame =
    reported.path !== earlier.path &&
    reported.symbol !== '' &&
    reported.symbol === earlier.symbol &&
    normalisedClaim(reported.claim) === normalisedClaim(earlier.claim);
  return isSame && !stillStands(earlier, known) && known.anchors.has(earlier.finding_id) ? 1 : 0;
}

/** Nearly the same words of a model about the same symbol, whose code changed in between: the fix was none. */
function nearlySameWords(reported: ReportedFinding, earlier: FindingRow): number {
  if (reported.evidence !== 'model' || reported.path !== earlier.path || reported.symbol !== earlier.symbol)
    return 0;
  const likeness = claimLikeness(reported.claim, earlier.claim);
  return likeness < LIKE ? 0 : likeness;
}

function hasSameAnchor(reported: ReportedFinding, earlier: FindingRow): boolean {
  return reported.anchor_hash !== null && reported.anchor_hash === earlier.anchor_hash;
}

function stillStands(
  { finding_id: id, anchor_hash: anchor }: FindingRow,
  { anchors }: KnownFindings,
): boolean {
  const seen = anchors.get(id);
  return seen !== undefined && anchor !== null && seen.anchor_hash === anchor;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
