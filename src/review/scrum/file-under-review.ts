import { type Clock, LakeError, type Statement, sha256Hex } from '../../base/index.ts';
import type { Invocation } from '../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { ScrumFileRow, ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import type { FindingRow } from '../knowledge/index.ts';
import { scrumErrors } from './errors.ts';
import type { FileToReview } from './file-findings.ts';
import type { FileInput } from './file-schema.ts';
import { type IterationRecords, requireRunning } from './iteration-records.ts';
import { readKnowledge } from './knowledge-base.ts';
import { packedSha256 } from './packed-input.ts';
import type { ReviewPrompts } from './review-prompts.ts';

interface OpenParts {
  readonly records: IterationRecords;
  readonly prompts: ReviewPrompts;
  readonly clock: Clock;
}

/** A file of a running iteration with what is known of it. Throws `scrum.iteration_closed` and `scrum.file_not_declared`. */
export async function openFile(
  parts: OpenParts,
  input: FileInput,
  nested: Invocation<unknown>['nested'],
): Promise<FileToReview> {
  const { records, clock } = parts;
  const iteration = await records.iteration(input.iteration_id);
  requireRunning(iteration);
  const declared = await requireDeclared(parts, iteration, input);
  const overrides = await records.overrides(iteration.repository, clock.nowMs());
  return { iteration, declared, input, overrides, history: await historyOf(nested, iteration, input.path) };
}

/** Throws `scrum.file_not_declared` for a file that the start did not name, or named with other content. */
export async function requireDeclared(
  { records, prompts }: Pick<OpenParts, 'records' | 'prompts'>,
  iteration: ScrumIterationRow,
  input: FileInput,
): Promise<ScrumFileRow> {
  const declared = await records.file(iteration.iteration_id, input.path);
  const refuse = (why: string) =>
    new LakeError(scrumErrors.file_not_declared, { detail: `${why} Start the iteration again.` });
  if (declared === null) throw refuse(`${input.path} is not among the files of the iteration.`);
  if (declared.packed_sha256 !== packedSha256(input))
    throw refuse(`${input.path} is not as it was declared.`);
  const prompt = Object.values(prompts).find(({ name }) => name === iteration.prompt);
  if (prompt?.sha256 !== iteration.prompt_hash) throw refuse('The prompt has changed since.');
  const proposal = input.proposal === null ? null : sha256Hex(input.proposal);
  if (proposal !== iteration.proposal_sha256) throw refuse('The proposal is not the one that was declared.');
  return declared;
}

/** Earlier rows of the file's findings, of the iterations this one is compared with. */
async function historyOf(
  nested: Invocation<unknown>['nested'],
  { repository, known_json: knownJson }: ScrumIterationRow,
  path: string,
): Promise<readonly FindingRow[]> {
  const known: readonly string[] = JSON.parse(knownJson);
  if (known.length === 0) return [];
  const of = { repository, path };
  const rows = await readKnowledge(nested, 'findings', 'repository = $repository AND path = $path', of);
  return rows.filter(({ iteration_id: id }) => known.includes(id));
}

/** The guard that an iteration takes rows: a finish or an abandonment in between refuses. */
export function stillRunning({ queries }: MetastoreReader, id: string): Statement {
  const query = queries
    .selectFrom('scrum_iterations')
    .select('iteration_id')
    .where('iteration_id', '=', id)
    .where('state', '=', 'running');
  return statement(query, { rows: 1, refusal: 'iteration_running' });
}
