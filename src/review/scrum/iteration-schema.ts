import { z } from 'zod';
import { repositoryPath } from './packed-input.ts';

export const PROMPTS = ['soft', 'forensic'] as const;
export type PromptName = (typeof PROMPTS)[number];

/** running → finished, or running → abandoned where a fresh one was asked for. */
export const ITERATION_STATES = ['running', 'finished', 'abandoned'] as const;

export const sha256Text = z.string().regex(/^[0-9a-f]{64}$/, 'Must be a SHA-256 in lower-case hex');
export const repositoryName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$/, 'Must be a name such as team/project')
  .describe('Name of the repository; iterations of one name are compared.');
export const iterationId = z.uuid().describe('Id of the iteration, from its start or the list.');

/** `POST /scrum/iterations`. */
export const startInput = z.strictObject({
  repository: repositoryName,
  commit: z
    .string()
    .regex(/^[0-9a-f]{7,64}$/, 'Must be a commit id')
    .describe('Commit that is reviewed.'),
  prompt: z.enum(PROMPTS).default('soft'),
  ladder: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/)
    .default('scrum')
    .describe('Ladder of routing.toml whose models are asked.'),
  replicates: z.int().min(1).max(7).default(1).describe('Times the accepting model scores each file.'),
  proposal_sha256: sha256Text
    .nullable()
    .default(null)
    .describe('Of the proposal document of the directed pass.'),
  files: z
    .array(z.strictObject({ path: repositoryPath, content_sha256: sha256Text, packed_sha256: sha256Text }))
    .min(1)
    .max(20_000)
    .refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'Each path once')
    .describe('Every file of the iteration. `packed_sha256` as the room’s `packedSha256` makes it.'),
  fresh: z
    .boolean()
    .default(false)
    .describe('Abandons an unfinished iteration of the same repository, prompt, ladder and replicates.'),
});
export type StartInput = z.output<typeof startInput>;

/** A finding of an earlier iteration that is still open. */
export const openFinding = z.strictObject({
  finding_id: z.string(),
  path: z.string(),
  rule: z.string(),
  symbol: z.string(),
  claim: z.string(),
  severity: z.string(),
  line: z.int().nullable(),
  state: z.string(),
  anchor_hash: z.string().nullable(),
  check_kind: z.enum(['rule', 'test']).nullable(),
  check_name: z.string().nullable(),
});

export const startOutput = z.strictObject({
  iteration_id: z.string(),
  number: z.int().describe('1 for the first iteration of the repository.'),
  state: z.literal('running'),
  continued: z.boolean().describe('An unfinished iteration goes on.'),
  reusable: z
    .array(z.strictObject({ path: z.string(), packed_sha256: z.string() }))
    .describe('Files whose row is there: reviewed already, or unchanged under the same bar. Not to be sent.'),
  findings: z.array(openFinding),
  journal_event_id: z.string().nullable(),
});

/** One iteration as lists show it. */
export const shownIteration = z.strictObject({
  iteration_id: z.string(),
  number: z.int(),
  repository: z.string(),
  commit: z.string(),
  prompt: z.enum(PROMPTS),
  prompt_hash: z.string(),
  ladder: z.string(),
  replicates: z.int(),
  state: z.enum(ITERATION_STATES),
  files_total: z.int(),
  files_done: z.int(),
  files_reused: z.int().describe('Of those done, rows that were kept from an earlier iteration.'),
  no_verdict: z.int(),
  cost_usd: z.number(),
  identity: z.string(),
  started_at: z.string(),
  finished_at: z.string().nullable(),
});

export const finishOutput = z.strictObject({
  iteration_id: z.string(),
  number: z.int(),
  state: z.literal('finished'),
  reviews: z.int(),
  findings: z.int(),
  attempts: z.int(),
  journal_event_id: z.string().nullable(),
});
