import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import { nothingToJudge, permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { ScrumIterationRow } from '../../../metastore/tables/scrum.ts';
import {
  type FixWave,
  fixWaveMarkdown,
  type GoneFinding,
  goneFindings,
  type IterationKey,
  type IterationMetric,
  iterationMetrics,
  type ModelTrust,
  type Movement,
  modelTrust,
  movementBetween,
  nextFixWave,
  type Permission,
} from '../../knowledge/index.ts';
import { scrumErrors } from '../errors.ts';
import type { Suggestion } from '../file-schema.ts';
import { currentGradient, currentSuggestions } from '../gradient-now.ts';
import type { IterationRecords } from '../iteration-records.ts';
import { iterationId, type shownIteration } from '../iteration-schema.ts';
import { knowledgeOf } from '../knowledge-base.ts';
import { diffOutput, planOutput, reportOutput } from '../report-schema.ts';
import { shownIterations } from '../shown-iteration.ts';

type Shown = z.output<typeof shownIteration>;

const oneInput = z.strictObject({ iteration_id: iterationId });
const diffInput = z.strictObject({
  from: iterationId.describe('The earlier iteration.'),
  to: iterationId.describe('The later one, of the same repository.'),
});

export interface ReportParts {
  readonly records: IterationRecords;
  readonly clock: Clock;
}

const truth = nothingToJudge('What models said of files was judged when it was said; figures are computed.');

interface Report {
  readonly iteration: Shown;
  readonly compared_with: Shown | null;
  readonly metrics: readonly IterationMetric[];
  readonly movement: Movement | null;
  readonly gone: readonly GoneFinding[];
  readonly gradient: readonly (Permission & { readonly path: string })[];
  readonly suggestions: readonly Suggestion[];
  readonly trust: readonly ModelTrust[];
}

/** `scrum.report`: the figures of a finished iteration, and how it moved against the one before. */
export function reportIteration(parts: ReportParts) {
  return readOperation<z.output<typeof oneInput>, Report, null>({
    name: 'scrum.report',
    summary: 'Report on a review iteration',
    description:
      'Figures with their source and what to wish for, movement against the iteration before over paired files under the ' +
      'same bar, what may be done with each file, and trust in each model. Read from `kb.*`, as you.',
    input: oneInput,
    output: reportOutput,
    access: permissionRule('review.read'),
    truth,
    async run(scope, { iteration_id: id }, { nested }) {
      scope.requirePermission('review.read');
      const { records } = parts;
      const found = await finishedIteration(records, id);
      const before = await iterationBefore(records, found);
      const rows = await knowledgeOf(nested, found.repository, before === null ? [found] : [before, found]);
      const at = keyOf(found);
      const earlier = before === null ? null : keyOf(before);
      const [iteration, other] = await shownIterations(records, before === null ? [found] : [found, before]);
      if (iteration === undefined) throw new Error('one iteration is shown as one');
      const reviews = rows.reviews.filter((row) => row.iteration_id === id);
      return {
        kind: 'value',
        rowCount: reviews.length,
        value: {
          iteration,
          compared_with: other ?? null,
          metrics: iterationMetrics(rows, at, earlier),
          movement: earlier === null ? null : movementBetween(rows, earlier, at),
          gone: goneFindings(rows.findings, at),
          gradient: await currentGradient(parts, found, reviews),
          suggestions: await currentSuggestions(parts, found, reviews),
          trust: modelTrust(rows.attempts),
        },
      };
    },
  });
}

/** `scrum.diff`: the movement between two finished iterations. */
export function diffIterations({ records }: ReportParts) {
  return readOperation<
    z.output<typeof diffInput>,
    { readonly from: Shown; readonly to: Shown; readonly movement: Movement },
    null
  >({
    name: 'scrum.diff',
    summary: 'Compare two review iterations',
    description:
      'Movement over the files that both scored under one bar and one model; every other file is listed as unpaired and ' +
      'is in no class and no mean.',
    input: diffInput,
    output: diffOutput,
    access: permissionRule('review.read'),
    truth,
    async run(scope, given, { nested }) {
      scope.requirePermission('review.read');
      const from = await finishedIteration(records, given.from);
      const to = await finishedIteration(records, given.to);
      if (from.repository !== to.repository || Number(from.number) >= Number(to.number)) {
        throw new LakeError(scrumErrors.not_comparable, {
          detail: 'Give two iterations of one repository, the earlier one as `from`.',
        });
      }
      const [shownFrom, shownTo] = await shownIterations(records, [from, to]);
      if (shownFrom === undefined || shownTo === undefined)
        throw new Error('two iterations are shown as two');
      const rows = await knowledgeOf(nested, from.repository, [from, to]);
      const movement = movementBetween(rows, keyOf(from), keyOf(to));
      const value = { from: shownFrom, to: shownTo, movement };
      return { kind: 'value', value, rowCount: movement.files };
    },
  });
}

/** `scrum.plan`: the next fix wave. */
export function planFixWave(parts: ReportParts) {
  return readOperation<
    z.output<typeof oneInput>,
    {
      readonly iteration: Shown;
      readonly wave: FixWave;
      readonly suggestions: readonly Suggestion[];
      readonly markdown: string;
    },
    null
  >({
    name: 'scrum.plan',
    summary: 'Plan the next fix wave',
    description:
      'Open findings of a finished iteration by root cause and level, with what done means for each, what is too big for ' +
      'one change, what is out of scope and what was carried over; also as Markdown.',
    input: oneInput,
    output: planOutput,
    access: permissionRule('review.read'),
    truth,
    async run(scope, { iteration_id: id }, { nested }) {
      scope.requirePermission('review.read');
      const found = await finishedIteration(parts.records, id);
      const rows = await knowledgeOf(nested, found.repository, [found]);
      const wave = nextFixWave(rows, keyOf(found));
      const [iteration] = await shownIterations(parts.records, [found]);
      if (iteration === undefined) throw new Error('one iteration is shown as one');
      const suggestions = await currentSuggestions(parts, found, rows.reviews);
      return {
        kind: 'value',
        value: { iteration, wave, suggestions, markdown: fixWaveMarkdown(wave) },
        rowCount: wave.findings.length,
      };
    },
  });
}

function keyOf({ iteration_id, number }: ScrumIterationRow): IterationKey {
  return { iteration_id, iteration: Number(number) };
}

/** Throws `scrum.iteration_unfinished`: a report over half of the files would be read as one over all. */
async function finishedIteration(records: IterationRecords, id: string): Promise<ScrumIterationRow> {
  const found = await records.iteration(id);
  if (found.state === 'finished') return found;
  throw new LakeError(scrumErrors.iteration_unfinished, {
    detail: `Iteration ${found.number} of ${found.repository} is ${found.state}. Reports read what was published.`,
  });
}

/** The finished one before it: the newest under the same prompt and replicates, else the newest. */
async function iterationBefore(
  records: IterationRecords,
  found: ScrumIterationRow,
): Promise<ScrumIterationRow | null> {
  const all = await records.finished(found.repository);
  const earlier = all.filter(({ number }) => Number(number) < Number(found.number));
  const alike = earlier.filter(
    (row) => row.prompt_hash === found.prompt_hash && Number(row.replicates) === Number(found.replicates),
  );
  return alike.at(-1) ?? earlier.at(-1) ?? null;
}
