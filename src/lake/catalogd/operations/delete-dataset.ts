import { z } from 'zod';
import type { Clock } from '../../../base/index.ts';
import { mutationOperation, nothingToJudge } from '../../../govern/scope/index.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import type { DatasetStore } from '../dataset-store.ts';
import type { TableCommitter } from '../table-commit.ts';
import {
  datasetName,
  datasetNotFound,
  demandDataset,
  type NamedDataset,
  requireFacts,
} from './dataset-input.ts';

const input = z.strictObject({ name: datasetName });
const output = z.strictObject({
  dataset: z.string(),
  dataset_id: z.string(),
  deleted: z.literal(true),
  journal_event_id: z.string().nullable(),
});

/** Takes a dataset away at once; its files are swept after the grace period. */
export function deleteDataset(parts: {
  catalog: DatasetCatalog;
  store: DatasetStore;
  committer: TableCommitter;
  clock: Clock;
}) {
  return mutationOperation<z.infer<typeof input>, z.infer<typeof output>, NamedDataset>({
    name: 'catalog.datasets.delete',
    summary: 'Delete a dataset',
    description:
      'The dataset can no longer be named or read. Its files in the warehouse are swept by resync-missing after the ' +
      'grace period; objects registered in place stay in their bucket.',
    input,
    output,
    access: {
      kind: 'demands',
      resolve: (scope, given) => demandDataset(parts.catalog, scope, { name: given.name, action: 'delete' }),
    },
    truth: nothingToJudge('Deleting a dataset makes no claim.'),
    async prepare(scope, given, { resolved }) {
      const { datasetId, name } = requireFacts(resolved);
      scope.decision(datasetId, 'delete');
      return {
        async attempt() {
          const record = await parts.store.byId(datasetId);
          if (record === null) throw datasetNotFound();
          return {
            statements: parts.committer.remove(record, parts.clock.nowMs()),
            event: {
              action: 'dataset.deleted',
              subject: `dataset:${datasetId}`,
              data: { dataset: name, dataset_id: datasetId, snapshot_id: record.row.snapshot_id },
            },
            output: (eventId) => ({
              dataset: given.name,
              dataset_id: datasetId,
              deleted: true,
              journal_event_id: eventId,
            }),
          };
        },
      };
    },
  });
}
