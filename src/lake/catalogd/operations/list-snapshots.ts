import { z } from 'zod';
import { nothingToJudge, readOperation } from '../../../govern/scope/index.ts';
import { isoTime } from '../dataset-answer.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import { totalsOf } from '../iceberg/snapshot-summary.ts';
import type { TableFiles } from '../table-files.ts';
import {
  datasetName,
  demandDataset,
  type NamedDataset,
  readPageToken,
  requireFacts,
  writePageToken,
} from './dataset-input.ts';

const input = z.strictObject({
  name: datasetName,
  limit: z.int().min(1).max(1_000).default(100).describe('Snapshots of one page, the newest first.'),
  page_token: z.string().max(64).optional().describe('next_page_token of the page before.'),
});

const output = z.strictObject({
  dataset: z.string(),
  current_snapshot_id: z.string().nullable(),
  snapshots: z.array(
    z.strictObject({
      snapshot_id: z.string(),
      parent_snapshot_id: z.string().nullable(),
      sequence_number: z.int(),
      time: z.string(),
      operation: z.string(),
      schema_id: z.int(),
      row_count: z.int().nullable().describe('Null where a row filter applies to you.'),
      added_rows: z.int().nullable().describe('Null where a row filter applies to you.'),
    }),
  ),
  next_page_token: z.string().nullable(),
});

/** Lists a dataset's snapshots, for time travel and rollback. */
export function listSnapshots(catalog: DatasetCatalog, files: TableFiles) {
  return readOperation<z.infer<typeof input>, z.infer<typeof output>, NamedDataset>({
    name: 'catalog.datasets.snapshots',
    summary: 'List snapshots',
    description:
      'Lists the snapshots of a dataset, the newest first. Read one with `AT (VERSION => …)` in SQL; go back to one ' +
      'with PATCH and `rollback_to`.',
    input,
    output,
    access: {
      kind: 'demands',
      resolve: (scope, given) => demandDataset(catalog, scope, { name: given.name, action: 'read' }),
    },
    truth: nothingToJudge('A listing makes no claim.'),
    async run(scope, given, { resolved }) {
      const facts = requireFacts(resolved);
      const filtered = scope.decision(facts.datasetId, 'read').rowFilters.length > 0;
      const record = await catalog.record(scope, facts);
      const metadata = await files.metadata(record.row);
      const before = Number(readPageToken(given.page_token, /^\d{1,15}$/) ?? Number.MAX_SAFE_INTEGER);
      const older = metadata.snapshots
        .filter((snapshot) => snapshot['sequence-number'] < before)
        .sort((a, b) => b['sequence-number'] - a['sequence-number']);
      const page = older.slice(0, given.limit);
      const last = page.at(-1);
      const next = last !== undefined && older.length > page.length ? last['sequence-number'] : null;
      return {
        kind: 'value',
        value: {
          dataset: facts.name,
          current_snapshot_id: record.row.snapshot_id,
          snapshots: page.map((snapshot) => ({
            snapshot_id: snapshot['snapshot-id'],
            parent_snapshot_id: snapshot['parent-snapshot-id'] ?? null,
            sequence_number: snapshot['sequence-number'],
            time: isoTime(snapshot['timestamp-ms']),
            operation: snapshot.summary.operation,
            schema_id: snapshot['schema-id'],
            row_count: filtered ? null : totalsOf(snapshot).records,
            added_rows: filtered ? null : Number(snapshot.summary['added-records'] ?? 0),
          })),
          next_page_token: next === null ? null : writePageToken(String(next)),
        },
      };
    },
  });
}
