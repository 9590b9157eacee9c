import type { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import {
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import type { ScrumCalibrationCaseRow } from '../../../metastore/tables/scrum.ts';
import type { AttemptRow } from '../../knowledge/index.ts';
import { readCase, readingOutcome } from '../calibration-reading.ts';
import { calibrationIdOf, caseAttempts, caseSha256, insertCase, readCases } from '../calibration-records.ts';
import { type CaseInput, caseInput, caseOutput } from '../calibration-schema.ts';
import { scrumErrors } from '../errors.ts';
import type { ReviewPrompts } from '../review-prompts.ts';
import type { ScrumNews } from '../scrum-news.ts';

type Output = z.output<typeof caseOutput>;

export interface CalibrateParts {
  readonly reader: MetastoreReader;
  readonly prompts: ReviewPrompts;
  readonly clock: Clock;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly tell: (news: ScrumNews) => void;
}

interface KnownCase {
  readonly input: CaseInput;
  readonly calibrationId: string;
  readonly hash: string;
}

/** `scrum.calibrate`: has the models of a ladder read one file of which it is known whether a defect was planted in it. */
export function calibrateModels(parts: CalibrateParts) {
  return mutationOperation<CaseInput, Output, null>({
    name: 'scrum.calibrate',
    summary: 'Have a planted defect or a clean control read',
    description:
      'Every model of the ladder reads the file once, as you, by the blind pass of reviews; nothing tells it that it is ' +
      'tried. A defect is caught where a critical failure or a missing component cites its lines or its symbol, and a ' +
      'control is a false alarm where a critical failure cites its lines. A case that was read is not asked again. The ' +
      'outcomes count once the calibration is published.',
    input: caseInput,
    output: caseOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('What models are asked and answer is judged as chats are.'),
    async prepare(scope, input, { nested }) {
      scope.requirePermission('review.write');
      const prompt = parts.prompts[input.prompt];
      const calibrationId = calibrationIdOf(input, prompt);
      const known = { input, calibrationId, hash: caseSha256(input) };
      const kept = await keptCase(parts, known);
      if (kept !== null) return { attempt: async () => keptAttempt(kept) };
      const attempts = await readCase({ ...parts, nested, prompt }, input, calibrationId);
      return { attempt: () => readAttempt(parts, known, attempts) };
    },
  });
}

/** The case as it was read. Throws `scrum.calibration_full` for one more than the calibration has. */
async function keptCase(
  { reader }: CalibrateParts,
  { input, calibrationId, hash }: KnownCase,
): Promise<ScrumCalibrationCaseRow | null> {
  const rows = await readCases(reader, calibrationId);
  const kept = rows.find(({ case_sha256: one }) => one === hash);
  if (kept !== undefined) return kept;
  if (rows.length < input.cases) return null;
  throw new LakeError(scrumErrors.calibration_full, {
    detail: `All ${input.cases} cases of this calibration are read, and this file is none of them. Plan another.`,
  });
}

async function readAttempt(
  parts: CalibrateParts,
  known: KnownCase,
  attempts: readonly AttemptRow[],
): Promise<MutationAttempt<Output>> {
  const { input, calibrationId, hash } = known;
  // Another request had the same file read meanwhile; its outcomes stand.
  const kept = await keptCase(parts, known);
  if (kept !== null) return keptAttempt(kept);
  const { repository, path, commit, ladder, planted } = input;
  const row = (eventId: string | null): ScrumCalibrationCaseRow => ({
    calibration_id: calibrationId,
    case_sha256: hash,
    ...{ repository, path },
    attempts_json: JSON.stringify(attempts),
    published: 0,
    journal_event_id: eventId,
    created_ms: Math.floor(parts.clock.nowMs()),
  });
  const outcomes = attempts.map((one) => `${one.model}: ${readingOutcome(one)}`);
  return {
    statements: [],
    naming: (eventId) => [insertCase(parts.reader, row(eventId))],
    event: {
      action: 'scrum.case_read',
      subject: `scrum:${calibrationId}`,
      data: {
        ...{ calibration_id: calibrationId, case_sha256: hash, repository, path, commit, ladder, outcomes },
        rule: planted?.rule ?? null,
        cost_usd: attempts.reduce((sum, { cost_usd: cost }) => sum + cost, 0),
      },
    },
    status: 201,
    output: (eventId) => outputOf(row(eventId), true),
    afterCommit: async () =>
      parts.tell({ kind: 'case', calibrationId, caseSha256: hash, repository, path, outcomes }),
  };
}

function keptAttempt(row: ScrumCalibrationCaseRow): MutationAttempt<Output> {
  return { statements: [], event: null, output: () => outputOf(row, false) };
}

function outputOf(row: ScrumCalibrationCaseRow, read: boolean): Output {
  return {
    calibration_id: row.calibration_id,
    case_sha256: row.case_sha256,
    readings: caseAttempts(row).map((one) => ({
      model: one.model,
      outcome: readingOutcome(one),
      cost_usd: one.cost_usd,
      latency_ms: one.latency_ms,
    })),
    read,
    journal_event_id: row.journal_event_id,
  };
}
