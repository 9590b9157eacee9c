import { z } from 'zod';
import { nothingToJudge, type ReadScope, readOperation } from '../../../govern/scope/index.ts';
import { answerDataset, type DatasetAnswer, datasetAnswer } from '../dataset-answer.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import type { DatasetStore } from '../dataset-store.ts';
import { datasetName, demandDataset, type NamedDataset, requireFacts } from './dataset-input.ts';

/** Entries of lineage an answer shows, the newest. */
const LINEAGE_ENTRIES = 20;

const byName = z.strictObject({ name: datasetName });
const byId = z.strictObject({ dataset_id: z.string().min(1).max(64).describe('Id of the dataset.') });

interface Parts {
  readonly catalog: DatasetCatalog;
  readonly store: DatasetStore;
}

const COMMON = {
  output: datasetAnswer,
  truth: nothingToJudge('A description makes no claim.'),
};

const DESCRIPTION =
  'Columns with types and tags, which are masked for you and why, owner, lineage and the current snapshot. Counts are ' +
  'left out where a row filter applies to you.';

/** Describes a dataset by its name, as the caller may know it. */
export function describeDataset(parts: Parts) {
  return readOperation<z.infer<typeof byName>, DatasetAnswer, NamedDataset>({
    ...COMMON,
    name: 'catalog.datasets.describe',
    summary: 'Describe a dataset',
    description: DESCRIPTION,
    input: byName,
    access: {
      kind: 'demands',
      resolve: (scope, given) => demandDataset(parts.catalog, scope, { name: given.name, action: 'read' }),
    },
    run: (scope, _given, { resolved }) => describe(parts, scope, resolved),
  });
}

/** Describes a dataset by its id. */
export function describeDatasetById(parts: Parts) {
  return readOperation<z.infer<typeof byId>, DatasetAnswer, NamedDataset>({
    ...COMMON,
    name: 'catalog.datasets.describe-by-id',
    summary: 'Describe a dataset by its id',
    description: DESCRIPTION,
    input: byId,
    access: {
      kind: 'demands',
      async resolve(scope, given) {
        const facts = await parts.catalog.factsById(scope, given.dataset_id);
        // A refusal repeats the demand's name: it must be what the caller sent, not the name behind the id.
        const name = given.dataset_id;
        return {
          demands: [{ kind: 'dataset', name, action: 'read', facts, snapshotId: null }],
          resolved: { facts },
        };
      },
    },
    run: (scope, _given, { resolved }) => describe(parts, scope, resolved),
  });
}

async function describe(parts: Parts, scope: ReadScope, resolved: NamedDataset) {
  const facts = requireFacts(resolved);
  const decision = scope.decision(facts.datasetId, 'read');
  const record = await parts.catalog.record(scope, facts);
  const lineage = await parts.store.lineage(facts.datasetId, LINEAGE_ENTRIES);
  return { kind: 'value' as const, value: answerDataset(record, decision, lineage) };
}
