import { compareTexts } from '../../base/index.ts';
// Which findings of an iteration are known from earlier ones. A model words the same defect anew each time and code
// moves, so that the id alone would call old findings new; rounds of matching go from the surest sign to the weakest,
// and each finding is matched once.
import { claimLikeness, claimWords, findingId, normalisedClaim } from './finding-identity.ts';
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

/** A finding, told now or before. */
type Told = Pick<FindingRow, 'path' | 'rule' | 'symbol' | 'claim' | 'anchor_hash'>;

/** A way in which a finding shows itself to be an earlier one. */
interface Sign {
  /** Only findings of one key are compared, so that the work does not grow with the square of them; null of none. */
  readonly key: (finding: Told) => readonly (string | null)[] | null;
  /** From 0 (another one) to 1; of several the likest is taken. */
  readonly likeness: (reported: ReportedFinding, earlier: FindingRow, known: Comparison) => number;
}

interface Comparison extends KnownFindings {
  readonly wordsOf: (claim: string) => ReadonlySet<string>;
}

/** `JSON.stringify` of no key. */
const NO_KEY = 'null';
/** Where one key holds more pairs, none is compared: a hundred findings of one place are told apart by their ids alone. */
const MOST_PAIRS = 10_000;

/** Below this two claims at one place are two findings. */
const LIKE = 0.5;

const SIGNS: readonly Sign[] = [
  // What the id says, of a finding whose words or place once were others.
  { key: ({ path, rule, symbol, claim }) => [path, rule, symbol, normalisedClaim(claim)], likeness: () => 1 },
  {
    key: ({ path, rule, anchor_hash: anchor }) => (anchor === null ? null : [path, rule, anchor]),
    likeness: sameCode,
  },
  { key: ({ rule, anchor_hash: anchor }) => (anchor === null ? null : [rule, anchor]), likeness: movedCode },
  {
    key: ({ rule, symbol, claim }) => (symbol === '' ? null : [rule, symbol, normalisedClaim(claim)]),
    likeness: movedSymbol,
  },
  { key: ({ path, rule, symbol }) => [path, rule, symbol], likeness: nearlySameWords },
];

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
  const comparison = { ...known, wordsOf: rememberedWords() };
  for (const { key, likeness } of SIGNS) {
    const byKey = Map.groupBy(unclaimed.values(), (earlier) => JSON.stringify(key(earlier)));
    const keyed = Map.groupBy(open.values(), ({ reported: finding }) => JSON.stringify(key(finding)));
    const pairs = [...keyed].flatMap(([name, candidates]) => {
      const earlierOnes = name === NO_KEY ? [] : (byKey.get(name) ?? []);
      if (candidates.length * earlierOnes.length > MOST_PAIRS) return [];
      return candidates
        .flatMap((candidate) =>
          earlierOnes.map((earlier) => ({
            candidate,
            earlier,
            likeness: likeness(candidate.reported, earlier, comparison),
          })),
        )
        .filter((pair) => pair.likeness > 0);
    });
    pairs.sort(
      (a, b) =>
        b.likeness - a.likeness ||
        compareTexts(a.candidate.id, b.candidate.id) ||
        compareTexts(a.earlier.finding_id, b.earlier.finding_id),
    );
    for (const { candidate, earlier } of pairs) {
      if (open.has(candidate.id) && unclaimed.has(earlier.finding_id)) take(candidate, earlier);
    }
  }
  const fresh = [...open.values()].map((one): MatchedFinding => ({ ...one, earlier: null }));
  return [...matched, ...fresh].sort((a, b) => compareTexts(a.id, b.id));
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
      (a, b) => (a.line ?? 0) - (b.line ?? 0) || compareTexts(JSON.stringify(a), JSON.stringify(b)),
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

/** The same file and the same code: what is said of it may differ, unless a rule said it, which words one thing alike. */
function sameCode(reported: ReportedFinding, earlier: FindingRow, { wordsOf }: Comparison): number {
  const likeness = claimLikeness(wordsOf(reported.claim), wordsOf(earlier.claim));
  return reported.evidence !== 'model' && likeness < LIKE ? 0 : 0.01 + likeness;
}

/** The same code in another file, and no longer where it was. */
function movedCode(reported: ReportedFinding, earlier: FindingRow, known: Comparison): number {
  if (reported.path === earlier.path || stillStands(earlier, known)) return 0;
  return 0.01 + claimLikeness(known.wordsOf(reported.claim), known.wordsOf(earlier.claim));
}

/** The same words about a symbol of the same name in another file, whose code is no longer where it was. */
function movedSymbol(reported: ReportedFinding, earlier: FindingRow, known: Comparison): number {
  const hasMoved = reported.path !== earlier.path && !stillStands(earlier, known);
  return hasMoved && known.anchors.has(earlier.finding_id) ? 1 : 0;
}

/** Nearly the same words of a model about the same symbol, whose code changed in between: the fix was none. */
function nearlySameWords(reported: ReportedFinding, earlier: FindingRow, { wordsOf }: Comparison): number {
  if (reported.evidence !== 'model') return 0;
  const likeness = claimLikeness(wordsOf(reported.claim), wordsOf(earlier.claim));
  return likeness < LIKE ? 0 : likeness;
}

/** The words of each claim, taken apart once. */
function rememberedWords(): Comparison['wordsOf'] {
  const words = new Map<string, ReadonlySet<string>>();
  return (claim) => {
    const found = words.get(claim) ?? claimWords(claim);
    words.set(claim, found);
    return found;
  };
}

function stillStands(
  { finding_id: id, anchor_hash: anchor }: FindingRow,
  { anchors }: KnownFindings,
): boolean {
  const seen = anchors.get(id);
  return seen !== undefined && anchor !== null && seen.anchor_hash === anchor;
}
