import { z } from 'zod';
import { canonicalJson, sha256Hex } from '../../base/index.ts';

/** What may be done with changes to a file, from the loosest to the strictest; `permissionFor` decides. */
export const GRADIENT_TIERS = ['auto', 'dry_run', 'sim', 'block'] as const;
export type GradientTier = (typeof GRADIENT_TIERS)[number];

/** A reading's judgement; `no_verdict` where no model gave an acceptable answer, which is never a clean file. */
export const REVIEW_VERDICTS = ['sound', 'needs_work', 'unsound', 'no_verdict'] as const;
export const OUTPUT_FORMATS = ['json', 'fenced_json', 'markdown'] as const;

const count = z.int().min(0);
const score = z.number().min(0).max(10);
const modelMembers = ['model', 'rung', 'score', 'confidence', 'output_format'] as const;

/** One file in one iteration, schema v4: a row of `kb.reviews`. Only rows of one bar and one path are compared. */
export const reviewRowSchema = z
  .strictObject({
    schema_version: z.literal(4),
    row_id: z.string().min(1),
    repository: z.string().min(1),
    commit: z.string(),
    path: z.string().min(1),
    content_hash: z.string(),
    packed_hash: z.string(),
    iteration_id: z.string().min(1),
    iteration: z.int().min(1),
    prompt: z.string(),
    prompt_hash: z.string(),
    parser_version: z.string(),
    bar_hash: z.string(),
    /** The full name of the accepting model. */
    model: z.string().nullable(),
    /** Of the accepting model, from 0. */
    rung: count.nullable(),
    attempts: count,
    replicates: count,
    /** One for each accepted replicate. */
    scores: z.array(score),
    /** The median of `scores`. */
    score: score.nullable(),
    /** As the model states it; nothing is decided by it. */
    confidence: z.number().min(0).max(1).nullable(),
    verdict: z.enum(REVIEW_VERDICTS),
    critical_failures_count: count,
    verified_components_count: count,
    missing_components_count: count,
    output_format: z.enum(OUTPUT_FORMATS).nullable(),
    gradient_tier: z.enum(GRADIENT_TIERS),
    input_tokens: count,
    output_tokens: count,
    cost_usd: z.number().min(0),
    latency_ms: z.number().min(0),
    recorded_at: z.iso.datetime({ offset: true }),
    journal_event_id: z.string().nullable(),
  })
  .superRefine((row, check) => {
    const wrong = (path: string, message: string) =>
      check.addIssue({ code: 'custom', path: [path], message });
    if (row.verdict === 'no_verdict') {
      for (const member of modelMembers) if (row[member] !== null) wrong(member, 'Must be null: no verdict');
      if (row.scores.length > 0) wrong('scores', 'Must be empty: no verdict');
    } else {
      if (row.model === null) wrong('model', 'Must name the accepting model');
      if (row.score === null || row.score !== medianOf(row.scores))
        wrong('score', 'Must be the median of scores');
    }
  });
export type ReviewRow = z.output<typeof reviewRowSchema>;

/** What scores must share to be compared. */
export interface Bar {
  readonly promptHash: string;
  readonly parserVersion: string;
  /** The accepting model's full name; null where there is none. */
  readonly model: string | null;
  readonly replicates: number;
}

export function barHash({ promptHash, parserVersion, model, replicates }: Bar): string {
  return sha256Hex(canonicalJson([promptHash, parserVersion, model, replicates]));
}

/** The median of replicates; null of none. */
export function medianOf(scores: readonly number[]): number | null {
  const sorted = [...scores].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
