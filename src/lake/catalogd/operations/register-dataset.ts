import { z } from 'zod';
import { LakeError } from '../../../base/index.ts';
import {
  type Demand,
  type Identity,
  mutationOperation,
  type WriteScope,
} from '../../../govern/scope/index.ts';
import { type DatasetCatalog, requireDatasetRight } from '../dataset-catalog.ts';
import { requireDatasetName } from '../dataset-name.ts';
import type { DatasetRecord } from '../dataset-record.ts';
import type { DatasetStore } from '../dataset-store.ts';
import { findColumn } from '../dataset-update.ts';
import { catalogErrors } from '../errors.ts';
import { highestFieldId, schemaEntries } from '../iceberg/schema.ts';
import { compareSchemas } from '../iceberg/schema-evolution.ts';
import { typeText } from '../iceberg/type-text.ts';
import {
  declaredDataset,
  inspectSource,
  planRefresh,
  planRegistration,
  type RegisterParts,
  type Registrable,
} from '../register-dataset.ts';
import { schemaMismatch } from '../schema-mismatch.ts';
import { columnsInput, datasetName, type NamedDataset, readColumns, tagName } from './dataset-input.ts';

const input = z.strictObject({
  name: datasetName,
  source: z
    .strictObject({
      bucket: z.string().min(1).max(63),
      key: z.string().min(1).max(1_024).describe('A Parquet object, or a prefix that ends in /.'),
    })
    .optional()
    .describe('Existing Parquet objects, registered where they lie.'),
  columns: columnsInput.optional().describe('Columns of an empty dataset, where there is no source.'),
  owner: z.string().min(1).max(256).optional().describe('You, where absent.'),
  description: z.string().max(16_384).optional(),
  discoverable: z.boolean().default(false),
  tags: z.array(tagName).max(64).default([]).describe('Tags of the dataset.'),
  column_tags: z
    .array(z.strictObject({ column: z.string().min(1).max(1_024), tags: z.array(tagName).min(1).max(64) }))
    .max(10_000)
    .default([]),
});
type Input = z.infer<typeof input>;

const output = z.strictObject({
  dataset: z.string(),
  dataset_id: z.string(),
  created: z.boolean().describe('False where the dataset was there already with these very columns.'),
  not_applied: z
    .array(z.enum(['owner', 'description', 'discoverable', 'tags', 'column_tags']))
    .describe(
      'What was given and is not so: a dataset that is there keeps its own. Change it with PATCH /catalog/datasets/by-name/{name}.',
    ),
  fingerprint: z.string(),
  snapshot_id: z.string().nullable(),
  row_count: z
    .int()
    .nullable()
    .describe('Rows of the objects registered, without those ingested beside them; null where nothing was.'),
  columns: z.array(
    z.strictObject({ field_id: z.int(), name: z.string(), type: z.string(), tags: z.array(z.string()) }),
  ),
  journal_event_id: z.string().nullable(),
});
type Output = z.infer<typeof output>;

/** Registers a dataset: Parquet objects in place, or columns alone. The same again changes nothing. */
export function registerDataset(parts: RegisterParts & { catalog: DatasetCatalog; store: DatasetStore }) {
  return mutationOperation<Input, Output, NamedDataset>({
    name: 'catalog.datasets.register',
    summary: 'Register a dataset',
    description:
      'Makes a dataset over Parquet objects that lie in a bucket, without copying them, or of columns without rows. ' +
      'With columns it has already, in whatever order and also narrower than appended rows made them, the answer is 200 ' +
      'and nothing changes, but for objects of the same source that changed: they become a new snapshot; `not_applied` names what else was given and left as it was. With other columns it is 409 with the difference and migration rules. Columns with personal data are found and tagged.',
    input,
    output,
    access: {
      kind: 'demands',
      async resolve(scope, given) {
        requireDatasetName(given.name);
        const facts = await parts.catalog.facts(scope, given.name);
        const dataset: Demand = {
          kind: 'dataset',
          name: given.name,
          action: 'write',
          facts,
          mayCreate: true,
        };
        const { source } = given;
        // Reading a column out of stored objects reads their bytes: the bucket's own right is needed for it.
        const object: readonly Demand[] =
          source === undefined
            ? []
            : [{ kind: 'bucket', bucket: source.bucket, key: source.key, action: 'read' }];
        return { demands: [dataset, ...object], resolved: { facts } };
      },
    },
    truth: {
      before: { none: 'What is registered is known only after its files were read.' },
      after: { taskClass: 'ingest' },
    },
    async prepare(scope, given) {
      const what = await readRegistrable(parts, scope, given);
      return {
        async attempt() {
          const existing = await parts.store.byNameKey(given.name);
          if (existing !== null) return registered(parts, scope, existing, given, what);
          return firstCommit(parts, scope, given, what);
        },
      };
    },
  });
}

async function readRegistrable(parts: RegisterParts, scope: WriteScope, given: Input): Promise<Registrable> {
  if ((given.source === undefined) === (given.columns === undefined)) {
    throw new LakeError(catalogErrors.change_invalid, {
      detail: 'Give either source or columns, and not both.',
    });
  }
  if (given.source !== undefined) return inspectSource(parts, scope, given.source);
  return declaredDataset(parts, readColumns(given.columns ?? []));
}

