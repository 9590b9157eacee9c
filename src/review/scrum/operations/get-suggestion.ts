import { z } from 'zod';
import { type Clock, LakeError } from '../../../base/index.ts';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import { scrumErrors } from '../errors.ts';
import { suggestion } from '../file-schema.ts';
import { suggestionNow } from '../gradient-now.ts';
import { demandsOfReviews, type ReadableParts, readableReviews } from '../readable-reviews.ts';

const input = z.strictObject({ suggestion_id: z.string().min(1).max(128) });
const output = z.strictObject({
  suggestion,
  iteration_id: z.string(),
  iteration: z.int().describe('Its number.'),
  repository: z.string(),
  commit: z.string().describe('Commit of the iteration.'),
});

/** `scrum.suggestion`: one suggestion by its id, of whatever iteration, with what may be done with it now. */
export function getSuggestion(parts: ReadableParts & { readonly clock: Clock }) {
  const { records, clock } = parts;
  return readOperation<z.output<typeof input>, z.output<typeof output>, null>({
    name: 'scrum.suggestion',
    summary: 'Show a suggestion',
    description:
      'One suggested change by its id, also of an iteration that still runs, with what may be done with it now: trials ' +
      'and overrides count. It is shown to who may read the row of its file. Suggestions are kept for scrum.retention_days.',
    input,
    output,
    access: {
      kind: 'demands',
      resolve: async (scope, { suggestion_id: id }) => {
        const row = await records.suggestion(id);
        const iteration = row === null ? null : await records.find(row.iteration_id);
        return { demands: await demandsOfReviews(parts, scope, iteration), resolved: null };
      },
    },
    truth: nothingToJudge('What models said of files was judged when it was said.'),
    async run(scope, { suggestion_id: id }, { nested }) {
      scope.requirePermission('review.read');
      const row = await records.suggestion(id);
      if (row === null) throw notFound();
      const iteration = await records.iteration(row.iteration_id);
      // Kept beside the datasets, so that no filter reaches it: the row of its file stands for it.
      const [review] = await readableReviews(records, nested, iteration, row.path);
      if (review === undefined) throw notFound();
      const now = new Date(clock.nowMs());
      const overrides = await records.overrides(row.repository, now.getTime());
      const trials = await records.trials([id]);
      const value = {
        suggestion: suggestionNow(row, trials.get(id) ?? null, overrides, now),
        ...{ iteration_id: row.iteration_id, iteration: Number(iteration.number) },
        ...{ repository: row.repository, commit: iteration.commit_id },
      };
      return { kind: 'value', value };
    },
  });
}

/** The same for a suggestion that is not there and for one that the caller may not read. */
function notFound(): LakeError {
  return new LakeError(scrumErrors.suggestion_not_found, {
    detail:
      'There is no suggestion of this id, or it is kept no more. GET …/report names those of an iteration.',
  });
}
