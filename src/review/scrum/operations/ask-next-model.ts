import { z } from 'zod';
import type { Clock, IdGenerator } from '../../../base/index.ts';
import {
  type Invocation,
  mutationOperation,
  type NestedAnswer,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import type { ScrumCallRow } from '../../../metastore/tables/scrum.ts';
import { blindQuestion } from '../blind-question.ts';
import type { FileToReview } from '../file-findings.ts';
import { type FileProgress, fileProgress } from '../file-progress.ts';
import { type FileInput, fileInput, shownAttempt } from '../file-schema.ts';
import { openFile, stillRunning } from '../file-under-review.ts';
import { type IterationRecords, iterationFacts, requireRunning } from '../iteration-records.ts';
import { type KeptCall, keptCall } from '../kept-call.ts';
import { askOnce } from '../review-passes.ts';
import type { ReviewPrompts } from '../review-prompts.ts';
import { shownAttempts } from '../shown-review.ts';

const output = z.strictObject({
  asked: shownAttempt.nullable().describe('The call that was made; null where none is left to make.'),
  more: z.boolean().describe('Further calls are needed before the file is read.'),
  journal_event_id: z.string().nullable(),
});
type Output = z.output<typeof output>;

export interface AskParts {
  readonly reader: MetastoreReader;
  readonly records: IterationRecords;
  readonly prompts: ReviewPrompts;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly random: (sizeBytes: number) => Uint8Array;
}

/**
 * `scrum.ask`: makes the next call that a file needs and keeps what came of it. **Its commit is the point from which a
 * paid answer is not lost**: `scrum.review-file` is made of these.
 */
export function askNextModel(parts: AskParts) {
  return mutationOperation<FileInput, Output, null>({
    name: 'scrum.ask',
    summary: 'Ask one model about a file',
    description:
      'Makes the next call of a model that a file of a running iteration needs, as you, and keeps its answer, tokens and ' +
      'cost with the iteration. `POST …/files` makes all that are left, and the row.',
    input: fileInput,
    output,
    access: permissionRule('review.write'),
    truth: nothingToJudge('What models are asked and answer is judged as chats are.'),
    async prepare(scope, input, { nested }) {
      scope.requirePermission('review.write');
      const { records, ids, clock } = parts;
      const file = await openFile(parts, input, nested);
      const id = file.iteration.iteration_id;
      const row = await records.row(id, input.path);
      const calls = (await records.calls(id, input.path)).map(keptCall);
      const isRead = row !== null && row.verdict !== 'no_verdict';
      const question = await questionOf({ ...parts, nested }, file);
      const { next } = isRead ? { next: null } : fileProgress(question, file, calls);
      if (next === null)
        return { attempt: async () => ({ statements: [], event: null, output: () => nothing }) };
      const said = await askOnce({ nested, clock, message: next.message }, next.rung, next);
      const { attempt } = said;
      const call: ScrumCallRow = {
        ...{ call_id: ids.next(), iteration_id: id, path: input.path, input_sha256: next.inputSha256 },
        attempt_json: JSON.stringify(attempt),
        answer_text: said.accepted === null ? null : said.text,
        ...{ settled: 0, created_ms: Math.floor(clock.nowMs()) },
      };
      const { next: further } = fileProgress(question, file, [...calls, keptCall(call)]);
      const [asked] = shownAttempts([attempt]);
      return {
        async attempt() {
          requireRunning(await records.iteration(id));
          const insertion = parts.reader.queries.insertInto('scrum_calls').values(call);
          const { pass, replicate, model, rung, outcome, cost_usd: costUsd } = attempt;
          return {
            statements: [
              stillRunning(parts.reader, id),
              statement(insertion, { rows: 1, refusal: 'call_taken' }),
            ],
            event: {
              action: 'scrum.model_asked',
              subject: `scrum:${id}`,
              data: {
                ...iterationFacts(file.iteration),
                ...{ path: input.path, pass, replicate, model, rung, outcome, cost_usd: costUsd },
              },
            },
            status: 201,
            output: (eventId) => ({
              ...{ asked: asked ?? null, more: further !== null, journal_event_id: eventId },
            }),
          };
        },
      };
    },
  });
}

const nothing: Output = { asked: null, more: false, journal_event_id: null };

/** What `scrum.ask` answered where it was nested. */
export function askedAnswer(answer: NestedAnswer): Output {
  return output.parse(answer.kind === 'value' ? answer.value : null);
}

interface QuestionParts extends Pick<AskParts, 'prompts' | 'random'> {
  readonly nested: Invocation<unknown>['nested'];
}

/** How far a file is read. Throws `scrum.no_models`. */
export async function progressNow(
  parts: QuestionParts,
  file: FileToReview,
  calls: readonly KeptCall[],
): Promise<FileProgress> {
  return fileProgress(await questionOf(parts, file), file, calls);
}

async function questionOf({ prompts, nested, random }: QuestionParts, { iteration, input }: FileToReview) {
  const prompt = prompts[iteration.prompt === 'forensic' ? 'forensic' : 'soft'];
  return {
    question: await blindQuestion({ nested, random, prompt }, input, iteration.ladder),
    prompt,
    random,
  };
}
