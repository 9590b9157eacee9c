import { z } from 'zod';
import { nothingToJudge, permissionRule, readOperation } from '../../../govern/scope/index.ts';
import type { MetastoreReader } from '../../../metastore/index.ts';
import { shownRow } from '../file-schema.ts';
import { iterationId, repositoryName, shownIteration } from '../iteration-schema.ts';
import { demandsOfReviews, type ReadableParts, readableReviews } from '../readable-reviews.ts';
import { shownIterations } from '../shown-iteration.ts';
import { shownReview } from '../shown-review.ts';

const listInput = z.strictObject({
  repository: repositoryName.optional(),
  limit: z.int().min(1).max(200).default(50).describe('The newest so many.'),
});
const listOutput = z.strictObject({ iterations: z.array(shownIteration) });

const oneInput = z.strictObject({
  iteration_id: iterationId,
  rows: z.boolean().default(false).describe('With a row for each file.'),
});
const oneOutput = z.strictObject({ iteration: shownIteration, rows: z.array(shownRow).nullable() });

export interface ListParts extends ReadableParts {
  readonly reader: MetastoreReader;
}

/** `scrum.iterations`: the iterations, newest first. */
export function listIterations({ reader, records }: ListParts) {
  return readOperation<z.output<typeof listInput>, z.output<typeof listOutput>, null>({
    name: 'scrum.iterations',
    summary: 'List review iterations',
    description: 'Iterations with their state, progress and cost, newest first.',
    input: listInput,
    output: listOutput,
    access: permissionRule('review.read'),
    truth: nothingToJudge('Numbers of an iteration make no claim.'),
    async run(scope, { repository, limit }) {
      scope.requirePermission('review.read');
      let query = reader.queries.selectFrom('scrum_iterations').selectAll();
      if (repository !== undefined) query = query.where('repository', '=', repository);
      const rows = await reader.read(query.orderBy('iteration_id', 'desc').limit(limit));
      const iterations = await shownIterations(records, rows);
      return { kind: 'value', value: { iterations }, rowCount: iterations.length };
    },
  });
}

/** `scrum.iteration`: one iteration, with its rows where they are asked for. */
export function getIteration(parts: ListParts) {
  const { records } = parts;
  return readOperation<z.output<typeof oneInput>, z.output<typeof oneOutput>, null>({
    name: 'scrum.iteration',
    summary: 'Show a review iteration',
    description:
      'State, progress and cost of one iteration. Rows of a finished one are read from `kb.reviews`, as you; rows of a ' +
      'running one that another started need a read of it without masks and filters.',
    input: oneInput,
    output: oneOutput,
    access: {
      kind: 'demands',
      resolve: async (scope, { iteration_id: id, rows }) => ({
        demands: await demandsOfReviews(parts, scope, rows ? await records.find(id) : null),
        resolved: null,
      }),
    },
    truth: nothingToJudge('What models said of files was judged when it was said.'),
    async run(scope, { iteration_id: id, rows }, { nested }) {
      scope.requirePermission('review.read');
      const found = await records.iteration(id);
      const [iteration] = await shownIterations(records, [found]);
      if (iteration === undefined) throw new Error('one iteration is shown as one');
      if (!rows) return { kind: 'value', value: { iteration, rows: null } };
      const reviews = await readableReviews(records, nested, found);
      const shown = reviews.map(shownReview).sort((a, b) => (a.path < b.path ? -1 : 1));
      return { kind: 'value', value: { iteration, rows: shown }, rowCount: shown.length };
    },
  });
}
