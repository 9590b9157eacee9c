import type { Clock, IdGenerator } from '../../base/index.ts';
import {
  barHash,
  EVIDENCE_TIERS,
  type EvidenceTier,
  type FindingRow,
  isStanding,
  medianOf,
  type PermissionSubject,
  permissionFor,
} from '../knowledge/index.ts';
import type { FileToReview } from './file-findings.ts';
import type { FileProgress } from './file-progress.ts';
import type { Suggestion } from './file-schema.ts';
import type { FileReading, PendingReview } from './iteration-records.ts';
import { PARSER_VERSION } from './model-answer/parse-answer.ts';
import type { Attempt, BlindReading } from './review-passes.ts';

interface ReviewParts {
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** A file that was read, ready to be kept. */
export interface ReviewedFile {
  readonly review: PendingReview;
  readonly reading: FileReading;
  readonly suggestions: readonly JudgedSuggestion[];
  /** What decides over the file. */
  readonly subject: PermissionSubject;
}

/** A suggestion, and what decides over it. */
export interface JudgedSuggestion {
  readonly suggestion: Suggestion;
  readonly subject: PermissionSubject;
}

/** Trust in a model that the iteration knew nothing of: half of half. */
const UNKNOWN_TRUST = 0.25;

/**
 * What came of reading one file in two passes. The blind one sees the file and its neighbours alone, and only it makes the
 * score; the directed one sees what is known besides, and only makes suggestions.
 */
export function reviewedFile(
  parts: ReviewParts,
  file: FileToReview,
  { progress, attempts }: { readonly progress: FileProgress; readonly attempts: readonly Attempt[] },
): ReviewedFile {
  const { blind, findings, read } = progress;
  const subject = fileSubject(file, blind, findings);
  const review = reviewOf(parts, file, { blind, attempts, subject });
  const suggestions = judgedSuggestions(parts, file, progress);
  return { review, reading: { ...read, attempts }, suggestions, subject };
}

function judgedSuggestions(
  parts: ReviewParts,
  file: FileToReview,
  { blind, directed, findings }: FileProgress,
): readonly JudgedSuggestion[] {
  if (blind === null || directed === null) return [];
  return directed.answer.suggestions.map((one): JudgedSuggestion => {
    const suggestionId = parts.ids.next();
    const closed = findings.find(({ finding_id: id }) => id === one.finding_id);
    const subject = subjectOf(file, {
      ...{ suggestionId, evidence: closed?.evidence ?? null, verdict: blind.accepted.answer.verdict },
      model: directed.model,
    });
    const { tier, reasons } = permissionFor(subject, file.overrides, new Date(parts.clock.nowMs()));
    const suggestion = {
      ...{ suggestion_id: suggestionId, path: file.input.path, tier, tier_reasons: [...reasons] },
      ...one,
      diff: one.diff ?? null,
    };
    return { suggestion, subject };
  });
}

/** Of the file as a whole: the strongest evidence of what is open in it. */
function fileSubject(
  file: FileToReview,
  blind: BlindReading | null,
  findings: readonly FindingRow[],
): PermissionSubject {
  const open = findings.filter(isStanding).map(({ evidence }) => evidence);
  return subjectOf(file, {
    suggestionId: null,
    evidence: EVIDENCE_TIERS.find((tier) => open.includes(tier)) ?? null,
    verdict: blind?.accepted.answer.verdict ?? 'no_verdict',
    model: blind?.accepted.model ?? null,
  });
}

function reviewOf(
  parts: ReviewParts,
  file: FileToReview,
  read: {
    readonly blind: BlindReading | null;
    readonly attempts: readonly Attempt[];
    readonly subject: PermissionSubject;
  },
): PendingReview {
  const { iteration, declared, input } = file;
  const { blind, attempts } = read;
  const answer = blind?.accepted.answer ?? null;
  const model = blind?.accepted.model ?? null;
  const total = (member: 'input_tokens' | 'output_tokens' | 'cost_usd' | 'latency_ms') =>
    attempts.reduce((sum, attempt) => sum + attempt[member], 0);
  const verdict = answer?.verdict ?? 'no_verdict';
  const replicates = Number(iteration.replicates);
  const bar = { promptHash: iteration.prompt_hash, parserVersion: PARSER_VERSION, model, replicates };
  const permission = permissionFor(read.subject, file.overrides, new Date(parts.clock.nowMs()));
  return {
    schema_version: 4,
    row_id: parts.ids.next(),
    repository: iteration.repository,
    commit: iteration.commit_id,
    path: input.path,
    content_hash: declared.content_sha256,
    packed_hash: declared.packed_sha256,
    iteration_id: iteration.iteration_id,
    iteration: Number(iteration.number),
    prompt: iteration.prompt,
    prompt_hash: iteration.prompt_hash,
    parser_version: PARSER_VERSION,
    bar_hash: barHash(bar),
    model,
    rung: blind?.accepted.rung.index ?? null,
    attempts: attempts.length,
    replicates,
    scores: [...(blind?.scores ?? [])],
    score: medianOf(blind?.scores ?? []),
    confidence: answer?.confidence ?? null,
    verdict,
    critical_failures_count: answer?.critical_failures.length ?? 0,
    verified_components_count: answer?.verified_components.length ?? 0,
    missing_components_count: answer?.missing_components.length ?? 0,
    output_format: blind?.accepted.format ?? null,
    gradient_tier: permission.tier,
    input_tokens: total('input_tokens'),
    output_tokens: total('output_tokens'),
    cost_usd: total('cost_usd'),
    latency_ms: total('latency_ms'),
    recorded_at: new Date(parts.clock.nowMs()).toISOString(),
  };
}

/** What decides over the file, or over one change of it, before anything was tried. */
function subjectOf(
  { iteration, input }: FileToReview,
  of: {
    readonly suggestionId: string | null;
    readonly evidence: EvidenceTier | null;
    readonly verdict: PendingReview['verdict'];
    readonly model: string | null;
  },
): PermissionSubject {
  const { model, ...rest } = of;
  const trusts: Readonly<Record<string, number>> = JSON.parse(iteration.trust_json);
  return {
    ...rest,
    repository: iteration.repository,
    path: input.path,
    trust: model === null ? 0 : (trusts[model] ?? UNKNOWN_TRUST),
    blastRadius: input.blast_radius,
    trial: null,
  };
}
