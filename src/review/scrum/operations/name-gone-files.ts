import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import { mutationOperation, nothingToJudge, permissionRule } from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import { scrumErrors } from '../errors.ts';
import { type IterationRecords, iterationFacts, requireRunning } from '../iteration-records.ts';
import { iterationId, startInput } from '../iteration-schema.ts';
import { repositoryPath } from '../packed-input.ts';

const input = z.strictObject({
  iteration_id: iterationId,
  commit: startInput.shape.commit.describe('Commit that holds them no more: that of the iteration.'),
  paths: z.array(repositoryPath).max(20_000).describe('All of them; another list replaces this one.'),
});
const output = z.strictObject({
  iteration_id: z.string(),
  paths: z.int(),
  journal_event_id: z.string().nullable(),
});

export interface GoneFilesParts {
  readonly reader: MetastoreReader;
  readonly records: IterationRecords;
}

/**
 * `scrum.gone`: files of earlier findings that the commit holds no more. Only the caller has the tree, and a file that
 * is merely not reviewed this time is not gone.
 */
export function nameGoneFiles({ reader, records }: GoneFilesParts) {
  return mutationOperation<z.output<typeof input>, z.output<typeof output>, null>({
    name: 'scrum.gone',
    summary: 'Name files that are gone',
    description:
      'Tells an iteration which files of open findings its commit no longer holds. Findings there end as `gone` when it ' +
      'is published, neither fixed nor landed, unless they are told of in another file or their code stands there.',
    input,
    output,
    access: permissionRule('review.write'),
    truth: nothingToJudge('Names of files make no claim.'),
    async prepare(scope, { iteration_id: id, commit, paths }) {
      scope.requirePermission('review.write');
      const named = JSON.stringify([...new Set(paths)].sort());
      return {
        async attempt() {
          const iteration = await records.iteration(id);
          requireRunning(iteration);
          const declared = new Set((await records.files(id)).map(({ path }) => path));
          if (iteration.commit_id !== commit) throw refusal('The iteration is of another commit.');
          const both = paths.find((path) => declared.has(path));
          if (both !== undefined) throw refusal(`${both} is among the files of the iteration.`);
          const answer = (eventId: string | null) => ({
            ...{ iteration_id: id, paths: new Set(paths).size, journal_event_id: eventId },
          });
          if (iteration.gone_json === named) return { statements: [], event: null, output: answer };
          const update = reader.queries
            .updateTable('scrum_iterations')
            .set({ gone_json: named })
            .where('iteration_id', '=', id)
            .where('commit_id', '=', commit)
            .where('state', '=', 'running');
          return {
            statements: [statement(update, { rows: 1, refusal: 'iteration_running' })],
            event: {
              action: 'scrum.files_gone',
              subject: `scrum:${id}`,
              data: { ...iterationFacts(iteration), gone: new Set(paths).size },
            },
            output: answer,
          };
        },
      };
    },
  });
}

function refusal(why: string): LakeError {
  return new LakeError(scrumErrors.file_not_gone, {
    detail: `${why} Start the iteration again, then name them.`,
  });
}
