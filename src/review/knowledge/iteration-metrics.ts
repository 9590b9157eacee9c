import { ANSWER_OUTCOMES, type AttemptRow } from './attempt-row.ts';
import { findingLives, hasLanded } from './finding-life.ts';
import { type FindingRow, isStanding } from './finding-row.ts';
import { goneFindings } from './gone-findings.ts';
import { byIteration, type IterationKey } from './iteration-key.ts';
import { type KnowledgeRows, movementBetween } from './movement.ts';
import { GRADIENT_TIERS, type ReviewRow } from './review-row.ts';

/** One figure of an iteration, with where it comes from and what to wish for. */
export interface IterationMetric {
  readonly name: string;
  /** Null where there is nothing to divide by. */
  readonly value: number | null;
  readonly unit: 'share' | 'files' | 'findings' | 'components' | 'points' | 'usd';
  /** What the value counts, or is divided by. */
  readonly denominator: number;
  readonly denominator_of: string;
  /** The rows and columns it is made of. */
  readonly source: string;
  readonly good: string;
}

/** The figures of one iteration. `before` is the iteration whose paired files the means compare with; null of the first. */
export function iterationMetrics(
  rows: KnowledgeRows,
  iteration: IterationKey,
  before: IterationKey | null,
): readonly IterationMetric[] {
  const reviews = rows.reviews.filter((row) => row.iteration_id === iteration.iteration_id);
  const attempts = rows.attempts.filter((row) => row.iteration_id === iteration.iteration_id);
  return [
    ...answerMetrics(reviews, attempts),
    verifiedComponents(reviews),
    ...gradientMetrics(reviews),
    ...(before === null ? [] : pairedMeans(rows, before, iteration)),
    goneWithTheirFiles(rows.findings, iteration),
    costPerConfirmed(reviews, rows.findings, iteration),
  ];
}

function answerMetrics(
  reviews: readonly ReviewRow[],
  attempts: readonly AttemptRow[],
): readonly IterationMetric[] {
  const answers = attempts.filter(({ outcome }) => ANSWER_OUTCOMES.some((one) => one === outcome));
  const firsts = answers.filter((row) => row.pass === 'blind' && row.rung === 0);
  const accepted = answers.filter(({ outcome }) => outcome === 'accepted');
  const judged = reviews.filter(({ verdict }) => verdict !== 'no_verdict');
  return [
    share(
      'first-attempt accepts',
      firsts.filter(({ outcome }) => outcome === 'accepted').length,
      firsts.length,
      {
        denominator_of: 'blind attempts on the first rung',
        source: 'kb.attempts: pass, rung, outcome',
        good: 'near 1: later rungs cost more and are read under another bar',
      },
    ),
    share(
      'structured outputs',
      accepted.filter((row) => row.output_format === 'json').length,
      accepted.length,
      {
        denominator_of: 'accepted answers',
        source: 'kb.attempts: outcome, output_format',
        good: 'near 1: JSON as asked; fenced JSON and Markdown are read too, and lose detail',
      },
    ),
    share('files with a verdict', judged.length, reviews.length, {
      denominator_of: 'files of the iteration',
      source: 'kb.reviews: verdict',
      good: '1: a file without verdict is unread, never clean',
    }),
  ];
}

function verifiedComponents(reviews: readonly ReviewRow[]): IterationMetric {
  const judged = reviews.filter(({ verdict }) => verdict !== 'no_verdict');
  return {
    name: 'verified components',
    value: judged.reduce((sum, row) => sum + row.verified_components_count, 0),
    unit: 'components',
    denominator: judged.length,
    denominator_of: 'files with a verdict',
    source: 'kb.reviews: verified_components_count, as the models say',
    good: 'rising while findings land; rising alone it is talk',
  };
}

function gradientMetrics(reviews: readonly ReviewRow[]): readonly IterationMetric[] {
  const good = {
    auto: 'grows with passed trials and nothing else',
    dry_run: 'the usual place of a file with evidence and a trusted reader',
    sim: 'shrinks as models are calibrated and trials pass',
    block: 'few: no verdict, a failed trial, or a model found worse than one never tried',
  };
  return GRADIENT_TIERS.map((tier) => ({
    name: `gradient ${tier}`,
    value: reviews.filter((row) => row.gradient_tier === tier).length,
    unit: 'files',
    denominator: reviews.length,
    denominator_of: 'files of the iteration',
    source: 'kb.reviews: gradient_tier',
    good: good[tier],
  }));
}

function pairedMeans(
  rows: KnowledgeRows,
  before: IterationKey,
  iteration: IterationKey,
): readonly IterationMetric[] {
  const { files, from_mean, mean_delta, paired_files, to_mean, unpaired_files } = movementBetween(
    rows,
    before,
    iteration,
  );
  const of = {
    unit: 'points' as const,
    denominator: paired_files,
    denominator_of: `paired files (${unpaired_files} of ${files} unpaired)`,
    source: 'kb.reviews: score of files with one path, model and bar in both iterations',
  };
  return [
    {
      ...of,
      name: `mean of iteration ${before.iteration}`,
      value: from_mean,
      good: 'only beside the next line',
    },
    {
      ...of,
      name: `mean of iteration ${iteration.iteration}`,
      value: to_mean,
      good: 'higher, where findings landed',
    },
    { ...of, name: 'change of the mean', value: mean_delta, good: 'above the noise, in CONVERGING files' },
  ];
}

function goneWithTheirFiles(findings: readonly FindingRow[], iteration: IterationKey): IterationMetric {
  const before = findingLives(findings.filter((row) => byIteration(row, iteration) < 0));
  return {
    name: 'findings gone with their file',
    value: goneFindings(findings, iteration).length,
    unit: 'findings',
    denominator: before.filter(({ isOpen }) => isOpen).length,
    denominator_of: 'findings open before the iteration',
    source: 'kb.findings: state gone',
    good: 'no aim of its own: nothing of it was fixed or landed',
  };
}

function costPerConfirmed(
  reviews: readonly ReviewRow[],
  findings: readonly FindingRow[],
  iteration: IterationKey,
): IterationMetric {
  const confirmed = confirmedFindings(findings, iteration);
  const cost = reviews.map((row) => row.cost_usd).sort((a, b) => a - b);
  const total = cost.reduce((sum, one) => sum + one, 0);
  return {
    name: 'cost per confirmed finding',
    value: confirmed === 0 ? null : total / confirmed,
    unit: 'usd',
    denominator: confirmed,
    denominator_of: 'findings confirmed by a rule, a run or a landed fix',
    source: 'kb.reviews: cost_usd; kb.findings: evidence, check_passes, state',
    good: 'falling; a finding only a model tells of confirms nothing',
  };
}

/** Findings told of in this iteration that rest on more than a model's word. */
function confirmedFindings(findings: readonly FindingRow[], iteration: IterationKey): number {
  const until = findings.filter((row) => byIteration(row, iteration) <= 0);
  const before = findingLives(until.filter((row) => byIteration(row, iteration) < 0));
  const earlier = new Map(before.map((life) => [life.finding_id, life]));
  return until.filter((row) => {
    if (row.iteration_id !== iteration.iteration_id) return false;
    if (isStanding(row)) return row.evidence !== 'model' || row.check_passes === false;
    const stood = earlier.get(row.finding_id);
    return stood !== undefined && hasLanded(stood, row);
  }).length;
}

function share(
  name: string,
  count: number,
  denominator: number,
  told: Pick<IterationMetric, 'denominator_of' | 'source' | 'good'>,
): IterationMetric {
  return { name, value: denominator === 0 ? null : count / denominator, unit: 'share', denominator, ...told };
}
