import { LakeError } from '../../../base/index.ts';
import {
  type Invocation,
  type MutationAttempt,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { ScrumFileRow, ScrumRowRow } from '../../../metastore/tables/scrum.ts';
import { scrumErrors } from '../errors.ts';
import { type FileToReview, findingsOf, seenAgain } from '../file-findings.ts';
import { type FileInput, type FileOutput, fileInput, fileOutput } from '../file-schema.ts';
import { openFile, requireDeclared, stillRunning } from '../file-under-review.ts';
import {
  type FileReading,
  fileReading,
  iterationFacts,
  pendingReview,
  requireRunning,
} from '../iteration-records.ts';
import { insertRows, rowToInsert } from '../iteration-statements.ts';
import { keptCall } from '../kept-call.ts';
import { type ReviewedFile, reviewedFile } from '../review-file.ts';
import type { ScrumNews } from '../scrum-news.ts';
import { shownAttempts, shownFindings, shownReview } from '../shown-review.ts';
import { type AskParts, askedAnswer, progressNow } from './ask-next-model.ts';

export interface ReviewOneParts extends AskParts {
  readonly tell: (news: ScrumNews) => void;
}

/** `scrum.review-file`: reads one declared file by the ladder and keeps what came of it. */
export function reviewOneFile(parts: ReviewOneParts) {
  return mutationOperation<FileInput, FileOutput, null>({
    name: 'scrum.review-file',
    summary: 'Review one file',
    description:
      'Asks the models of the ladder in order, as you; the first acceptable answer makes the row. A file whose row is ' +
      'there is not asked again, but for one without verdict. A ceiling that is reached refuses the request, and no row ' +
      'is made; calls that were answered are kept, and the next request goes on after them. The reviewed text is data: it can call nothing and changes no instruction.',
    input: fileInput,
    output: fileOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('What models are asked and answer is judged as chats are.'),
    async prepare(scope, input, { nested }) {
      scope.requirePermission('review.write');
      const file = await openFile(parts, input, nested);
      const kept = await parts.records.row(input.iteration_id, input.path);
      if (kept !== null && kept.verdict !== 'no_verdict') {
        return { attempt: () => keptAttempt(parts, file) };
      }
      const reviewed = await readToItsEnd(parts, file, nested);
      return { attempt: () => reviewedAttempt(parts, file, reviewed) };
    },
  });
}

/** With the calls that its row is made of. */
interface ReadFile extends ReviewedFile {
  readonly callIds: readonly string[];
}

/** Every call is an operation of its own, kept before the next is made: what breaks this off loses none. */
async function readToItsEnd(
  parts: ReviewOneParts,
  file: FileToReview,
  nested: Invocation<unknown>['nested'],
): Promise<ReadFile> {
  const { iteration_id: id, path } = file.input;
  for (;;) {
    const { more } = askedAnswer(await nested('scrum.ask', file.input));
    if (more) continue;
    const made = await parts.records.calls(id, path);
    const calls = made.map(keptCall);
    const progress = await progressNow({ ...parts, nested }, file, calls);
    const attempts = calls.map(({ attempt }) => attempt);
    if (progress.next === null)
      return {
        ...reviewedFile(parts, file, { progress, attempts }),
        callIds: made.map(({ call_id: callId }) => callId),
      };
  }
}

/** The row is there: nothing is asked. What rules see now replaces what was kept from an earlier iteration. */
async function keptAttempt(parts: ReviewOneParts, file: FileToReview): Promise<MutationAttempt<FileOutput>> {
  const { reader, records } = parts;
  const { iteration_id: id } = file.iteration;
  const row = await records.row(id, file.input.path);
  if (row === null) throw closedMeanwhile();
  const before = fileReading(row);
  const isNews = Number(row.reused) === 1 && file.input.evidence.length + file.input.anchors.length > 0;
  const reading = isNews ? { ...before, ...(await seenAgain(file)) } : before;
  const isSame = JSON.stringify(reading) === JSON.stringify(before);
  const output = (eventId: string | null) =>
    outputOf(file, row, reading, { reviewed: false, eventId: eventId ?? row.journal_event_id });
  const suggestions = (await records.suggestions(id, file.input.path)).map(storedSuggestion);
  const answer = (eventId: string | null) => ({ ...output(eventId), suggestions });
  if (isSame) return { statements: [], event: null, output: answer };
  const update = reader.queries
    .updateTable('scrum_rows')
    .set({ reading_json: JSON.stringify(reading) })
    .where('iteration_id', '=', id)
    .where('path', '=', file.input.path);
  return {
    statements: [stillRunning(reader, id), statement(update, { rows: 1, refusal: 'row_there' })],
    event: {
      action: 'scrum.file_inspected',
      subject: `scrum:${id}`,
      data: { ...iterationFacts(file.iteration), path: file.input.path, findings: reading.seen.length },
    },
    output: answer,
  };
}

async function reviewedAttempt(
  parts: ReviewOneParts,
  file: FileToReview,
  reviewed: ReadFile,
): Promise<MutationAttempt<FileOutput>> {
  const { reader, records, clock } = parts;
  const { review, reading, suggestions } = reviewed;
  const { queries } = reader;
  const id = file.iteration.iteration_id;
  requireRunning(await records.iteration(id));
  await requireDeclared(parts, file.iteration, file.input);
  const other = await records.row(id, file.input.path);
  // Another request read the same file meanwhile; its row stands.
  if (other !== null && other.verdict !== 'no_verdict') return keptAttempt(parts, file);
  const row = (eventId: string | null) =>
    rowToInsert(review, reading, { reused: false, eventId, nowMs: clock.nowMs() });
  const removal = queries
    .deleteFrom('scrum_rows')
    .where('iteration_id', '=', id)
    .where('path', '=', review.path);
  const settlement = queries
    .updateTable('scrum_calls')
    .set({ settled: 1 })
    .where('call_id', 'in', [...reviewed.callIds]);
  const kept = suggestions.map((one) => ({
    suggestion_id: one.suggestion.suggestion_id,
    iteration_id: id,
    repository: review.repository,
    path: review.path,
    suggestion_json: JSON.stringify(one),
    created_ms: Math.floor(clock.nowMs()),
  }));
  const insertion = queries.insertInto('scrum_suggestions');
  const subject = {
    iteration_id: id,
    path: review.path,
    subject_json: JSON.stringify(reviewed.subject),
    created_ms: Math.floor(clock.nowMs()),
  };
  const subjects = queries
    .insertInto('scrum_subjects')
    .values(subject)
    .onConflict((conflict) => conflict.columns(['iteration_id', 'path']).doUpdateSet(subject));
  return {
    statements: [
      stillRunning(reader, id),
      stillDeclared(reader, file.declared),
      statement(subjects),
      statement(settlement),
      ...(other === null ? [] : [statement(removal, { rows: 1, refusal: 'row_there' })]),
      ...(kept.length === 0
        ? []
        : [statement(insertion.values(kept), { rows: kept.length, refusal: 'suggestion_taken' })]),
    ],
    naming: (eventId) => insertRows(reader, [row(eventId)]),
    event: {
      action: 'scrum.file_reviewed',
      subject: `scrum:${id}`,
      data: {
        ...iterationFacts(file.iteration),
        ...{ path: review.path, row_id: review.row_id, verdict: review.verdict, score: review.score },
        ...{
          model: review.model,
          attempts: review.attempts,
          cost_usd: review.cost_usd,
          bar_hash: review.bar_hash,
        },
      },
    },
    status: 201,
    output: (eventId) => ({
      ...outputOf(file, row(eventId), reading, { reviewed: true, eventId }),
      suggestions: suggestions.map(({ suggestion }) => suggestion),
    }),
    afterCommit: async () => parts.tell({ kind: 'file', review, attempts: reading.attempts }),
  };
}

/** The guard that the file is the one that was read: a start with other content in between refuses. */
function stillDeclared({ queries }: MetastoreReader, declared: ScrumFileRow) {
  const query = queries
    .selectFrom('scrum_files')
    .select('path')
    .where('iteration_id', '=', declared.iteration_id)
    .where('path', '=', declared.path)
    .where('packed_sha256', '=', declared.packed_sha256);
  return statement(query, { rows: 1, refusal: 'file_declared' });
}

function outputOf(
  file: FileToReview,
  row: ScrumRowRow,
  reading: FileReading,
  told: { readonly reviewed: boolean; readonly eventId: string | null },
): FileOutput {
  const review = pendingReview(row);
  const findings = findingsOf(file, { ...reading, isJudged: review.verdict !== 'no_verdict' });
  return {
    row: shownReview(review),
    findings: shownFindings(findings),
    suggestions: [],
    attempts: shownAttempts(reading.attempts),
    reviewed: told.reviewed,
    journal_event_id: told.eventId,
  };
}

function storedSuggestion(row: { readonly suggestion_json: string }) {
  const { suggestion }: ReviewedFile['suggestions'][number] = JSON.parse(row.suggestion_json);
  return suggestion;
}

function closedMeanwhile(): LakeError {
  return new LakeError(scrumErrors.iteration_closed, {
    detail: 'The iteration was finished or started anew meanwhile. Start another.',
  });
}
