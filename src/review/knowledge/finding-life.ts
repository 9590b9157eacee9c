import { EVIDENCE_TIERS, type EvidenceTier, type FindingRow, isStanding } from './finding-row.ts';
import { byIteration } from './iteration-key.ts';
import type { FindingCheck, IterationReading, SeenAnchor } from './iteration-reading.ts';
import { type MatchedFinding, matchedFindings } from './matched-findings.ts';

/** A finding over the whole history: its newest row, and how it came to that. */
export interface FindingLife extends FindingRow {
  readonly isOpen: boolean;
  /** Iterations in which it was there. */
  readonly first_seen: number;
  readonly last_seen: number;
}

/**
 * The rows of `kb.findings` for one iteration: a state for each finding that it tells of, by all rows of the iterations
 * before it. A finding nobody tells of is *fixed* where its check passes or its code changed; otherwise it gets no row
 * and stays open, because silence about unchanged code is the reader's noise. One whose file the commit no longer holds
 * is *gone*, unless its code stands in another file: nobody proved a fix.
 *
 * ```
 *   (none) ── told ──▶ new ── told ──▶ recurring ─┐◀─ told ─ gone
 *                       └──────┬───────────▲──────┘ told      ▲
 *     silence with proof or    ▼           │ told             │ its file is gone,
 *     changed code           fixed ─ told ─▶ regressed        │ from any but fixed
 * ```
 */
export function findingRowsOf(
  reading: IterationReading,
  history: readonly FindingRow[],
): readonly FindingRow[] {
  const earlier = history.filter(
    ({ repository, iteration }) => repository === reading.repository && iteration < reading.iteration,
  );
  const newest = new Map(inOrder(earlier).map((row) => [row.finding_id, row]));
  const gone = new Set(reading.gonePaths);
  const goneAnchors = [...newest.values()]
    .filter((row) => gone.has(row.path) && isStanding(row))
    .map((row): SeenAnchor => ({ finding_id: row.finding_id, anchor_hash: null, check: null }));
  const anchors = new Map(
    [...goneAnchors, ...reading.anchors].map((anchor) => [anchor.finding_id, anchor] as const),
  );
  const matched = matchedFindings(reading.reported, { repository: reading.repository, newest, anchors });
  const told = new Set(matched.map(({ id }) => id));
  const judged = new Set(reading.judgedPaths);
  const silent = [...newest.values()].flatMap((row) => {
    const anchor = anchors.get(row.finding_id);
    if (told.has(row.finding_id) || !isStanding(row) || anchor === undefined) return [];
    const standsElsewhere = anchor.anchor_hash !== null && anchor.anchor_hash === row.anchor_hash;
    if (gone.has(row.path) && !standsElsewhere) return goneRow(reading, row);
    return silentRow(reading, { row, anchor, isJudged: judged.has(row.path) });
  });
  return [...matched.map((one) => toldRow(reading, one)), ...silent];
}

/** The lives of all findings, in the order of their ids; rows of one finding and iteration count once. */
export function findingLives(rows: readonly FindingRow[]): readonly FindingLife[] {
  const lives = Map.groupBy(inOrder(rows), ({ finding_id: id }) => id);
  return [...lives.values()].flatMap((life) => {
    const [first] = life;
    const newest = life.at(-1);
    if (first === undefined || newest === undefined) return [];
    const seen = life.filter(isStanding);
    return [
      {
        ...newest,
        found_by: first.found_by,
        evidence: strongest(life.map(({ evidence }) => evidence)),
        isOpen: isStanding(newest),
        first_seen: first.iteration,
        last_seen: seen.at(-1)?.iteration ?? first.iteration,
      },
    ];
  });
}

/**
 * Whether a finding that stood as `before` landed with `after`: gone, its anchored code changed and its check passes. A
 * finding without anchor or check cannot land.
 */
export function hasLanded(before: FindingRow, after: FindingRow): boolean {
  return (
    after.state === 'fixed' &&
    before.anchor_hash !== null &&
    after.anchor_hash !== before.anchor_hash &&
    after.check_kind !== null &&
    after.check_passes === true
  );
}

function toldRow(reading: IterationReading, { id, reported, earlier }: MatchedFinding): FindingRow {
  const { check, ...finding } = reported;
  const state = earlier === null ? 'new' : earlier.state === 'fixed' ? 'regressed' : 'recurring';
  return {
    finding_id: id,
    ...placeOf(reading),
    ...finding,
    state,
    ...checkMembers(check ?? (earlier === null ? null : checkOf(earlier))),
    closed_by_commit: null,
  };
}

function silentRow(
  reading: IterationReading,
  { row, anchor, isJudged }: { row: FindingRow; anchor: SeenAnchor; isJudged: boolean },
): readonly FindingRow[] {
  const check = anchor.check ?? checkOf(row);
  const base = { ...row, ...placeOf(reading), anchor_hash: anchor.anchor_hash, ...checkMembers(check) };
  // What its own check still sees is there, whoever keeps silent about it.
  if (check?.passes === false) return [{ ...base, state: 'recurring', closed_by_commit: null }];
  const hasChanged = row.anchor_hash !== null && anchor.anchor_hash !== row.anchor_hash;
  const isProven = check?.passes === true;
  if (!isProven && !(hasChanged && isJudged && row.evidence === 'model')) return [];
  return [{ ...base, state: 'fixed', closed_by_commit: isProven ? reading.commit : null }];
}

function goneRow(reading: IterationReading, row: FindingRow): FindingRow {
  const ended = { state: 'gone', anchor_hash: null, closed_by_commit: reading.commit } as const;
  return { ...row, ...placeOf(reading), ...ended, ...checkMembers(checkOf(row)) };
}

function placeOf({ repository, iteration_id, iteration }: IterationReading) {
  return { repository, iteration_id, iteration };
}

/** The check of an earlier row, which has not run in this iteration. */
function checkOf({ check_kind: kind, check_name: name }: FindingRow): FindingCheck | null {
  return kind === null || name === null ? null : { kind, name, passes: null };
}

function checkMembers(check: FindingCheck | null) {
  return {
    check_kind: check?.kind ?? null,
    check_name: check?.name ?? null,
    check_passes: check?.passes ?? null,
  };
}

function inOrder(rows: readonly FindingRow[]): readonly FindingRow[] {
  const single = new Map(rows.map((row) => [`${row.iteration_id}\n${row.finding_id}`, row]));
  return [...single.values()].sort((a, b) => byIteration(a, b) || (a.finding_id < b.finding_id ? -1 : 1));
}

function strongest(tiers: readonly EvidenceTier[]): EvidenceTier {
  return EVIDENCE_TIERS.find((tier) => tiers.includes(tier)) ?? 'model';
}
