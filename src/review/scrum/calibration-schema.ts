import { z } from 'zod';
import { ANSWER_OUTCOMES, CALIBRATION_OUTCOMES } from '../knowledge/index.ts';
import { repositoryName, sha256Text, startInput } from './iteration-schema.ts';
import { isWithinLimit, OVER_LIMIT, packedMembers } from './packed-input.ts';

const line = z.int().min(1);
const { commit, prompt, ladder } = startInput.shape;

/** What makes a calibration: the same of all of it is the same one, and is counted once. */
export const calibrationMembers = {
  repository: repositoryName,
  ...{ commit, prompt, ladder },
  cases: z.int().min(1).max(1_000).describe('Files that the calibration has in all.'),
  plan_sha256: sha256Text.describe('Of the cases as they were planted; another one is another calibration.'),
} as const;

/** `POST /scrum/calibrations`. */
export const caseInput = z
  .strictObject({
    ...calibrationMembers,
    ...packedMembers,
    changed: z
      .array(z.strictObject({ first_line: line, last_line: line }))
      .min(1)
      .max(200)
      .describe('Lines of the file as it is sent that are not as they were.'),
    planted: z
      .strictObject({
        rule: z.string().min(1).max(128).describe('Which the defect breaks.'),
        symbol: z
          .string()
          .max(512)
          .describe('Functions and classes around it; empty at the top of the file.'),
      })
      .nullable()
      .describe('Null of a clean control, whose change is no defect. No model is told.'),
  })
  .refine(isWithinLimit, OVER_LIMIT);
export type CaseInput = z.output<typeof caseInput>;

/** `cleared` is a control without a critical failure in its changed lines; it is an accepted answer and no more. */
export const READING_OUTCOMES = [...CALIBRATION_OUTCOMES, 'cleared', ...ANSWER_OUTCOMES] as const;

export const caseOutput = z.strictObject({
  calibration_id: z.string(),
  case_sha256: z.string(),
  readings: z.array(
    z.strictObject({
      model: z.string(),
      outcome: z.enum(READING_OUTCOMES),
      cost_usd: z.number(),
      latency_ms: z.number(),
    }),
  ),
  read: z.boolean().describe('False where the case was read before and nothing was asked.'),
  journal_event_id: z.string().nullable(),
});

/** `POST /scrum/calibrations/finish`. */
export const publishInput = z.strictObject(calibrationMembers);
export type PublishInput = z.output<typeof publishInput>;

const standing = z.strictObject({
  trust: z.number(),
  confidence: z.number().describe('Calibrated: by planted defects and controls alone.'),
});

export const publishOutput = z.strictObject({
  calibration_id: z.string(),
  cases: z.int(),
  models: z.array(
    z.strictObject({
      model: z.string(),
      caught: z.int(),
      missed: z.int(),
      false_alarms: z.int(),
      cleared: z.int(),
      unread: z.int().describe('Without an acceptable answer.'),
      cost_usd: z.number(),
      before: standing,
      after: standing,
    }),
  ),
  published: z.boolean().describe('False where it was published before.'),
  journal_event_id: z.string().nullable(),
});
