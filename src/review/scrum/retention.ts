import type { Statement } from '../../base/index.ts';
import type { EventDraft } from '../../govern/scope/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';

const DAY_MS = 86_400_000;

/** What is forgotten, and its journal event. */
export interface Forgetting {
  readonly statements: readonly Statement[];
  readonly event: EventDraft;
}

/**
 * Forgets suggestions, trials, cases of calibrations, expired overrides and abandoned iterations past their days; null where there are none.
 * Finished iterations stay: the knowledge base names them, as it does published calibrations.
 */
export async function forgetOld(
  reader: MetastoreReader,
  days: number,
  nowMs: number,
): Promise<Forgetting | null> {
  const { queries } = reader;
  const oldest = Math.floor(nowMs - days * DAY_MS);
  const abandoned = queries
    .selectFrom('scrum_iterations')
    .select('iteration_id')
    .where('state', '=', 'abandoned')
    .where('started_ms', '<', oldest);
  const expired = queries
    .selectFrom('scrum_overrides')
    .select('override_id')
    .where('expires_ms', '<', oldest);
  const subjects = queries.selectFrom('scrum_subjects').select('path').where('created_ms', '<', oldest);
  const trials = queries.selectFrom('scrum_trials').select('trial_id').where('created_ms', '<', oldest);
  const cases = queries.selectFrom('scrum_calibration_cases').select('path').where('created_ms', '<', oldest);
  const found = await Promise.all(
    [abandoned.limit(1), expired.limit(1), subjects.limit(1), trials.limit(1), cases.limit(1)].map((query) =>
      reader.read<unknown>(query),
    ),
  );
  if (found.every((rows) => rows.length === 0)) return null;
  return {
    statements: [
      ...(['scrum_suggestions', 'scrum_subjects', 'scrum_trials', 'scrum_calibration_cases'] as const).map(
        (table) => statement(queries.deleteFrom(table).where('created_ms', '<', oldest)),
      ),
      statement(queries.deleteFrom('scrum_overrides').where('expires_ms', '<', oldest)),
      statement(
        queries
          .deleteFrom('scrum_iterations')
          .where('state', '=', 'abandoned')
          .where('started_ms', '<', oldest),
      ),
    ],
    event: { action: 'scrum.pruned', subject: 'scrum:iterations', data: { retention_days: days } },
  };
}
