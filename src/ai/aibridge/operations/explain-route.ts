import { z } from 'zod';
import { readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { CAPABILITIES } from '../catalogue/model-entry.ts';
import { fullName, wishOf } from '../planned-chat.ts';
import { DEFAULT_TASK, tagList, taskName } from './chat-truth.ts';

const inputSchema = z.strictObject({
  model: z.string().min(1).max(256).nullable().default(null),
  ladder: z.string().min(1).max(64).nullable().default(null),
  task: taskName.default(DEFAULT_TASK),
  tags: tagList.default([]),
  input_tokens: z.int().min(0).default(1_000),
  max_output_tokens: z.int().min(1).nullable().default(null),
  needs: z.array(z.enum(CAPABILITIES)).default(['chat']),
});

const outputSchema = z.strictObject({
  rule: z.string().nullable(),
  ladder: z.string().nullable(),
  rungs: z.array(
    z.strictObject({
      model: z.string(),
      billing: z.enum(['metered', 'flat', 'free']),
      final: z.boolean(),
      max_output_tokens: z.int(),
      worst_cost_usd: z.number(),
      granted: z.boolean().describe('Whether your role may use it; a request needs every rung.'),
      breaker_open: z.boolean(),
    }),
  ),
  considered: z.array(
    z.strictObject({
      considered: z.string(),
      outcome: z.enum(['chosen', 'passed over', 'skipped']),
      why: z.string(),
    }),
  ),
  worst_cost_usd: z.number(),
  refusal: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
});

/** `models.route.explain`: which rule wins for a request, which models it would reach, and why. */
export function explainRoute(parts: BridgeParts) {
  return readOperation<z.output<typeof inputSchema>, z.output<typeof outputSchema>, undefined>({
    name: 'models.route.explain',
    summary: 'Explain a route',
    description:
      'What routing.toml decides for a request of this kind by your role, step by step. Calls no model.',
    input: inputSchema,
    output: outputSchema,
    access: {
      kind: 'authenticated',
      reason: 'Shows how the caller’s own requests are routed; no data and no key.',
    },
    truth: {
      before: { none: 'Reads the routing table, no data.' },
      after: { none: 'Reads the routing table, no data.' },
    },
    async run(scope, input) {
      const explained = parts.router.explain({
        ...(input.ladder === null ? wishOf(input.model) : { model: input.model, ladder: input.ladder }),
        task: input.task,
        role: scope.identity.role,
        tags: input.tags,
        inputTokens: input.input_tokens,
        maxOutputTokens: input.max_output_tokens,
        needs: new Set(input.needs),
      });
      return {
        kind: 'value',
        value: {
          rule: explained.rule,
          ladder: explained.ladder,
          rungs: explained.rungs.map((rung) => ({
            model: fullName(rung),
            billing: rung.billing,
            final: rung.final,
            max_output_tokens: rung.maxOutputTokens,
            worst_cost_usd: rung.worstCostNanoUsd / 1e9,
            granted: scope.mayUseModel(fullName(rung)),
            breaker_open: rung.breakerOpen,
          })),
          considered: explained.considered.map((one) => ({ ...one })),
          worst_cost_usd: explained.worstCostNanoUsd / 1e9,
          refusal: explained.refusal,
        },
      };
    },
  });
}
