import { compareTexts } from '../../base/index.ts';
import type { AttemptRow } from './attempt-row.ts';
import { hasLanded } from './finding-life.ts';
import { type FindingRow, isStanding } from './finding-row.ts';
import { byIteration, type IterationKey } from './iteration-key.ts';
import { calibratedConfidence, type ModelTrust, modelTrust } from './model-trust.ts';
import { type ClassifiedMovement, classOf, MOVEMENT_CLASSES, type MovementClass } from './movement-class.ts';
import { changeThreshold, meanOf, type NoiseFloor, noiseFloors } from './noise-floor.ts';
import type { ReviewRow } from './review-row.ts';

/** The knowledge base of one repository: rows of all its iterations, in any order. */
export interface KnowledgeRows {
  readonly reviews: readonly ReviewRow[];
  readonly findings: readonly FindingRow[];
  readonly attempts: readonly AttemptRow[];
}

/** A file that both iterations scored under one bar. */
export interface PairedFile extends ClassifiedMovement {
  readonly path: string;
  readonly model: string;
  readonly from_score: number;
  readonly to_score: number;
  readonly delta: number;
  readonly tau: number;
  readonly sigma: number | null;
  readonly replicates: number;
  readonly confidence: number;
  /** Ids of findings, sorted. */
  readonly landed: readonly string[];
  readonly novel: readonly string[];
  readonly recurring: readonly string[];
  readonly returned: readonly string[];
}

/** A file that must not be compared, and is in no class and no mean. */
export interface UnpairedFile {
  readonly path: string;
  readonly why: string;
}

export interface Movement {
  readonly from: number;
  readonly to: number;
  readonly paired: readonly PairedFile[];
  readonly unpaired: readonly UnpairedFile[];
  /** Denominators: files of either iteration, those compared, those not. */
  readonly files: number;
  readonly paired_files: number;
  readonly unpaired_files: number;
  /** Over paired files; null where there is none. */
  readonly from_mean: number | null;
  readonly to_mean: number | null;
  readonly mean_delta: number | null;
  /** Paired files whose score rose, fell, or stayed. Together they are all paired files. */
  readonly risen: number;
  readonly fallen: number;
  readonly unchanged: number;
  readonly classes: Readonly<Record<MovementClass, number>>;
  readonly noise: readonly NoiseFloor[];
}

/** A row of an iteration that may be compared. */
interface ScoredRow extends ReviewRow {
  readonly score: number;
  readonly model: string;
}

/**
 * What happened between two iterations of one repository. Files are paired by path, accepting model and bar; every
 * other file is listed as unpaired.
 */
export function movementBetween(rows: KnowledgeRows, from: IterationKey, to: IterationKey): Movement {
  const before = byPath(rows.reviews, from);
  const after = byPath(rows.reviews, to);
  const noise = noiseFloors(rows.reviews);
  const trusts = modelTrust(rows.attempts);
  const findings = Map.groupBy(rows.findings, ({ path }) => path);
  const lives = Map.groupBy(rows.findings, ({ finding_id: id }) => id);
  const previous = lastIterationBefore(rows.reviews, to);
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  const paired: PairedFile[] = [];
  const unpaired: UnpairedFile[] = [];
  for (const path of paths) {
    const why = whyUnpaired(before.get(path), after.get(path), from.iteration, to.iteration);
    const [earlier, later] = [scored(before.get(path)), scored(after.get(path))];
    if (why !== null || earlier === null || later === null) {
      unpaired.push({ path, why: why ?? 'no score' });
      continue;
    }
    const ids = new Set((findings.get(path) ?? []).map(({ finding_id: id }) => id));
    const history = [...ids].map((id) => lives.get(id) ?? []);
    const pair = { earlier, later, history, previous: previous.get(path) ?? from };
    paired.push(pairOf(pair, noise.get(later.bar_hash), trusts));
  }
  const fromMean = meanOf(paired.map(({ from_score: score }) => score));
  const toMean = meanOf(paired.map(({ to_score: score }) => score));
  return {
    from: from.iteration,
    to: to.iteration,
    paired,
    unpaired,
    files: paths.length,
    paired_files: paired.length,
    unpaired_files: unpaired.length,
    from_mean: fromMean,
    to_mean: toMean,
    mean_delta: fromMean === null || toMean === null ? null : toMean - fromMean,
    risen: paired.filter(({ delta }) => delta > 0).length,
    fallen: paired.filter(({ delta }) => delta < 0).length,
    unchanged: paired.filter(({ delta }) => delta === 0).length,
    classes: countsOf(paired),
    noise: [...noise.values()].sort((a, b) => (a.bar_hash < b.bar_hash ? -1 : 1)),
  };
}

/** Of several rows of one path and iteration, the newest counts. */
function byPath(
  reviews: readonly ReviewRow[],
  { iteration_id: id }: IterationKey,
): ReadonlyMap<string, ReviewRow> {
  const rows = reviews.filter((row) => row.iteration_id === id).sort(byTime);
  return new Map(rows.map((row) => [row.path, row]));
}

function byTime(a: ReviewRow, b: ReviewRow): number {
  return a.recorded_at === b.recorded_at
    ? compareTexts(a.row_id, b.row_id)
    : Date.parse(a.recorded_at) - Date.parse(b.recorded_at);
}

