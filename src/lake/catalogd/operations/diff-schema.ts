import { z } from 'zod';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import { requireColumns } from '../dataset-name.ts';
import { highestFieldId, schemaFingerprint } from '../iceberg/schema.ts';
import { compareSchemas } from '../iceberg/schema-evolution.ts';
import { schemaComparisonJson } from '../schema-mismatch.ts';
import {
  columnsInput,
  datasetName,
  demandDataset,
  type NamedDataset,
  readColumns,
  requireFacts,
} from './dataset-input.ts';

const input = z.strictObject({ name: datasetName, columns: columnsInput });

export const comparisonAnswer = {
  compatible: z.boolean().describe('Whether an append of these columns goes through.'),
  diff: z.array(
    z.strictObject({
      kind: z.enum(['column_added', 'column_missing', 'type_changed']),
      column: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      compatible: z.boolean(),
    }),
  ),
  migration_rules: z.array(
    z.strictObject({
      rule: z.enum(['add_column', 'fill_with_null', 'widen_column', 'rename_column', 'cast_column']),
      column: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      automatic: z.boolean().describe('An append does it by itself.'),
      description: z.string(),
    }),
  ),
};

const output = z.strictObject({
  dataset: z.string(),
  fingerprint: z.string(),
  offered_fingerprint: z.string(),
  ...comparisonAnswer,
});

/** Compares offered columns with a dataset's, and says what would bring them together. */
export function diffSchema(catalog: DatasetCatalog, maxColumns: number) {
  return readOperation<z.infer<typeof input>, z.infer<typeof output>, NamedDataset>({
    name: 'catalog.datasets.schema-diff',
    summary: 'Compare columns with a dataset',
    description:
      'Says how the given columns differ from those of the dataset, whether rows of them can be appended, and the ' +
      'migration rules that would bring the two together. Changes nothing.',
    input,
    output,
    access: {
      kind: 'demands',
      resolve: (scope, given) => demandDataset(catalog, scope, { name: given.name, action: 'read' }),
    },
    truth: nothingToJudge('A comparison makes no claim.'),
    async run(scope, given, { resolved }) {
      const facts = requireFacts(resolved);
      scope.decision(facts.datasetId, 'read');
      const record = await catalog.record(scope, facts);
      const columns = readColumns(given.columns);
      requireColumns(columns, maxColumns);
      const comparison = compareSchemas(record.schema, columns, highestFieldId(record.schema));
      return {
        kind: 'value',
        value: {
          dataset: facts.name,
          fingerprint: record.row.fingerprint,
          offered_fingerprint: schemaFingerprint(columns),
          ...schemaComparisonJson(comparison),
        },
      };
    },
  });
}
