import type { Clock, IdGenerator } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import type { ScrumFileRow, ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import { anchoredCode } from '../inspect/index.ts';
import {
  barHash,
  EVIDENCE_TIERS,
  type EvidenceTier,
  type FindingRow,
  findingRowsOf,
  isStanding,
  medianOf,
  type PermissionOverride,
  type PermissionSubject,
  permissionFor,
  type ReportedFinding,
  type SeenAnchor,
} from '../knowledge/index.ts';
import { blindQuestion } from './blind-question.ts';
import type { FileInput, Suggestion } from './file-schema.ts';
import { framedMessage } from './framed-message.ts';
import { type FileReading, findingPlace, type PendingReview } from './iteration-records.ts';
import type { BlindAnswer } from './model-answer/answer-schema.ts';
import { PARSER_VERSION, parseDirectedAnswer } from './model-answer/parse-answer.ts';
import type { LadderRung } from './model-ladder.ts';
import { type Attempt, type BlindReading, blindPass, firstAccepted } from './review-passes.ts';
import type { ReviewPrompt } from './review-prompts.ts';
import { blindFile, plainFile, type ShownFile } from './reviewed-text/shown-file.ts';

export interface ReviewParts {
  readonly nested: Invocation<unknown>['nested'];
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly prompt: ReviewPrompt;
}

/** What is known of a file before it is read. */
export interface FileToReview {
  readonly iteration: ScrumIterationRow;
  readonly declared: ScrumFileRow;
  readonly input: FileInput;
  /** Rows of `kb.findings` of this file, from the iterations this one is compared with. */
  readonly history: readonly FindingRow[];
  readonly overrides: readonly PermissionOverride[];
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

/** The rule by which words to a reviewer are reported. */
const INJECTION_RULE = 'scrum/prompt-injection';
const INJECTION_CLAIM = 'Text here addresses whoever reviews the file.';
/** Trust in a model that the iteration knew nothing of: half of half. */
const UNKNOWN_TRUST = 0.25;

/**
 * Reads one file in two passes. The blind one sees the file and its neighbours alone, and only it makes the score; the
 * directed one sees what is known besides, and only makes suggestions. Throws what a ceiling refuses.
 */
export async function reviewFile(parts: ReviewParts, file: FileToReview): Promise<ReviewedFile> {
  const { iteration, input, history } = file;
  const { shown, rungs, message, parse } = await blindQuestion(parts, input, iteration.ladder);
  const attempts: Attempt[] = [];
  const replicates = Number(iteration.replicates);
  const blind = await blindPass({ ...parts, attempts, message }, rungs, { replicates, parse });
  const told = blind === null ? [] : toldFindings(input.path, shown, blind);
  const { seen, anchors } = seenFindings(input, shown, history);
  const findings = findingsOf(file, { told, seen, anchors, isJudged: blind !== null });
  const suggestions =
    blind === null ? [] : await directedPass({ ...parts, attempts }, { file, rungs, blind, findings });
  const subject = fileSubject(file, blind, findings);
  const review = reviewOf(parts, file, { blind, attempts, subject });
  return { review, reading: { told, seen, anchors, attempts }, suggestions, subject };
}

/** What the rules see in a file whose reading was kept from an earlier iteration; asks no model. */
export function seenAgain(file: FileToReview): Pick<FileReading, 'seen' | 'anchors'> {
  return seenFindings(file.input, blindFile(file.input), file.history);
}

function toldFindings(
  path: string,
  shown: ShownFile,
  { accepted }: BlindReading,
): readonly ReportedFinding[] {
  const code = anchoredCode(path, shown.whole);
  const { critical_failures: failures, missing_components: missing } = accepted.answer;
  const report = (
    { kind, symbol, line, claim }: BlindAnswer['missing_components'][number],
    severity: ReportedFinding['severity'],
  ): ReportedFinding => ({
    path,
    rule: `scrum/${kind}`,
    symbol: symbol ?? '',
    claim,
    severity,
    line: line ?? null,
    found_by: accepted.model,
    evidence: 'model',
    anchor_hash: line === null || line === undefined ? null : code.anchorOf({ symbol: symbol ?? '', line }),
    check: null,
  });
  return [...failures.map((one) => report(one, 'critical')), ...missing.map((one) => report(one, 'warning'))];
}

/** Evidence of the caller's deterministic reviewers, and words to a reviewer that were taken out here. */
function seenFindings(
  input: FileInput,
  shown: ShownFile,
  history: readonly FindingRow[],
): Pick<FileReading, 'seen' | 'anchors'> {
  const { path } = input;
  const code = anchoredCode(path, shown.whole);
  const evidenceIds = new Set(input.evidence.map(({ id }) => id));
  const reported = input.evidence.map((one): ReportedFinding => {
    const anchor = input.anchors.find(({ finding_id: id }) => id === one.id);
    const { rule, symbol, claim, severity, line } = one;
    return {
      ...{ path, rule, symbol, claim, severity, line },
      found_by: rule,
      evidence: 'static',
      anchor_hash: anchor?.anchor_sha256 ?? code.anchorOf({ symbol, line }),
      check: anchor?.check ?? { kind: 'rule', name: rule, passes: false },
    };
  });
  const injections = shown.addressed.map(
    (line): ReportedFinding => ({
      ...{ path, rule: INJECTION_RULE, symbol: '', claim: INJECTION_CLAIM, severity: 'error', line },
      found_by: INJECTION_RULE,
      evidence: 'static',
      anchor_hash: code.anchorOf({ symbol: '', line }),
      check: { kind: 'rule', name: INJECTION_RULE, passes: false },
    }),
  );
  // Whether words to a reviewer stand in the file is known here and not to the caller.
  const ours = new Set(history.flatMap((row) => (row.rule === INJECTION_RULE ? [row.finding_id] : [])));
  const anchors = input.anchors
    .filter(({ finding_id: id }) => !evidenceIds.has(id))
    .map(
      ({ finding_id: id, anchor_sha256: hash, check }): SeenAnchor => ({
        finding_id: id,
        anchor_hash: hash,
        check: ours.has(id) ? { kind: 'rule', name: INJECTION_RULE, passes: injections.length === 0 } : check,
      }),
    );
  return { seen: [...reported, ...injections], anchors };
}

/** The findings of this file alone; the iteration as a whole is compared when it is published. */
function findingsOf(
  { iteration, input, history }: FileToReview,
  read: Pick<FileReading, 'told' | 'seen' | 'anchors'> & { readonly isJudged: boolean },
): readonly FindingRow[] {
  return findingRowsOf(
    {
      ...findingPlace(iteration),
      judgedPaths: read.isJudged ? [input.path] : [],
      reported: [...read.told, ...read.seen],
      anchors: read.anchors,
      gonePaths: [],
    },
    history,
  );
}

/** Asks for changes where there is something to change: the accepting model first, then those below it. */
async function directedPass(
  parts: ReviewParts & { readonly attempts: Attempt[] },
  known: {
    readonly file: FileToReview;
    readonly rungs: readonly LadderRung[];
    readonly blind: BlindReading;
    readonly findings: readonly FindingRow[];
  },
): Promise<readonly JudgedSuggestion[]> {
  const { file, rungs, blind } = known;
  const { input } = file;
  const open = known.findings.filter(isStanding);
  if (open.length === 0 && input.proposal === null) return [];
  const lines = open.map(({ finding_id: id, rule, line, symbol, claim, severity, evidence }) =>
    JSON.stringify({ id, rule, line, symbol, claim, severity, evidence }),
  );
  const user = framedMessage(
    [
      { name: 'file', text: plainFile(input).text },
      { name: 'findings', text: lines.join('\n') },
      ...(input.proposal === null ? [] : [{ name: 'proposal', text: input.proposal }]),
    ],
    parts.random,
  );
  const ids = new Set(open.map(({ finding_id: id }) => id));
  const accepted = await firstAccepted(
    { ...parts, message: { system: parts.prompt.directed, user } },
    rungs.slice(blind.accepted.rung.index),
    { pass: 'directed', replicate: 0, parse: (text) => parseDirectedAnswer(text, (id) => ids.has(id)) },
  );
  return (accepted?.answer.suggestions ?? []).map((one): JudgedSuggestion => {
    const suggestionId = parts.ids.next();
    const evidence = open.find(({ finding_id: id }) => id === one.finding_id)?.evidence ?? null;
    const subject = subjectOf(file, {
      ...{ suggestionId, evidence, verdict: blind.accepted.answer.verdict },
      model: accepted?.model ?? null,
    });
    const { tier, reasons } = permissionFor(subject, file.overrides, new Date(parts.clock.nowMs()));
    const suggestion = {
      ...{ suggestion_id: suggestionId, path: input.path, tier, tier_reasons: [...reasons] },
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