function whyUnpaired(
  before: ReviewRow | undefined,
  after: ReviewRow | undefined,
  from: number,
  to: number,
): string | null {
  if (before === undefined) return `not in iteration ${from}`;
  if (after === undefined) return `not in iteration ${to}`;
  if (scored(before) === null) return `no verdict in iteration ${from}`;
  if (scored(after) === null) return `no verdict in iteration ${to}`;
  if (before.model !== after.model) return `accepted from ${before.model}, then from ${after.model}`;
  if (before.bar_hash === after.bar_hash) return null;
  if (before.prompt_hash !== after.prompt_hash) return 'another bar: the prompt changed';
  if (before.parser_version !== after.parser_version) return 'another bar: the parser changed';
  if (before.replicates !== after.replicates) return 'another bar: other replicates';
  return 'another bar';
}

/** A row without verdict has no score. */
function scored(row: ReviewRow | undefined): ScoredRow | null {
  if (row === undefined || row.score === null || row.model === null) return null;
  return { ...row, score: row.score, model: row.model };
}

/** By path, the iteration that read it last before this one. */
function lastIterationBefore(
  reviews: readonly ReviewRow[],
  to: IterationKey,
): ReadonlyMap<string, IterationKey> {
  const earlier = reviews.filter((row) => byIteration(row, to) < 0);
  return new Map(earlier.sort(byIteration).map((row) => [row.path, row]));
}

interface Pair {
  readonly earlier: ScoredRow;
  readonly later: ScoredRow;
  /** The lives of the findings that stood in the file at any time. */
  readonly history: readonly (readonly FindingRow[])[];
  /** The iteration of this file before the later one. */
  readonly previous: IterationKey;
}

function pairOf(pair: Pair, noise: NoiseFloor | undefined, trusts: readonly ModelTrust[]): PairedFile {
  const { earlier, later } = pair;
  const replicates = Math.min(earlier.scores.length, later.scores.length);
  const sigma = noise?.sigma ?? null;
  const found = findingsOf(pair);
  const measured = {
    delta: later.score - earlier.score,
    tau: changeThreshold(sigma, replicates),
    confidence: calibratedConfidence(later.model, trusts),
  };
  const classified = classOf({
    ...measured,
    landed: found.landed.length,
    novel: found.novel.length,
    recurring: found.recurring.length,
    returned: found.returned.length,
    criticalTwice: found.criticalTwice,
  });
  return {
    path: later.path,
    model: later.model,
    from_score: earlier.score,
    to_score: later.score,
    ...measured,
    sigma,
    replicates,
    landed: found.landed,
    novel: found.novel,
    recurring: found.recurring,
    returned: found.returned,
    ...classified,
  };
}

/** The findings of a file, by what became of them between the two iterations. */
function findingsOf({ earlier: from, later: to, history, previous }: Pair) {
  const landed: string[] = [];
  const novel: string[] = [];
  const recurring: string[] = [];
  const returned: string[] = [];
  let criticalTwice = false;
  for (const life of history) {
    const until = (at: IterationKey) => newest(life.filter((row) => byIteration(row, at) <= 0));
    const [before, after] = [until(from), until(to)];
    if (after === null) continue;
    const id = after.finding_id;
    const stoodBefore = before !== null && isStanding(before) && before.path === to.path;
    if (stoodBefore && hasLanded(before, after)) landed.push(id);
    // What came back and was there at the end is returned, even where it came back before the last iteration.
    const cameBack = life.some(
      (row) => row.state === 'regressed' && byIteration(row, from) > 0 && byIteration(row, to) <= 0,
    );
    if (after.iteration_id !== to.iteration_id || !isStanding(after) || after.path !== to.path) continue;
    if (cameBack) returned.push(id);
    else if (before === null) novel.push(id);
    else recurring.push(id);
    const last = life.find((row) => row.iteration_id === previous.iteration_id);
    const isCritical = (row: FindingRow) => isStanding(row) && isGrave(row);
    criticalTwice ||= last !== undefined && isCritical(last) && isCritical(after);
  }
  return {
    landed: landed.sort(),
    novel: novel.sort(),
    recurring: recurring.sort(),
    returned: returned.sort(),
    criticalTwice,
  };
}

/** Enforcement that does not happen is critical, whoever tells of it. */
function isGrave({ severity }: FindingRow): boolean {
  return severity === 'critical' || severity === 'error';
}

function newest(life: readonly FindingRow[]): FindingRow | null {
  return life.reduce<FindingRow | null>(
    (best, row) => (best === null || byIteration(row, best) > 0 ? row : best),
    null,
  );
}

function countsOf(paired: readonly PairedFile[]): Readonly<Record<MovementClass, number>> {
  const count = (name: MovementClass) => paired.filter((file) => file.class === name).length;
  const [converging, looping, orbiting, plateau, mixed] = MOVEMENT_CLASSES;
  return {
    [converging]: count(converging),
    [looping]: count(looping),
    [orbiting]: count(orbiting),
    [plateau]: count(plateau),
    [mixed]: count(mixed),
  };
}
