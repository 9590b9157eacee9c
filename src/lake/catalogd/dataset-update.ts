import { LakeError } from '../../base/index.ts';
import type { IcebergField, IcebergSchema, IcebergType } from './catalog.ts';
import { requireColumns } from './dataset-name.ts';
import type { ColumnTagRow, DatasetRecord } from './dataset-record.ts';
import { catalogErrors } from './errors.ts';
import { parsePrimitive, promote } from './iceberg/primitive-type.ts';
import { assignFieldIds, schemaEntries } from './iceberg/schema.ts';
import {
  currentSchema,
  schemaById,
  snapshotById,
  type TableMetadata,
  withCurrentSnapshot,
  withSchema,
} from './iceberg/table-metadata.ts';
import { typeText } from './iceberg/type-text.ts';
import type { DatasetAttributes } from './table-commit.ts';

/** A change of what is said about a dataset, of its columns, or of its current snapshot; no row is written. */
export interface DatasetUpdate {
  readonly owner?: string | null;
  readonly description?: string | null;
  readonly discoverable?: boolean;
  readonly tags?: readonly string[];
  readonly setTags: readonly ColumnTags[];
  readonly removeTags: readonly ColumnTags[];
  readonly renameColumns: readonly { readonly from: string; readonly to: string }[];
  readonly addColumns: readonly IcebergField[];
  readonly widenColumns: readonly { readonly column: string; readonly type: IcebergType }[];
  readonly rollbackTo: string | null;
}

interface ColumnTags {
  /** A column's name, or the dotted way to a member of a struct. */
  readonly column: string;
  readonly tags: readonly string[];
}

export interface UpdatedDataset {
  /** Null where no table metadata changes. */
  readonly metadata: TableMetadata | null;
  readonly attributes: Partial<DatasetAttributes>;
  readonly tags: readonly Omit<ColumnTagRow, 'dataset_id'>[];
  /** What changed, for the journal; empty where nothing did. */
  readonly changes: readonly string[];
}

/**
 * Applies an update to the dataset as it is now. Renames keep the field id, so that policy and old files go on with
 * the column. Throws `catalog.change_invalid`, `catalog.snapshot_not_found`, `catalog.column_invalid`.
 */
export function updateDataset(
  record: DatasetRecord,
  metadata: TableMetadata,
  update: DatasetUpdate,
  limits: { maxColumns: number; nowMs: number },
): UpdatedDataset {
  const changes: string[] = [];
  const attributes = changedAttributes(record, update, changes);
  const evolved = changedSchema(record, metadata, update, changes);
  if (evolved !== null) requireColumns(evolved.fields, limits.maxColumns);
  let next = evolved === null ? metadata : withSchema(metadata, evolved, evolved.lastColumnId);
  if (update.rollbackTo !== null && update.rollbackTo !== metadata['current-snapshot-id']) {
    next = rolledBack(record, next, update.rollbackTo, limits.nowMs);
    changes.push(`rolled back to snapshot ${update.rollbackTo}`);
  }
  const schema = currentSchema(next);
  const tags = changedTags(record, schema, update, changes);
  return { metadata: next === metadata ? null : next, attributes, tags, changes };
}

/**
 * The current schema stays where it has all columns of the snapshot; otherwise the snapshot's own is taken again, or
 * its rows would read as nulls under columns that came later. So also for files registered in place, whose columns
 * are found by the names of that time.
 */
function rolledBack(
  record: DatasetRecord,
  metadata: TableMetadata,
  snapshotId: string,
  nowMs: number,
): TableMetadata {
  const snapshot = snapshotById(metadata, snapshotId);
  if (snapshot === null) {
    throw new LakeError(catalogErrors.snapshot_not_found, {
      detail: `The dataset ${record.row.name} has no snapshot of the id given as rollback_to.`,
    });
  }
  const back = withCurrentSnapshot(metadata, snapshotId, Math.max(nowMs, metadata['last-updated-ms']));
  const schema = schemaById(metadata, snapshot['schema-id']);
  const now = new Set(Array.from(schemaEntries(currentSchema(metadata)), (entry) => entry.id));
  const isWhole = Array.from(schemaEntries(schema)).every((entry) => now.has(entry.id));
  return isWhole && record.row.source_json === null ? back : withSchema(back, schema, 0);
}

function changedAttributes(
  record: DatasetRecord,
  update: DatasetUpdate,
  changes: string[],
): Partial<DatasetAttributes> {
  const { row } = record;
  const wanted: Partial<DatasetAttributes> = {
    ...(update.owner === undefined ? {} : { owner: update.owner }),
    ...(update.description === undefined ? {} : { description: update.description }),
    ...(update.discoverable === undefined ? {} : { discoverable: update.discoverable ? 1 : 0 }),
    ...(update.tags === undefined ? {} : { tags_json: JSON.stringify([...new Set(update.tags)].sort()) }),
  };
  const changed = Object.entries(wanted).filter(([name, value]) => row[name as keyof typeof row] !== value);
  changes.push(...changed.map(([name]) => `${name === 'tags_json' ? 'tags' : name} set`));
  return Object.fromEntries(changed);
}

