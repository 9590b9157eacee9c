import type { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import {
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import type { ScrumCalibrationCaseRow } from '../../../metastore/tables/scrum.ts';
import { type AttemptRow, type ModelTrust, modelTrust, trustIn } from '../../knowledge/index.ts';
import { readingOutcome } from '../calibration-reading.ts';
import { calibrationIdOf, caseAttempts, markPublished, readCases } from '../calibration-records.ts';
import { type PublishInput, publishInput, publishOutput } from '../calibration-schema.ts';
import { scrumErrors } from '../errors.ts';
import { attemptsOf, ensureDatasets, publishRows } from '../knowledge-base.ts';
import type { ReviewPrompts } from '../review-prompts.ts';
import type { ScrumNews } from '../scrum-news.ts';

type Output = z.output<typeof publishOutput>;
type CalibratedModel = Output['models'][number];

export interface PublishParts {
  readonly reader: MetastoreReader;
  readonly prompts: ReviewPrompts;
  readonly tell: (news: ScrumNews) => void;
}

/**
 * `scrum.calibrate.finish`: publishes what came of a calibration whose every case is read. Its rows are ingested together
 * and as they were kept, and never where one of them is there: a second publication, or one after a crash between ingest
 * and commit, counts nothing twice; of two at a time `ingest.file` takes the same content once.
 */
export function publishCalibration(parts: PublishParts) {
  return mutationOperation<PublishInput, Output, null>({
    name: 'scrum.calibrate.finish',
    summary: 'Publish a calibration',
    description:
      'Appends the outcomes of a calibration whose every case is read to `kb.attempts`, as you, and answers the trust in ' +
      'each model before and after. From then on trust, permissions and movement count them. Publishing twice is ' +
      'publishing once.',
    input: publishInput,
    output: publishOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('What is published is judged as an ingest.'),
    async prepare(scope, input, { nested }) {
      scope.requirePermission('review.write');
      const id = calibrationIdOf(input, parts.prompts[input.prompt]);
      const cases = await wholeCalibration(parts, input, id);
      const attempts = cases.flatMap(caseAttempts);
      await ensureDatasets(nested);
      const known = await attemptsOf(nested, [...new Set(attempts.map(({ model }) => model))]);
      const isThere = known.some(({ iteration_id: one }) => one === id);
      const models = calibratedModels(id, attempts, isThere ? known : [...known, ...attempts]);
      if (!isThere) await publishRows(nested, 'attempts', attempts, id);
      return { attempt: () => publishAttempt(parts, { input, id, models }) };
    },
  });
}

/** Throws `scrum.calibration_incomplete`. */
async function wholeCalibration({ reader }: PublishParts, input: PublishInput, id: string) {
  const rows = await readCases(reader, id);
  if (rows.length >= input.cases) return rows;
  throw new LakeError(scrumErrors.calibration_incomplete, {
    detail: `${rows.length} of ${input.cases} cases are read. Send the others, then publish.`,
  });
}

/** Each model's outcomes, and what they make of the trust in it: all it ever did counts, in whatever repository. */
function calibratedModels(
  id: string,
  attempts: readonly AttemptRow[],
  all: readonly AttemptRow[],
): readonly CalibratedModel[] {
  const [before, after] = [modelTrust(all.filter((row) => row.iteration_id !== id)), modelTrust(all)];
  return [...Map.groupBy(attempts, ({ model }) => model)].map(([model, rows]) => {
    const count = (outcome: ReturnType<typeof readingOutcome>) =>
      rows.filter((row) => readingOutcome(row) === outcome).length;
    const outcomes = {
      caught: count('caught'),
      missed: count('missed'),
      false_alarms: count('false_alarm'),
      cleared: count('cleared'),
    };
    const read = Object.values(outcomes).reduce((sum, each) => sum + each, 0);
    return {
      model,
      ...outcomes,
      unread: rows.length - read,
      cost_usd: rows.reduce((sum, { cost_usd: cost }) => sum + cost, 0),
      before: standing(trustIn(model, before)),
      after: standing(trustIn(model, after)),
    };
  });
}

function standing({ trust, readings }: ModelTrust): CalibratedModel['before'] {
  return { trust, confidence: readings.mean };
}

async function publishAttempt(
  { reader, tell }: PublishParts,
  made: { readonly input: PublishInput; readonly id: string; readonly models: readonly CalibratedModel[] },
): Promise<MutationAttempt<Output>> {
  const { input, id, models } = made;
  const rows = await readCases(reader, id);
  const open = rows.filter(({ published }: ScrumCalibrationCaseRow) => Number(published) === 0);
  const output = (published: boolean, eventId: string | null): Output => ({
    calibration_id: id,
    cases: rows.length,
    models: [...models],
    published,
    journal_event_id: eventId,
  });
  if (open.length === 0) return { statements: [], event: null, output: () => output(false, null) };
  const { repository, commit, ladder } = input;
  const outcomes = models.map(({ before, after, ...counts }) => ({
    ...counts,
    trust_before: before.trust,
    trust_after: after.trust,
  }));
  return {
    statements: [
      markPublished(
        reader,
        id,
        open.map(({ case_sha256: hash }) => hash),
      ),
    ],
    event: {
      action: 'scrum.calibration_published',
      subject: `scrum:${id}`,
      data: { calibration_id: id, repository, commit, ladder, cases: rows.length, models: outcomes },
    },
    output: (eventId) => output(true, eventId),
    afterCommit: async () => tell({ kind: 'calibrated', calibrationId: id, repository, models: outcomes }),
  };
}
