import { z } from 'zod';
import { OUTPUT_FORMATS } from './review-row.ts';

/** How an answer of a model ended; only `accepted` made a row. */
export const ANSWER_OUTCOMES = [
  'accepted',
  'unparsable',
  'incomplete',
  'bad_citation',
  'refused',
  'cut',
  'failed',
] as const;
/** How a model read a file with a planted defect, or its clean control. */
export const CALIBRATION_OUTCOMES = ['caught', 'missed', 'false_alarm'] as const;

/** One attempt of a model: a row of `kb.attempts`. Those of pass `calibration` read planted defects. */
export const attemptRowSchema = z
  .strictObject({
    iteration_id: z.string().min(1),
    repository: z.string().min(1),
    path: z.string().min(1),
    model: z.string().min(1),
    rung: z.int().min(0).nullable(),
    pass: z.enum(['blind', 'directed', 'calibration']),
    replicate: z.int().min(0),
    outcome: z.enum([...ANSWER_OUTCOMES, ...CALIBRATION_OUTCOMES]),
    output_format: z.enum(OUTPUT_FORMATS).nullable(),
    input_tokens: z.int().min(0),
    output_tokens: z.int().min(0),
    cost_usd: z.number().min(0),
    latency_ms: z.number().min(0),
    recorded_at: z.iso.datetime({ offset: true }),
  })
  .refine(({ pass, outcome }) => (pass === 'calibration') === isCalibrationOutcome(outcome), {
    path: ['outcome'],
    message: 'caught, missed and false_alarm belong to the pass calibration, and only they',
  });
export type AttemptRow = z.output<typeof attemptRowSchema>;
export type AttemptOutcome = AttemptRow['outcome'];

export function isCalibrationOutcome(outcome: string): outcome is (typeof CALIBRATION_OUTCOMES)[number] {
  return CALIBRATION_OUTCOMES.some((one) => one === outcome);
}
