import { z } from 'zod';

/** From the worst: a critical failure, enforcement that does not happen, a likely defect, something to look at. */
export const FINDING_SEVERITIES = ['critical', 'error', 'warning', 'note'] as const;
export type FindingSeverity = (typeof FINDING_SEVERITIES)[number];

/** What a finding rests on, from the strongest: a run showed it, the syntax shows it, a model says it. */
export const EVIDENCE_TIERS = ['dynamic', 'static', 'model'] as const;
export type EvidenceTier = (typeof EVIDENCE_TIERS)[number];

/** What became of a finding by one iteration; `findingRowsOf` draws the machine. */
export const FINDING_STATES = ['new', 'recurring', 'fixed', 'regressed', 'gone'] as const;

/** Whether a finding stands in such a state: `fixed` ended it, and so did `gone`, which says nothing of a fix. */
export function isStanding({ state }: { readonly state: (typeof FINDING_STATES)[number] }): boolean {
  return state !== 'fixed' && state !== 'gone';
}

/** One finding in one iteration: a row of `kb.findings`. The rows of one id, in order, are its life. */
export const findingRowSchema = z.strictObject({
  finding_id: z.string().min(1),
  repository: z.string().min(1),
  path: z.string().min(1),
  iteration_id: z.string().min(1),
  iteration: z.int().min(1),
  /** `scrum/<kind>` of what a model found. */
  rule: z.string().min(1),
  /** The enclosing symbol, outermost first, joined by dots; empty at the top of a file. */
  symbol: z.string(),
  /** In the words of this iteration; `normalisedClaim` is what is compared. */
  claim: z.string().min(1),
  severity: z.enum(FINDING_SEVERITIES),
  line: z.int().min(1).nullable(),
  state: z.enum(FINDING_STATES),
  /** The model's full name, or the rule. */
  found_by: z.string().min(1),
  evidence: z.enum(EVIDENCE_TIERS),
  /** Of the code it points at, in this iteration; null where that code is gone, or was never found. */
  anchor_hash: z.string().nullable(),
  /** What proves it gone: the rule no longer reports it, or the named test passes. */
  check_kind: z.enum(['rule', 'test']).nullable(),
  check_name: z.string().nullable(),
  /** In this iteration; null where it did not run. */
  check_passes: z.boolean().nullable(),
  /** Whose proof closed it; of a gone one, the commit that holds its file no more. */
  closed_by_commit: z.string().nullable(),
});
export type FindingRow = z.output<typeof findingRowSchema>;
