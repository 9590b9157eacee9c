import { z } from 'zod';
import { CEILING_SUBJECTS, type Ceiling } from '../../../govern/budget/index.ts';
import { scaledExactly } from '../catalogue/usd.ts';

const NANO_DECIMALS = 9;
const MAX_USD = 9_000_000;

/** Dollars, exactly in billionths. */
export const nanoUsdSchema = z
  .number()
  .min(0)
  .max(MAX_USD)
  .transform((usd, check) => {
    const nano = scaledExactly(usd, NANO_DECIMALS);
    if (nano !== null) return Number(nano);
    check.addIssue({ code: 'custom', message: 'Dollars have at most nine decimals.' });
    return z.NEVER;
  });

const pattern = z.string().max(256).optional();
const LIMITS = ['usd_per_hour', 'usd_per_day', 'usd_per_request', 'tokens_per_hour', 'requests_per_hour'];

/** One of `[[ceilings]]`. */
export const ceilingSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'Must be lower-case words joined by hyphens'),
    when: z
      .strictObject({
        identity: pattern,
        role: pattern,
        task: pattern,
        provider: pattern,
        model: pattern,
        rule: pattern,
      })
      .prefault({}),
    per: z.array(z.enum(CEILING_SUBJECTS)).default([]),
    usd_per_hour: nanoUsdSchema.optional(),
    usd_per_day: nanoUsdSchema.optional(),
    usd_per_request: nanoUsdSchema.optional(),
    tokens_per_hour: z.int().min(0).optional(),
    requests_per_hour: z.int().min(0).optional(),
  })
  .superRefine((ceiling, check) => {
    if (LIMITS.some((limit) => Object.hasOwn(ceiling, limit))) return;
    check.addIssue({
      code: 'custom',
      message: `A ceiling needs at least one of ${LIMITS.join(', ')}`,
    });
  });

/** The ceiling that a table describes. */
export function ceilingOf(file: z.infer<typeof ceilingSchema>): Ceiling {
  const limits = [
    { unit: 'usd_hour', amount: file.usd_per_hour },
    { unit: 'usd_day', amount: file.usd_per_day },
    { unit: 'tokens_hour', amount: file.tokens_per_hour },
    { unit: 'requests_hour', amount: file.requests_per_hour },
  ] as const;
  return {
    name: file.name,
    when: presentPatterns(file.when),
    per: file.per,
    limits: limits.flatMap(({ unit, amount }) => (amount === undefined ? [] : [{ unit, amount }])),
    perRequestNanoUsd: file.usd_per_request ?? null,
  };
}

/** The ceiling of a rule's `cost_ceiling_usd_per_hour`. Its name has a colon, so that no written one is like it. */
export function ruleCeiling(rule: string, nanoUsdPerHour: number): Ceiling {
  return {
    name: `rule:${rule}`,
    when: { rule },
    per: [],
    limits: [{ unit: 'usd_hour', amount: nanoUsdPerHour }],
    perRequestNanoUsd: null,
  };
}

function presentPatterns(when: z.infer<typeof ceilingSchema>['when']): Ceiling['when'] {
  const { identity, role, task, provider, model, rule } = when;
  const patterns = Object.entries({ identity, role, task, provider, model, rule });
  return Object.fromEntries(
    patterns.flatMap(([fact, one]) => (one === undefined ? [] : [[fact, one] as const])),
  );
}
