import type { AttemptRow } from './attempt-row.ts';
import { findingId } from './finding-identity.ts';
import type { FindingRow } from './finding-row.ts';
import type { IterationKey } from './iteration-key.ts';
import type { ReportedFinding } from './iteration-reading.ts';
import { barHash, medianOf, type ReviewRow } from './review-row.ts';

export const REPOSITORY = 'team/project';
export const MODEL = 'local/reader';

/** The iteration of a number, as rows of this file name it. */
export function iterationOf(iteration: number): IterationKey {
  return { iteration_id: `iteration-${iteration}`, iteration };
}

/** A row of `kb.reviews` with all that a test does not care for filled in. `scores` make score, replicates and bar. */
export function reviewRow(
  path: string,
  iteration: number,
  scores: readonly number[],
  members: Partial<ReviewRow> = {},
): ReviewRow {
  const model = 'model' in members ? (members.model ?? null) : MODEL;
  const isJudged = scores.length > 0;
  const bar = { promptHash: 'prompt', parserVersion: '1', model, replicates: scores.length };
  return {
    schema_version: 4,
    row_id: `${path}@${iteration}`,
    repository: REPOSITORY,
    commit: `c${iteration}`,
    path,
    content_hash: `content of ${path}@${iteration}`,
    packed_hash: `pack of ${path}@${iteration}`,
    iteration_id: `iteration-${iteration}`,
    iteration,
    prompt: 'forensic',
    prompt_hash: 'prompt',
    parser_version: '1',
    bar_hash: barHash(bar),
    model: isJudged ? model : null,
    rung: isJudged ? 0 : null,
    attempts: 1,
    replicates: scores.length,
    scores: [...scores],
    score: medianOf(scores),
    confidence: isJudged ? 0.99 : null,
    verdict: isJudged ? 'needs_work' : 'no_verdict',
    critical_failures_count: 0,
    verified_components_count: 0,
    missing_components_count: 0,
    output_format: isJudged ? 'json' : null,
    gradient_tier: 'sim',
    input_tokens: 1_000,
    output_tokens: 100,
    cost_usd: 0.25,
    latency_ms: 900,
    recorded_at: '2026-01-01T00:00:00.000Z',
    journal_event_id: null,
    ...members,
  };
}

/** A row of `kb.findings`; `name` makes its id and claim. */
export function findingRow(
  name: string,
  iteration: number,
  state: FindingRow['state'],
  members: Partial<FindingRow> = {},
): FindingRow {
  const { path = 'src/a.ts', rule = 'scrum/defect', symbol = '' } = members;
  const key = { repository: REPOSITORY, path, rule, symbol, claim: name };
  return {
    finding_id: findingId(key, 1),
    ...key,
    iteration_id: `iteration-${iteration}`,
    iteration,
    severity: 'warning',
    line: 7,
    state,
    found_by: MODEL,
    evidence: 'model',
    anchor_hash: 'code before',
    check_kind: null,
    check_name: null,
    check_passes: null,
    closed_by_commit: null,
    ...members,
  };
}

/** A finding that is gone with its proof: code changed, check passed. */
export function landedRow(name: string, iteration: number, members: Partial<FindingRow> = {}): FindingRow {
  return findingRow(name, iteration, 'fixed', {
    anchor_hash: 'code after',
    check_kind: 'test',
    check_name: 'a.test.ts',
    check_passes: true,
    closed_by_commit: `c${iteration}`,
    ...members,
  });
}

export function attemptRow(outcome: AttemptRow['outcome'], members: Partial<AttemptRow> = {}): AttemptRow {
  const isPlanted = outcome === 'caught' || outcome === 'missed' || outcome === 'false_alarm';
  return {
    iteration_id: 'iteration-1',
    repository: REPOSITORY,
    path: 'src/a.ts',
    model: MODEL,
    rung: 0,
    pass: isPlanted ? 'calibration' : 'blind',
    replicate: 0,
    outcome,
    output_format: outcome === 'accepted' ? 'json' : null,
    input_tokens: 10,
    output_tokens: 5,
    cost_usd: 0.01,
    latency_ms: 20,
    recorded_at: '2026-01-01T00:00:00.000Z',
    ...members,
  };
}

/** Planted defects that the model caught: readings that can be trusted. */
export function calibrated(caught: number, missed = 0): readonly AttemptRow[] {
  return [
    ...Array.from({ length: caught }, () => attemptRow('caught')),
    ...Array.from({ length: missed }, () => attemptRow('missed')),
  ];
}

export function reported(claim: string, members: Partial<ReportedFinding> = {}): ReportedFinding {
  return {
    path: 'src/a.ts',
    rule: 'scrum/defect',
    symbol: 'checkKey',
    claim,
    severity: 'warning',
    line: 7,
    found_by: MODEL,
    evidence: 'model',
    anchor_hash: 'code',
    check: null,
    ...members,
  };
}