function changedSchema(
  record: DatasetRecord,
  metadata: TableMetadata,
  update: DatasetUpdate,
  changes: string[],
): { fields: readonly IcebergField[]; lastColumnId: number } | null {
  const { renameColumns, addColumns, widenColumns } = update;
  if (renameColumns.length + addColumns.length + widenColumns.length === 0) return null;
  if (record.row.source_json !== null) {
    throw invalid(
      'The files of this dataset are registered in place and name their columns themselves. Ingest them to change columns.',
    );
  }
  let fields: readonly IcebergField[] = record.schema.fields;
  for (const { from, to } of renameColumns) {
    if (!fields.some((field) => field.name === from)) throw unknownColumn(from);
    fields = fields.map((field) => (field.name === from ? { ...field, name: to } : field));
    changes.push(`column ${from} renamed to ${to}`);
  }
  for (const { column, type } of widenColumns) {
    const widened = widenedFields({ ...record.schema, fields }, column, type);
    if (widened !== fields) changes.push(`column ${column} widened to ${typeText(type)}`);
    fields = widened;
  }
  const added = assignFieldIds(addColumns, metadata['last-column-id']);
  changes.push(...added.fields.map((field) => `column ${field.name} added as ${typeText(field.type)}`));
  return { fields: [...fields, ...added.fields], lastColumnId: added.lastId };
}

function widenedFields(schema: IcebergSchema, column: string, type: IcebergType): readonly IcebergField[] {
  const entry = findColumn(schema, column);
  const from = typeof entry.type === 'string' ? parsePrimitive(entry.type) : null;
  const to = typeof type === 'string' ? parsePrimitive(type) : null;
  if (from === null || to === null || promote(from, to) === null) {
    throw invalid(
      `Column ${column} of type ${typeText(entry.type)} cannot become ${typeText(type)}: int widens to long, float to double, decimal to more precision of its scale.`,
    );
  }
  if (entry.type === type) return schema.fields;
  return schema.fields.map((field) => withFieldType(field, entry.id, type));
}

function withFieldType(field: IcebergField, id: number, type: IcebergType): IcebergField {
  return field.id === id ? { ...field, type } : { ...field, type: insideType(field.type, id, type) };
}

function insideType(within: IcebergType, id: number, type: IcebergType): IcebergType {
  if (typeof within === 'string') return within;
  if (within.type === 'struct') {
    return { ...within, fields: within.fields.map((field) => withFieldType(field, id, type)) };
  }
  if (within.type === 'list') return { ...within, element: insideType(within.element, id, type) };
  return { ...within, value: insideType(within.value, id, type) };
}

function changedTags(
  record: DatasetRecord,
  schema: { readonly fields: readonly IcebergField[] },
  update: DatasetUpdate,
  changes: string[],
): Omit<ColumnTagRow, 'dataset_id'>[] {
  const has = (fieldId: number, tag: string, sources: readonly string[]) =>
    record.tags.some((row) => row.field_id === fieldId && row.tag === tag && sources.includes(row.source));
  const rows: Omit<ColumnTagRow, 'dataset_id'>[] = [];
  for (const { column, tags } of update.setTags) {
    const { id } = findColumn(schema, column);
    for (const tag of new Set(tags)) {
      if (has(id, tag, ['set'])) continue;
      rows.push({ field_id: id, tag, source: 'set', confidence: null });
      changes.push(`tag ${tag} set on ${column}`);
    }
  }
  for (const { column, tags } of update.removeTags) {
    const { id } = findColumn(schema, column);
    for (const tag of new Set(tags)) {
      if (rows.some((row) => row.field_id === id && row.tag === tag)) {
        throw invalid(`The tag ${tag} of column ${column} is both set and removed.`);
      }
      if (!has(id, tag, ['set', 'detected'])) continue;
      rows.push({ field_id: id, tag, source: 'removed', confidence: null });
      changes.push(`tag ${tag} removed from ${column}`);
    }
  }
  return rows;
}

/** The column of a name or dotted way; a name with a dot in it and a struct's member may not stand for each other. */
export function findColumn(schema: { readonly fields: readonly IcebergField[] }, column: string) {
  const found = Array.from(schemaEntries(schema)).filter(
    (entry) => entry.role === 'field' && entry.path.join('.') === column,
  );
  const [entry, other] = found;
  if (entry === undefined) throw unknownColumn(column);
  if (other !== undefined) throw invalid(`The name ${column} stands for two columns; rename one first.`);
  return entry;
}

function unknownColumn(column: string): LakeError {
  return invalid(`There is no column ${JSON.stringify(column.slice(0, 255))} in this dataset.`);
}

function invalid(detail: string): LakeError {
  return new LakeError(catalogErrors.change_invalid, { detail });
}
