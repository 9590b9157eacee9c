import { z } from 'zod';
import {
  EVIDENCE_TIERS,
  FINDING_SEVERITIES,
  FINDING_STATES,
  GRADIENT_TIERS,
  MOVEMENT_CLASSES,
} from '../knowledge/index.ts';
import { suggestion } from './file-schema.ts';
import { shownIteration } from './iteration-schema.ts';

const ids = z.array(z.string());

const movement = z.strictObject({
  from: z.int(),
  to: z.int(),
  paired: z.array(
    z.strictObject({
      path: z.string(),
      model: z.string(),
      from_score: z.number(),
      to_score: z.number(),
      delta: z.number(),
      tau: z.number().describe('A smaller change is inside the noise.'),
      sigma: z.number().nullable(),
      replicates: z.int(),
      confidence: z.number().describe('Calibrated by planted defects, not the model’s own.'),
      landed: ids,
      novel: ids,
      recurring: ids,
      returned: ids,
      class: z.enum(MOVEMENT_CLASSES),
      reason: z.string(),
    }),
  ),
  unpaired: z
    .array(z.strictObject({ path: z.string(), why: z.string() }))
    .describe('In no class and no mean.'),
  files: z.int(),
  paired_files: z.int(),
  unpaired_files: z.int(),
  from_mean: z.number().nullable(),
  to_mean: z.number().nullable(),
  mean_delta: z.number().nullable(),
  risen: z.int(),
  fallen: z.int(),
  unchanged: z.int(),
  classes: z.record(z.enum(MOVEMENT_CLASSES), z.int()),
  noise: z.array(z.strictObject({ bar_hash: z.string(), sigma: z.number().nullable(), freedom: z.int() })),
});

const metric = z.strictObject({
  name: z.string(),
  value: z.number().nullable(),
  unit: z.enum(['share', 'files', 'findings', 'components', 'points', 'usd']),
  denominator: z.number(),
  denominator_of: z.string(),
  source: z.string(),
  good: z.string().describe('What to wish for.'),
});

const posterior = z.strictObject({
  successes: z.int(),
  failures: z.int(),
  mean: z.number(),
  deviation: z.number(),
});

const gone = z
  .array(
    z.strictObject({
      finding_id: z.string(),
      path: z.string(),
      rule: z.string(),
      claim: z.string(),
      severity: z.enum(FINDING_SEVERITIES),
      commit: z.string().nullable().describe('Holds the file no more.'),
    }),
  )
  .describe('Findings that ended in this iteration because their files are gone: neither fixed nor landed.');

export const reportOutput = z.strictObject({
  iteration: shownIteration,
  compared_with: shownIteration.nullable().describe('The finished iteration before it; null of the first.'),
  metrics: z.array(metric),
  movement: movement.nullable(),
  gone,
  gradient: z
    .array(
      z.strictObject({
        path: z.string(),
        tier: z.enum(GRADIENT_TIERS),
        reasons: z.array(z.string()),
        override_id: z.string().nullable(),
      }),
    )
    .describe('What may be done with changes of each file, by what is known now.'),
  suggestions: z.array(suggestion),
  trust: z.array(
    z.strictObject({
      model: z.string(),
      answers: posterior,
      readings: posterior,
      caught: z.int(),
      missed: z.int(),
      false_alarms: z.int(),
      trust: z.number(),
    }),
  ),
});

export const diffOutput = z.strictObject({ from: shownIteration, to: shownIteration, movement });

const cause = z.strictObject({
  cause_id: z.string(),
  title: z.string(),
  rule: z.string(),
  finding_ids: ids,
  paths: z.array(z.string()),
});

const waveFinding = z.strictObject({
  finding_id: z.string(),
  cause_id: z.string(),
  level: z.enum(['high', 'medium', 'low']),
  path: z.string(),
  line: z.int().nullable(),
  symbol: z.string(),
  rule: z.string(),
  claim: z.string(),
  evidence: z.enum(EVIDENCE_TIERS),
  state: z.enum(FINDING_STATES),
  first_seen: z.int(),
  done_means: z.array(z.string()),
});

export const planOutput = z.strictObject({
  iteration: shownIteration,
  wave: z.strictObject({
    iteration: z.int(),
    causes: z.array(cause),
    findings: z.array(waveFinding),
    too_big: z.array(z.strictObject({ cause_id: z.string(), why: z.string() })),
    out_of_scope: z.array(z.strictObject({ finding_id: z.string(), path: z.string(), why: z.string() })),
    carried_over: z.array(z.strictObject({ finding_id: z.string(), since: z.int() })),
    gone,
  }),
  suggestions: z.array(suggestion),
  markdown: z.string(),
});
