import {
  type DatasetFacts,
  type Demand,
  type Invocation,
  identityLabel,
  type ResolveScope,
} from '../../govern/scope/index.ts';
import type { ScrumIterationRow } from '../../metastore/tables/scrum.ts';
import { KNOWLEDGE_DATASETS } from '../knowledge/index.ts';
import { type IterationRecords, type PendingReview, pendingReview } from './iteration-records.ts';
import { readKnowledge } from './knowledge-base.ts';

export interface ReadableParts {
  readonly records: IterationRecords;
  /** What the catalog knows of a dataset; null where there is none. */
  readonly datasetFacts: (scope: ResolveScope, name: string) => Promise<DatasetFacts | null>;
}

/**
 * What it takes to read rows of an iteration, and what is kept beside them. Rows of one that is not finished are in no
 * dataset yet, where the policy would mask and filter them: they are shown to whoever started it, and to who would see
 * every row of the dataset as it is. Null where there is no iteration, or no row is asked for.
 */
export async function demandsOfReviews(
  { datasetFacts }: Pick<ReadableParts, 'datasetFacts'>,
  scope: ResolveScope,
  iteration: ScrumIterationRow | null,
): Promise<readonly [Demand, ...Demand[]]> {
  const permission = { kind: 'permission', permission: 'review.read' } as const;
  const isOpenToAll = iteration === null || iteration.state === 'finished';
  if (isOpenToAll || iteration.identity === identityLabel(scope.identity)) return [permission];
  const { name } = KNOWLEDGE_DATASETS.reviews;
  const facts = await datasetFacts(scope, name);
  return [permission, { kind: 'dataset', name, action: 'read', facts, unmasked: true }];
}

/** The rows of an iteration, or those of one of its files, that the caller may read; `demandsOfReviews` were granted. */
export async function readableReviews(
  records: IterationRecords,
  nested: Invocation<unknown>['nested'],
  { iteration_id: id, state }: ScrumIterationRow,
  path: string | null = null,
): Promise<readonly PendingReview[]> {
  if (state !== 'finished') {
    const rows = (await records.rows(id)).filter((row) => path === null || row.path === path);
    return rows.map(pendingReview);
  }
  const published =
    path === null
      ? await readKnowledge(nested, 'reviews', 'iteration_id = $id', { id })
      : await readKnowledge(nested, 'reviews', 'iteration_id = $id AND path = $path', { id, path });
  return published.map(({ journal_event_id: _event, ...review }) => review);
}
