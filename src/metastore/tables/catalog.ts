import type { Migration } from '../migration.ts';

/**
 * One dataset: the pointer to its current table metadata, and what list, describe and planning need of it, so that
 * none of them opens a file. `version` is what a commit compares and swaps.
 */
export interface CatalogDatasetRow {
  dataset_id: string;
  name: string;
  /** The name in lower case; unique among datasets that are not deleted. */
  name_key: string;
  version: number;
  /** File name of the current metadata inside the dataset's metadata folder. */
  metadata_file: string;
  /** The table's location when it was made; paths in its files start with it, wherever the home is now. */
  location: string;
  /** The current schema, as Iceberg JSON. */
  schema_json: string;
  fingerprint: string;
  /** Decimal; null without a snapshot. */
  snapshot_id: string | null;
  /** Location of the current snapshot's manifest list; null without a snapshot. */
  manifest_list: string | null;
  record_count: number;
  size_bytes: number;
  data_files: number;
  delete_files: number;
  owner: string | null;
  description: string | null;
  discoverable: number;
  /** Tags of the dataset itself, a JSON array. */
  tags_json: string;
  /** `{bucket, key}` of files registered in place; null for files of the warehouse. */
  source_json: string | null;
  detector_version: string | null;
  created_ms: number;
  updated_ms: number;
  deleted_ms: number | null;
}

/** A tag of a column. `removed` keeps a detector from setting again what a person took away. */
export interface CatalogColumnTagRow {
  dataset_id: string;
  field_id: number;
  tag: string;
  source: 'detected' | 'set' | 'removed';
  /** Of a detector, 0 to 1; null for a tag that a person set. */
  confidence: number | null;
}

/** A schema that became current with a version of the dataset. */
export interface CatalogSchemaRow {
  dataset_id: string;
  version: number;
  since_ms: number;
  schema_json: string;
}

/** Where the rows of a commit came from. */
export interface CatalogLineageRow {
  dataset_id: string;
  version: number;
  snapshot_id: string | null;
  time_ms: number;
  lineage_json: string;
}

/** Tables of the room `catalog`. */
export interface CatalogTables {
  catalog_datasets: CatalogDatasetRow;
  catalog_column_tags: CatalogColumnTagRow;
  catalog_schemas: CatalogSchemaRow;
  catalog_lineage: CatalogLineageRow;
}

export const catalogMigrations: readonly Migration[] = [
  {
    name: '0001-catalog',
    statements: [
      `CREATE TABLE catalog_datasets (
        dataset_id TEXT NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL,
        version BIGINT NOT NULL,
        metadata_file TEXT NOT NULL,
        location TEXT NOT NULL,
        schema_json TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        snapshot_id TEXT,
        manifest_list TEXT,
        record_count BIGINT NOT NULL,
        size_bytes BIGINT NOT NULL,
        data_files BIGINT NOT NULL,
        delete_files BIGINT NOT NULL,
        owner TEXT,
        description TEXT,
        discoverable INTEGER NOT NULL,
        tags_json TEXT NOT NULL,
        source_json TEXT,
        detector_version TEXT,
        created_ms BIGINT NOT NULL,
        updated_ms BIGINT NOT NULL,
        deleted_ms BIGINT
      )`,
      'CREATE UNIQUE INDEX catalog_datasets_name ON catalog_datasets (name_key) WHERE deleted_ms IS NULL',
      `CREATE TABLE catalog_column_tags (
        dataset_id TEXT NOT NULL,
        field_id INTEGER NOT NULL,
        tag TEXT NOT NULL,
        source TEXT NOT NULL,
        confidence DOUBLE PRECISION,
        PRIMARY KEY (dataset_id, field_id, tag)
      )`,
      `CREATE TABLE catalog_schemas (
        dataset_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        since_ms BIGINT NOT NULL,
        schema_json TEXT NOT NULL,
        PRIMARY KEY (dataset_id, version)
      )`,
      `CREATE TABLE catalog_lineage (
        dataset_id TEXT NOT NULL,
        version BIGINT NOT NULL,
        snapshot_id TEXT,
        time_ms BIGINT NOT NULL,
        lineage_json TEXT NOT NULL,
        PRIMARY KEY (dataset_id, version)
      )`,
    ],
  },
];