/** The dataset is there: nothing to do where it is the same, a new snapshot where its objects changed, or a refusal. */
async function registered(
  parts: RegisterParts,
  scope: WriteScope,
  record: DatasetRecord,
  given: Input,
  what: Registrable,
) {
  requireDatasetRight(scope, record, 'write');
  if (record.row.name !== given.name) {
    throw new LakeError(catalogErrors.dataset_exists, {
      detail: `A dataset exists whose name differs from ${given.name} by case alone.`,
    });
  }
  // Columns that rows were widened for since, or in another order, are the dataset's: appends take them too.
  const comparison = compareSchemas(record.schema, what.fields, highestFieldId(record.schema));
  if (comparison.diff.length > 0) {
    throw schemaMismatch(catalogErrors.schema_conflict, given.name, comparison);
  }
  const commit = await planRefresh(parts, record, what);
  const snapshotId = commit?.snapshotId ?? record.row.snapshot_id;
  const output = (eventId: string | null): Output => ({
    dataset: record.row.name,
    dataset_id: record.row.dataset_id,
    created: false,
    not_applied: notApplied(record, given),
    fingerprint: record.row.fingerprint,
    snapshot_id: snapshotId,
    row_count: commit === null ? null : countRows(what),
    columns: record.facts.columns.map((column) => ({
      field_id: column.fieldId,
      name: column.path.join('.'),
      type: column.type,
      tags: [...column.tags],
    })),
    journal_event_id: eventId,
  });
  if (commit === null) {
    return { statements: [], event: null, truthContext: truthContext(given, what), output };
  }
  return {
    statements: commit.statements,
    discard: commit.discard,
    truthContext: truthContext(given, what),
    event: {
      action: 'dataset.refreshed',
      subject: `dataset:${record.row.dataset_id}`,
      data: {
        dataset: record.row.name,
        dataset_id: record.row.dataset_id,
        snapshot_id: snapshotId,
        source: { ...what.source },
        files: what.files.length,
        records: countRows(what),
      },
    },
    output,
  };
}

/** What was asked for of a dataset that is there, and differs from what it has; a tag that it lacks protects nothing. */
function notApplied({ facts, row }: DatasetRecord, given: Input): Output['not_applied'] {
  const tagsOf = (name: string) =>
    facts.columns.find(({ path }) => path.join('.').toLowerCase() === name.toLowerCase())?.tags ?? [];
  const lacks = (tags: readonly string[], wanted: readonly string[]) =>
    wanted.some((tag) => !tags.includes(tag));
  const differs = {
    owner: given.owner !== undefined && given.owner !== facts.owner,
    description: given.description !== undefined && given.description !== row.description,
    discoverable: given.discoverable && !facts.discoverable,
    tags: lacks(facts.tags, given.tags),
    column_tags: given.column_tags.some(({ column, tags }) => lacks(tagsOf(column), tags)),
  };
  const names = ['owner', 'description', 'discoverable', 'tags', 'column_tags'] as const;
  return names.filter((name) => differs[name]);
}

async function firstCommit(parts: RegisterParts, scope: WriteScope, given: Input, what: Registrable) {
  const setTags = given.column_tags.flatMap(({ column, tags }) => {
    const { id } = findColumn({ fields: what.fields }, column);
    return [...new Set(tags)].map((tag) => ({ fieldId: id, tag }));
  });
  const owner = given.owner ?? person(scope.identity);
  const commit = await planRegistration(parts, {
    name: given.name,
    what,
    attributes: {
      owner,
      description: given.description ?? null,
      discoverable: given.discoverable ? 1 : 0,
      tags_json: JSON.stringify([...new Set(given.tags)].sort()),
    },
    setTags,
  });
  const rowCount = countRows(what);
  const { datasetId, snapshotId } = commit;
  return {
    statements: commit.statements,
    discard: commit.discard,
    status: 201,
    truthContext: truthContext(given, what),
    event: {
      action: 'dataset.registered',
      subject: `dataset:${datasetId}`,
      data: {
        dataset: given.name,
        dataset_id: datasetId,
        snapshot_id: snapshotId,
        fingerprint: what.fingerprint,
        source: what.source === null ? null : { ...what.source },
        files: what.files.length,
        records: rowCount,
        owner,
      },
    },
    output: (eventId: string | null): Output => ({
      dataset: given.name,
      dataset_id: datasetId,
      created: true,
      not_applied: [],
      fingerprint: what.fingerprint,
      snapshot_id: snapshotId,
      row_count: rowCount,
      columns: answerColumns(what, setTags),
      journal_event_id: eventId,
    }),
  };
}

function answerColumns(
  what: Registrable,
  setTags: readonly { fieldId: number; tag: string }[],
): Output['columns'] {
  const tags = [...what.findings.tags, ...setTags];
  return Array.from(schemaEntries(what))
    .filter((entry) => entry.role === 'field')
    .map((entry) => ({
      field_id: entry.id,
      name: entry.path.join('.'),
      type: typeText(entry.type),
      tags: [...new Set(tags.filter((tag) => tag.fieldId === entry.id).map((tag) => tag.tag))],
    }));
}

/** What the ingest rules judge: an empty source is blocked, suspected personal data flagged, as for an upload. */
function truthContext(given: Input, what: Registrable) {
  return {
    dataset: given.name,
    // A dataset declared by its columns has no file that could be empty.
    ...(what.source === null ? {} : { row_count: countRows(what), rejected_count: 0, rejected_ratio: 0 }),
    suspected_columns: [...what.findings.suspectedColumns],
  };
}

function countRows(what: Registrable): number {
  return what.files.reduce((sum, file) => sum + file.recordCount, 0);
}

function person(identity: Identity): string {
  return identity.onBehalfOf?.name ?? identity.name;
}
