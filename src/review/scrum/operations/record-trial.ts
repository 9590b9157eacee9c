import type { z } from 'zod';
import { type Clock, type IdGenerator, LakeError } from '../../../base/index.ts';
import {
  identityLabel,
  mutationOperation,
  nothingToJudge,
  permissionRule,
} from '../../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../../metastore/index.ts';
import { scrumErrors } from '../errors.ts';
import { trialInput, trialOutput } from '../file-schema.ts';
import { suggestionNow } from '../gradient-now.ts';
import type { IterationRecords } from '../iteration-records.ts';

export interface TrialParts {
  readonly reader: MetastoreReader;
  readonly records: IterationRecords;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

/** `scrum.trial`: what a run of a suggestion in a scratch worktree showed; the newest one counts. */
export function recordTrial({ reader, records, clock, ids }: TrialParts) {
  return mutationOperation<z.output<typeof trialInput>, z.output<typeof trialOutput>, null>({
    name: 'scrum.trial',
    summary: 'Record a trial of a suggestion',
    description:
      'Keeps how the repository’s own tests ended with a suggestion applied, and answers what may now be done with it.',
    input: trialInput,
    output: trialOutput,
    access: permissionRule('review.write'),
    truth: nothingToJudge('A trial is what its runner says; who said it stands beside it.'),
    async prepare(scope, given) {
      scope.requirePermission('review.write');
      const iteration = await records.iteration(given.iteration_id);
      const suggestions = await records.suggestions(given.iteration_id);
      const tried = suggestions.find((row) => row.suggestion_id === given.suggestion_id);
      if (tried === undefined) {
        throw new LakeError(scrumErrors.suggestion_not_found, {
          detail: 'The iteration has no suggestion of this id, or it is kept no more.',
        });
      }
      return {
        async attempt() {
          const now = new Date(clock.nowMs());
          const overrides = await records.overrides(iteration.repository, now.getTime());
          const { tier, tier_reasons: reasons } = suggestionNow(tried, given.outcome, overrides, now);
          const row = {
            trial_id: ids.next(),
            ...given,
            identity: identityLabel(scope.identity),
            created_ms: Math.floor(now.getTime()),
          };
          const { kind, outcome, duration_ms: durationMs, suggestion_id: id } = given;
          return {
            statements: [
              statement(reader.queries.insertInto('scrum_trials').values(row), {
                rows: 1,
                refusal: 'trial_taken',
              }),
            ],
            event: {
              action: 'scrum.trial_recorded',
              subject: `scrum_suggestion:${id}`,
              data: {
                ...{ trial_id: row.trial_id, iteration_id: given.iteration_id, path: tried.path },
                ...{ kind, outcome, duration_ms: durationMs, tier },
              },
            },
            status: 201,
            output: (eventId) => ({
              ...{ trial_id: row.trial_id, suggestion_id: id, tier, tier_reasons: [...reasons] },
              journal_event_id: eventId,
            }),
          };
        },
      };
    },
  });
}
