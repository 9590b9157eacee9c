import { z } from 'zod';

/** Longest text of a claim that is kept. */
const MAX_TEXT = 4_000;
const MAX_ITEMS = 200;

const clipped = z.string().transform((text) => text.trim().slice(0, MAX_TEXT));
const said = clipped.refine((text) => text !== '', 'Must say something');
const line = z.int().min(1);
/** Numbers may come as text: "7", "7/10". */
const numeric = z.union([z.number(), z.string().regex(/^\s*\d+(?:\.\d+)?\s*(?:\/\s*10)?\s*$/)]);
const toNumber = (value: string | number) => (typeof value === 'number' ? value : Number.parseFloat(value));

const kind = z
  .string()
  .default('')
  .transform((text) =>
    text
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 40),
  )
  .transform((text) => (text === '' ? 'other' : text));

const claim = z.object({ kind, symbol: clipped.nullish(), line, claim: said });
const missing = claim.extend({ line: line.nullish() });
const verified = z.object({ symbol: clipped.nullish(), line, claim: said });

/** The answer of the blind pass. Members that were not asked for are left out. */
export const blindAnswerSchema = z.object({
  verdict: z.preprocess(
    (value) =>
      typeof value === 'string'
        ? value
            .trim()
            .toLowerCase()
            .replaceAll(/[\s-]+/g, '_')
        : value,
    z.enum(['sound', 'needs_work', 'unsound']),
  ),
  score: numeric.transform(toNumber).pipe(z.number().min(0).max(10)),
  confidence: numeric.transform(toNumber).pipe(z.number().min(0).max(1)),
  critical_failures: z.array(claim).max(MAX_ITEMS),
  verified_components: z.array(verified).max(MAX_ITEMS),
  missing_components: z.array(missing).max(MAX_ITEMS),
});
export type BlindAnswer = z.output<typeof blindAnswerSchema>;

/** The answer of the directed pass. */
export const directedAnswerSchema = z.object({
  suggestions: z
    .array(
      z.object({
        finding_id: said,
        summary: said,
        signature: said,
        first_lines: said,
        test_to_update: clipped,
        new_test: said,
        diff: z.string().max(100_000).nullish(),
      }),
    )
    .max(MAX_ITEMS),
});
export type DirectedAnswer = z.output<typeof directedAnswerSchema>;
