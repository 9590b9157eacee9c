import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import {
  type Invocation,
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { ScrumCallRow, ScrumIterationRow, ScrumRowRow } from '../../../metastore/tables/scrum.ts';
import { type AttemptRow, type FindingRow, findingRowsOf, type ReviewRow } from '../../knowledge/index.ts';
import { scrumErrors } from '../errors.ts';
import {
  countsOf,
  fileReading,
  findingPlace,
  type IterationCounts,
  type IterationRecords,
  iterationFacts,
  pendingReview,
  requireRunning,
} from '../iteration-records.ts';
import { finishOutput, iterationId } from '../iteration-schema.ts';
import { attemptOf, callsWithoutRow } from '../kept-call.ts';
import { ensureDatasets, publishRows, readKnowledge } from '../knowledge-base.ts';
import type { ScrumNews } from '../scrum-news.ts';

const input = z.strictObject({ iteration_id: iterationId });
type Input = z.output<typeof input>;
type Output = z.output<typeof finishOutput>;

/** What was published of an iteration, kept with it. */
export interface PublishedSummary extends IterationCounts {
  readonly reviews: number;
  readonly findings: number;
  readonly attempts: number;
}

export interface FinishParts {
  readonly reader: MetastoreReader;
  readonly records: IterationRecords;
  readonly clock: Clock;
  readonly tell: (news: ScrumNews) => void;
}

/** Paths that a refusal names at most. */
const MAX_NAMED = 20;

/**
 * `scrum.finish`: publishes the rows of an iteration and ends it. What is published depends on nothing but the rows and
 * what was known when the iteration began, and `ingest.file` takes the same content once: a second finish, or one after
 * a crash between publication and commit, publishes nothing twice.
 */
export function finishIteration(parts: FinishParts) {
  return mutationOperation<Input, Output, null>({
    name: 'scrum.finish',
    summary: 'Publish a review iteration',
    description:
      'Appends the rows of an iteration whose every file is reviewed to `kb.reviews`, `kb.findings` and `kb.attempts`, as ' +
      'you, and ends it. Finishing twice is finishing once.',
    input,
    output: finishOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('What is published is judged as an ingest.'),
    async prepare(scope, given, { nested }) {
      scope.requirePermission('review.write');
      const iteration = await parts.records.iteration(given.iteration_id);
      if (iteration.state === 'finished') return { attempt: async () => alreadyFinished(iteration) };
      requireRunning(iteration);
      const rows = await wholeIteration(parts, iteration);
      const unread = callsWithoutRow(await parts.records.calls(given.iteration_id), rows);
      const published = await publish(iteration, { rows, unread }, nested);
      const summary = { ...countsOf(rows, unread), ...published };
      return { attempt: () => finishAttempt(parts, given.iteration_id, summary) };
    },
  });
}

/** Every row of an iteration, under its files as they are now. Throws `scrum.iteration_incomplete`. */
async function wholeIteration(
  { records }: FinishParts,
  iteration: ScrumIterationRow,
): Promise<readonly ScrumRowRow[]> {
  const id = iteration.iteration_id;
  const [files, rows] = [await records.files(id), await records.rows(id)];
  const done = new Set(rows.map(({ path }) => path));
  const missing = files.filter(({ path }) => !done.has(path)).map(({ path }) => path);
  if (missing.length > 0) {
    throw new LakeError(scrumErrors.iteration_incomplete, {
      detail: `${missing.length} of ${files.length} files are not reviewed yet. Send them, then finish.`,
      data: { missing: missing.slice(0, MAX_NAMED), missing_count: missing.length },
    });
  }
  const declared = new Set(files.map(({ path }) => path));
  return rows.filter(({ path }) => declared.has(path));
}

async function publish(
  iteration: ScrumIterationRow,
  { rows, unread }: { readonly rows: readonly ScrumRowRow[]; readonly unread: readonly ScrumCallRow[] },
  nested: Invocation<unknown>['nested'],
) {
  const { iteration_id: id, repository } = iteration;
  await ensureDatasets(nested);
  const known: readonly string[] = JSON.parse(iteration.known_json);
  const earlier = await readKnowledge(nested, 'findings', 'repository = $repository', { repository });
  const history = earlier.filter((row) => known.includes(row.iteration_id));
  const reviews = rows.map(
    (row): ReviewRow => ({
      ...pendingReview(row),
      commit: iteration.commit_id,
      journal_event_id: row.journal_event_id,
    }),
  );
  const findings = findingsOf(iteration, rows, history);
  const of = (path: string) => ({ iteration_id: id, repository, path });
  const attempts = [
    ...rows.flatMap((row) =>
      fileReading(row).attempts.map((attempt): AttemptRow => ({ ...attempt, ...of(row.path) })),
    ),
    ...unread.map((call): AttemptRow => ({ ...attemptOf(call), ...of(call.path) })),
  ];
  await publishRows(nested, 'reviews', reviews, id);
  await publishRows(nested, 'findings', findings, id);
  await publishRows(nested, 'attempts', attempts, id);
  return { reviews: reviews.length, findings: findings.length, attempts: attempts.length };
}

function findingsOf(
  iteration: ScrumIterationRow,
  rows: readonly ScrumRowRow[],
  history: readonly FindingRow[],
): readonly FindingRow[] {
  const readings = rows.map(fileReading);
  return findingRowsOf(
    {
      ...findingPlace(iteration),
      judgedPaths: rows.filter(({ verdict }) => verdict !== 'no_verdict').map(({ path }) => path),
      reported: readings.flatMap(({ told, seen }) => [...told, ...seen]),
      anchors: readings.flatMap(({ anchors }) => anchors),
      gonePaths: JSON.parse(iteration.gone_json),
    },
    history,
  );
}

/** The rows are published; the iteration ends, and what was kept for it goes. */
async function finishAttempt(
  parts: FinishParts,
  id: string,
  summary: PublishedSummary,
): Promise<MutationAttempt<Output>> {
  const { queries } = parts.reader;
  const iteration = await parts.records.iteration(id);
  if (iteration.state === 'finished') return alreadyFinished(iteration);
  requireRunning(iteration);
  const update = queries
    .updateTable('scrum_iterations')
    .set({
      state: 'finished',
      finished_ms: Math.floor(parts.clock.nowMs()),
      summary_json: JSON.stringify(summary),
    })
    .where('iteration_id', '=', id)
    .where('state', '=', 'running');
  const { reviews, findings, attempts, noVerdict } = summary;
  const costUsd = summary.costNanoUsd / 1e9;
  return {
    statements: [
      statement(update, { rows: 1, refusal: 'iteration_running' }),
      statement(queries.deleteFrom('scrum_rows').where('iteration_id', '=', id)),
      statement(queries.deleteFrom('scrum_files').where('iteration_id', '=', id)),
      statement(queries.deleteFrom('scrum_calls').where('iteration_id', '=', id)),
    ],
    event: {
      action: 'scrum.iteration_finished',
      subject: `scrum:${id}`,
      data: {
        ...iterationFacts(iteration),
        ...{ reviews, findings, attempts, no_verdict: noVerdict, cost_usd: costUsd },
      },
    },
    output: (eventId) => finishedOutput(iteration, summary, eventId),
    afterCommit: async () =>
      parts.tell({
        kind: 'finished',
        iterationId: id,
        iteration: Number(iteration.number),
        repository: iteration.repository,
        ...{ reviews, findings, noVerdict, costUsd },
      }),
  };
}

function alreadyFinished(iteration: ScrumIterationRow): MutationAttempt<Output> {
  const summary: PublishedSummary = JSON.parse(iteration.summary_json ?? '{}');
  return { statements: [], event: null, output: () => finishedOutput(iteration, summary, null) };
}

function finishedOutput(
  { iteration_id: id, number }: ScrumIterationRow,
  { reviews, findings, attempts }: PublishedSummary,
  eventId: string | null,
): Output {
  return {
    iteration_id: id,
    number: Number(number),
    state: 'finished',
    ...{ reviews, findings, attempts },
    journal_event_id: eventId,
  };
}
