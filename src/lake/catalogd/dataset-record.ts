import type { ColumnFacts, DatasetFacts } from '../../govern/scope/index.ts';
import type { Database } from '../../metastore/index.ts';
import type { IcebergSchema } from './catalog.ts';
import { schemaEntries } from './iceberg/schema.ts';
import { typeText } from './iceberg/type-text.ts';

/** The store's rows of this room; src/metastore/tables/catalog.ts says what their columns mean. */
export type DatasetRow = Database['catalog_datasets'];
export type ColumnTagRow = Database['catalog_column_tags'];
export type SchemaRow = Database['catalog_schemas'];
export type LineageRow = Database['catalog_lineage'];

/** A dataset as the store holds it at one version. */
export interface DatasetRecord {
  readonly row: DatasetRow;
  readonly schema: IcebergSchema;
  /** Tags of columns, those removed by a person included. */
  readonly tags: readonly ColumnTagRow[];
  readonly facts: DatasetFacts;
}

export function datasetRecord(
  row: DatasetRow,
  schemas: readonly SchemaRow[],
  tags: readonly ColumnTagRow[],
): DatasetRecord {
  const schema = JSON.parse(row.schema_json) as IcebergSchema;
  const tagsByField = new Map<number, string[]>();
  for (const tag of tags) {
    if (tag.source === 'removed') continue;
    tagsByField.set(tag.field_id, [...(tagsByField.get(tag.field_id) ?? []), tag.tag]);
  }
  const facts: DatasetFacts = {
    datasetId: row.dataset_id,
    name: row.name,
    owner: row.owner,
    discoverable: row.discoverable === 1,
    tags: JSON.parse(row.tags_json) as string[],
    columns: columnFacts(schema, tagsByField),
    history: schemas.map((earlier) => ({
      sinceMs: Number(earlier.since_ms),
      columns: columnFacts(JSON.parse(earlier.schema_json) as IcebergSchema, tagsByField),
    })),
    snapshotId: row.snapshot_id,
  };
  return { row, schema, tags, facts };
}

/** Columns and members of structs; elements, keys and values have no name that a policy could give. */
function columnFacts(schema: IcebergSchema, tags: ReadonlyMap<number, readonly string[]>): ColumnFacts[] {
  const columns: ColumnFacts[] = [];
  for (const entry of schemaEntries(schema)) {
    if (entry.role !== 'field') continue;
    const type = typeText(entry.type);
    columns.push({ fieldId: entry.id, path: entry.path, type, tags: tags.get(entry.id) ?? [] });
  }
  return columns;
}
