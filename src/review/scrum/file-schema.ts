import { z } from 'zod';
import {
  ANSWER_OUTCOMES,
  EVIDENCE_TIERS,
  FINDING_SEVERITIES,
  FINDING_STATES,
  GRADIENT_TIERS,
  OUTPUT_FORMATS,
  REVIEW_VERDICTS,
} from '../knowledge/index.ts';
import { iterationId, sha256Text } from './iteration-schema.ts';
import { isWithinLimit, OVER_LIMIT, packedMembers } from './packed-input.ts';

const line = z.int().min(1);

const check = z
  .strictObject({
    kind: z.enum(['rule', 'test']),
    name: z.string().min(1).max(256),
    passes: z.boolean().nullable().describe('Null where it could not be told.'),
  })
  .nullable();

/** `POST /scrum/iterations/{iteration_id}/files`. */
export const fileInput = z
  .strictObject({
    iteration_id: iterationId,
    ...packedMembers,
    evidence: z
      .array(
        z.strictObject({
          id: z.string().min(1).max(128),
          rule: z.string().min(1).max(128),
          line,
          symbol: z.string().max(512),
          claim: z.string().max(4_000),
          severity: z.enum(FINDING_SEVERITIES),
        }),
      )
      .max(1_000)
      .default([])
      .describe(
        'Findings of the deterministic reviewers in this file; for the directed pass and the gradient.',
      ),
    anchors: z
      .array(z.strictObject({ finding_id: z.string().min(1).max(128), anchor_sha256: sha256Text, check }))
      .max(2_000)
      .default([])
      .describe(
        'One for each earlier open finding of the path and each evidence: the code there now, and its check.',
      ),
    blast_radius: z
      .strictObject({
        importers: z.int().min(0).describe('Files that import this one, directly.'),
        route_exposed: z.boolean().describe('It serves a route, or a file that does imports it.'),
      })
      .nullable()
      .default(null)
      .describe('How far a change reaches; null where it is not known, which counts as a route’s.'),
    proposal: z.string().max(200_000).nullable().default(null),
  })
  .refine(isWithinLimit, OVER_LIMIT);
export type FileInput = z.output<typeof fileInput>;

/** A change that the directed pass proposes. */
export const suggestion = z.strictObject({
  suggestion_id: z.string(),
  path: z.string(),
  finding_id: z.string().nullable().describe('The finding it closes.'),
  summary: z.string(),
  signature: z.string().describe('Signature of the fix.'),
  first_lines: z.string().describe('Its first lines.'),
  test_to_update: z.string(),
  new_test: z.string().describe('One that would catch the defect’s return.'),
  diff: z.string().nullable().describe('Unified diff over the file as it was sent.'),
  tier: z.enum(GRADIENT_TIERS),
  tier_reasons: z.array(z.string()),
});
export type Suggestion = z.output<typeof suggestion>;

/** The file's row, schema v4, before the iteration is published. */
export const shownRow = z.strictObject({
  row_id: z.string(),
  path: z.string(),
  packed_hash: z.string(),
  bar_hash: z.string(),
  model: z.string().nullable().describe('Full name of the accepting model; null for no verdict.'),
  rung: z.int().nullable(),
  attempts: z.int(),
  scores: z.array(z.number()),
  score: z.number().nullable().describe('Median of the replicates, 0 to 10.'),
  confidence: z.number().nullable(),
  verdict: z.enum(REVIEW_VERDICTS),
  critical_failures_count: z.int(),
  verified_components_count: z.int(),
  missing_components_count: z.int(),
  output_format: z.enum(OUTPUT_FORMATS).nullable(),
  gradient_tier: z.enum(GRADIENT_TIERS),
  input_tokens: z.int(),
  output_tokens: z.int(),
  cost_usd: z.number(),
  latency_ms: z.number(),
  recorded_at: z.string(),
});

/** What the reading claims of the file, and what was known before. */
export const shownFinding = z.strictObject({
  finding_id: z.string(),
  rule: z.string(),
  symbol: z.string(),
  claim: z.string(),
  severity: z.enum(FINDING_SEVERITIES),
  line: z.int().nullable(),
  state: z.enum(FINDING_STATES),
  evidence: z.enum(EVIDENCE_TIERS),
});

export const shownAttempt = z.strictObject({
  model: z.string(),
  rung: z.int().nullable(),
  pass: z.enum(['blind', 'directed']),
  replicate: z.int(),
  outcome: z.enum(ANSWER_OUTCOMES),
});

export const fileOutput = z.strictObject({
  row: shownRow,
  findings: z.array(shownFinding),
  suggestions: z.array(suggestion).describe('Of the directed pass; empty where it gave none.'),
  attempts: z.array(shownAttempt),
  reviewed: z.boolean().describe('False where the row was there already and nothing was asked.'),
  journal_event_id: z.string().nullable(),
});
export type FileOutput = z.output<typeof fileOutput>;

/** `POST /scrum/overrides`. */
export const overrideInput = z
  .strictObject({
    repository: z.string().min(1).max(200),
    path: z.string().min(1).max(1_024).optional(),
    suggestion_id: z.string().min(1).max(128).optional(),
    tier: z.enum(GRADIENT_TIERS),
    reason: z.string().trim().min(1).max(2_000),
    expires_at: z.iso.datetime({ offset: true }),
  })
  .refine(({ path, suggestion_id }) => (path === undefined) !== (suggestion_id === undefined), {
    message: 'Name a path or a suggestion, and not both',
  });

export const shownOverride = z.strictObject({
  override_id: z.string(),
  repository: z.string(),
  path: z.string().nullable(),
  suggestion_id: z.string().nullable(),
  tier: z.enum(GRADIENT_TIERS),
  reason: z.string(),
  identity: z.string().describe('Who decided.'),
  created_at: z.string(),
  expires_at: z.string(),
});

export const TRIAL_OUTCOMES = ['passed', 'failed', 'timeout', 'refused'] as const;

/** `POST /scrum/iterations/{iteration_id}/trials`. */
export const trialInput = z.strictObject({
  iteration_id: iterationId,
  suggestion_id: z.string().min(1).max(128),
  kind: z.literal('sim'),
  command: z.string().min(1).max(2_000).describe('What was run; no secret belongs in it.'),
  outcome: z.enum(TRIAL_OUTCOMES),
  duration_ms: z.number().min(0),
});
export const trialOutput = z.strictObject({
  trial_id: z.string(),
  suggestion_id: z.string(),
  tier: z.enum(GRADIENT_TIERS).describe('Of the suggestion, now that this is known.'),
  tier_reasons: z.array(z.string()),
  journal_event_id: z.string().nullable(),
});
