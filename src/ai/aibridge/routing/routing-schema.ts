import { z } from 'zod';
import { CAPABILITIES, modelOverrideSchema } from '../catalogue/model-entry.ts';
import type { FailureClass } from '../provider.ts';
import { ceilingSchema, nanoUsdSchema } from './ceiling-schema.ts';

/** Failures after which a ladder may go on to its next rung. What the caller ended, or has begun to read, is not tried again. */
const FALLBACK_CLASSES = [
  'rate_limited',
  'server_error',
  'timeout',
  'unreachable',
  'refused_key',
  'unknown_model',
  'bad_request',
  'context_too_long',
  'cut_off',
] as const satisfies readonly FailureClass[];

/** All but `bad_request`: a request that one provider finds at fault is mostly at fault everywhere. */
const USUAL_FALLBACKS: readonly (typeof FALLBACK_CLASSES)[number][] = FALLBACK_CLASSES.filter(
  (one) => one !== 'bad_request',
);

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'Must be lower-case words joined by hyphens');
const providerName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'Must be a name as in [models.providers]');
const modelName = z.string().min(1).max(256);
const pattern = z.string().max(256).optional();
const tokens = z.int().min(0).optional();

const ruleSchema = z
  .strictObject({
    name,
    when: z
      .strictObject({
        task: pattern,
        role: pattern,
        model: pattern,
        min_input_tokens: tokens,
        max_input_tokens: tokens,
        needs: z.array(z.enum(CAPABILITIES)).default([]),
        tags: z.array(z.string().min(1).max(256)).default([]),
      })
      .prefault({}),
    ladder: z.string().optional(),
    to: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}\/./, 'Must be provider/model')
      .optional(),
    cost_ceiling_usd_per_hour: nanoUsdSchema.optional(),
  })
  .superRefine((rule, check) => {
    if ((rule.ladder === undefined) === (rule.to === undefined)) {
      check.addIssue({ code: 'custom', message: 'A rule needs either ladder or to' });
    }
  });

const ladderSchema = z.strictObject({
  rungs: z
    .array(
      z.strictObject({
        provider: providerName,
        model: modelName,
        role: z.enum(['final']).optional(),
        max_output_tokens: z.int().min(1).optional(),
      }),
    )
    .max(32)
    .default([])
    .superRefine((rungs, check) => {
      for (const [index, { role }] of rungs.entries()) {
        if (role === 'final' && index < rungs.length - 1) {
          check.addIssue({
            code: 'custom',
            path: [index, 'role'],
            message: 'Only the last rung may be final',
          });
        }
      }
    }),
  fallback_on: z.array(z.enum(FALLBACK_CLASSES)).default([...USUAL_FALLBACKS]),
});

/** The whole of `routing.toml`. */
export const routingSchema = z.strictObject({
  rules: z.array(ruleSchema).max(1_000).default([]),
  prefixes: z.record(modelName, providerName).default({}),
  ladders: z.record(name, ladderSchema).default({}),
  retries: z
    .strictObject({
      max_attempts: z.int().min(1).max(10).default(3),
      base_ms: z.int().min(1).max(60_000).default(250),
      max_ms: z.int().min(1).max(600_000).default(8_000),
      budget_ratio: z.number().min(0).max(1).default(0.2),
      budget_burst: z.int().min(0).max(1_000).default(3),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: z.int().min(1).max(1_000).default(5),
      window_s: z.int().min(1).max(3_600).default(60),
      open_s: z.int().min(1).max(3_600).default(30),
    })
    .prefault({}),
  ceilings: z.array(ceilingSchema).max(1_000).default([]),
  models: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}\/./, 'Must be provider/model'), modelOverrideSchema)
    .default({}),
  catalogue_names: z.record(providerName, z.string().min(1).max(64)).default({}),
});
export type RoutingFile = z.infer<typeof routingSchema>;
