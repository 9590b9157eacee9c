import { z } from 'zod';
import type { Clock } from '../../../base/index.ts';
import { mutationOperation, nothingToJudge } from '../../../govern/scope/index.ts';
import type { DatasetCatalog } from '../dataset-catalog.ts';
import type { DatasetRecord } from '../dataset-record.ts';
import type { DatasetStore } from '../dataset-store.ts';
import { type DatasetUpdate, type UpdatedDataset, updateDataset } from '../dataset-update.ts';
import { schemaEntries } from '../iceberg/schema.ts';
import { currentSchema } from '../iceberg/table-metadata.ts';
import { typeText } from '../iceberg/type-text.ts';
import type { TableCommitter } from '../table-commit.ts';
import type { TableFiles } from '../table-files.ts';
import {
  columnsInput,
  datasetName,
  datasetNotFound,
  demandDataset,
  type NamedDataset,
  readColumns,
  requireFacts,
  tagName,
} from './dataset-input.ts';

const columnTags = z
  .array(z.strictObject({ column: z.string().min(1).max(1_024), tags: z.array(tagName).min(1).max(64) }))
  .max(10_000);

const input = z.strictObject({
  name: datasetName,
  owner: z.string().min(1).max(256).nullable().optional(),
  description: z.string().max(16_384).nullable().optional(),
  discoverable: z.boolean().optional().describe('Show name and owner to everyone with a key.'),
  tags: z.array(tagName).max(64).optional().describe('Tags of the dataset; replaces them.'),
  set_tags: columnTags.optional().describe('Tags to set on columns.'),
  remove_tags: columnTags
    .optional()
    .describe(
      'Tags to remove from columns; a detector does not set them again. Needs the permission access.admin: masks go by tag.',
    ),
  rename_columns: z
    .array(z.strictObject({ from: z.string().min(1).max(255), to: z.string().min(1).max(255) }))
    .max(10_000)
    .optional(),
  add_columns: columnsInput.optional().describe('Columns to add; rows written before hold null.'),
  widen_columns: columnsInput.optional().describe('int to long, float to double, decimal to more precision.'),
  rollback_to: z
    .string()
    .regex(/^\d{1,19}$/)
    .optional()
    .describe('A snapshot that becomes the current one again.'),
});

export const changedColumns = z.array(
  z.strictObject({ field_id: z.int(), name: z.string(), type: z.string(), tags: z.array(z.string()) }),
);

const output = z.strictObject({
  dataset: z.string(),
  dataset_id: z.string(),
  snapshot_id: z.string().nullable(),
  columns: changedColumns,
  changes: z.array(z.string()).describe('What changed; empty where nothing had to.'),
  journal_event_id: z.string().nullable(),
});
type Output = z.infer<typeof output>;

/** Changes what is said about a dataset, its columns, or which snapshot is current. */
export function updateDatasetOperation(parts: {
  catalog: DatasetCatalog;
  store: DatasetStore;
  files: TableFiles;
  committer: TableCommitter;
  clock: Clock;
  maxColumns: number;
}) {
  return mutationOperation<z.infer<typeof input>, Output, NamedDataset>({
    name: 'catalog.datasets.update',
    summary: 'Change a dataset',
    description:
      'Changes owner, description, visibility and tags; renames, adds or widens columns; rolls back to a snapshot. ' +
      'All of one request or nothing. No row is rewritten: earlier snapshots stay readable.',
    input,
    output,
    access: {
      kind: 'demands',
      async resolve(scope, given) {
        const { demands, resolved } = await demandDataset(parts.catalog, scope, {
          name: given.name,
          action: 'admin',
        });
        if (given.remove_tags === undefined) return { demands, resolved };
        // Masks go by tag: whoever takes one away decides what everybody sees, as whoever writes the policy does.
        return { demands: [...demands, { kind: 'permission', permission: 'access.admin' }], resolved };
      },
    },
    truth: nothingToJudge('No rows come in or go out.'),
    async prepare(scope, given, { resolved }) {
      const facts = requireFacts(resolved);
      const { datasetId } = facts;
      scope.decision(datasetId, 'admin');
      const update = readUpdate(given);
      return {
        async attempt(number) {
          // What the rights were decided on; where it is old by now, the commit's guard refuses it.
          const record =
            number === 0 ? await parts.catalog.record(scope, facts) : await parts.store.byId(datasetId);
          if (record === null) throw datasetNotFound();
          const metadata = await parts.files.metadata(record.row);
          const nowMs = parts.clock.nowMs();
          const updated = updateDataset(record, metadata, update, { maxColumns: parts.maxColumns, nowMs });
          const answer = (eventId: string | null) => answerUpdate(record, updated, eventId);
          if (updated.changes.length === 0) return { statements: [], event: null, output: answer };
          const commit = await parts.committer.update(record, {
            ...updated,
            files: [],
            lineage: null,
            nowMs,
          });
          const { changes } = updated;
          return {
            statements: commit.statements,
            discard: commit.discard,
            event: {
              action: 'dataset.updated',
              subject: `dataset:${datasetId}`,
              data: { dataset: record.row.name, dataset_id: datasetId, version: commit.version, changes },
            },
            output: answer,
          };
        },
      };
    },
  });
}

function readUpdate(given: z.infer<typeof input>): DatasetUpdate {
  return {
    ...(given.owner === undefined ? {} : { owner: given.owner }),
    ...(given.description === undefined ? {} : { description: given.description }),
    ...(given.discoverable === undefined ? {} : { discoverable: given.discoverable }),
    ...(given.tags === undefined ? {} : { tags: given.tags }),
    setTags: given.set_tags ?? [],
    removeTags: given.remove_tags ?? [],
    renameColumns: given.rename_columns ?? [],
    addColumns: readColumns(given.add_columns ?? []),
    widenColumns: readColumns(given.widen_columns ?? []).map(({ name, type }) => ({ column: name, type })),
    rollbackTo: given.rollback_to ?? null,
  };
}

/** Names, types and tags after the change: the right to change them is no right to read rows, so nothing of rows. */
function answerUpdate(record: DatasetRecord, updated: UpdatedDataset, eventId: string | null): Output {
  const { metadata, tags, changes } = updated;
  const schema = metadata === null ? record.schema : currentSchema(metadata);
  const changed = new Set(tags.map((tag) => `${tag.field_id}:${tag.tag}`));
  const kept = record.tags.filter((tag) => !changed.has(`${tag.field_id}:${tag.tag}`));
  const current = [...kept, ...tags].filter((tag) => tag.source !== 'removed');
  const columns = Array.from(schemaEntries(schema)).filter((entry) => entry.role === 'field');
  const snapshotId = metadata === null ? record.row.snapshot_id : metadata['current-snapshot-id'];
  return {
    dataset: record.row.name,
    dataset_id: record.row.dataset_id,
    snapshot_id: snapshotId === '-1' ? null : snapshotId,
    columns: columns.map((entry) => ({
      field_id: entry.id,
      name: entry.path.join('.'),
      type: typeText(entry.type),
      tags: current.filter((tag) => tag.field_id === entry.id).map((tag) => tag.tag),
    })),
    changes: [...changes],
    journal_event_id: eventId,
  };
}
