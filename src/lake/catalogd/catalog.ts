import type { JsonObject, Statement } from '../../base/index.ts';
import type {
  AnyScope,
  DatasetFacts,
  ReadScope,
  ResolveScope,
  WriteScope,
} from '../../govern/scope/index.ts';

/** Which state of a dataset to read. */
export type AsOf =
  | { readonly kind: 'current' }
  | { readonly kind: 'snapshot'; readonly snapshotId: string }
  | { readonly kind: 'timestamp'; readonly timestampMs: number };

/** A column of a dataset's schema. Nested fields inside `type`. */
export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  /** Iceberg type JSON: a primitive name or a struct, list or map object (spec, appendix C). */
  readonly type: IcebergType;
  readonly doc?: string;
}
export type IcebergType =
  | string
  | { readonly type: 'struct'; readonly fields: readonly IcebergField[] }
  | {
      readonly type: 'list';
      readonly 'element-id': number;
      readonly element: IcebergType;
      readonly 'element-required': boolean;
    }
  | {
      readonly type: 'map';
      readonly 'key-id': number;
      readonly key: IcebergType;
      readonly 'value-id': number;
      readonly value: IcebergType;
      readonly 'value-required': boolean;
    };

export interface IcebergSchema {
  readonly 'schema-id': number;
  readonly type: 'struct';
  readonly fields: readonly IcebergField[];
}

/** What *resolve* may know of the state that will be read. */
export interface PinnedDataset {
  readonly facts: DatasetFacts;
  /** Null for a dataset without rows yet. */
  readonly snapshotId: string | null;
  /** The schema current at that snapshot: its names are the names the query sees. */
  readonly schema: IcebergSchema;
  /** Bytes of data files, for the choice of lane. */
  readonly plannedBytes: number;
}

/** The files of one snapshot. Handed out for a scope that was authorised to read the dataset. */
export interface ScanPlan {
  readonly snapshotId: string | null;
  readonly schema: IcebergSchema;
  readonly files: readonly ScanFile[];
}

export interface ScanFile {
  /** Absolute path. */
  readonly path: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** False for a file registered in place: its columns are found by name, not by field id. */
  readonly hasFieldIds: boolean;
  /** Positional delete files that apply, absolute paths (columns `file_path`, `pos`). */
  readonly deleteFiles: readonly string[];
  /** Lower and upper bounds by field id, single-value serialised (spec, appendix D); absent where unknown. */
  readonly lowerBounds: ReadonlyMap<number, Uint8Array>;
  readonly upperBounds: ReadonlyMap<number, Uint8Array>;
  readonly nullCounts: ReadonlyMap<number, number>;
  /**
   * The state of an object registered in place that all of this is said of; absent where versions before this fact
   * registered it, which know the object by its size alone.
   */
  readonly sourceIdentity?: string;
}

/**
 * What became of a data file that was once committed: the current snapshot has its rows; it names the file, which is not on
 * the disk as it was written; or it does not name it, as after a replacement or a rollback.
 */
export type FileState = 'live' | 'gone' | 'left';

/** A data file that `prepare` wrote and fsynced, with the statistics the engine returned for it. */
export interface NewDataFile {
  readonly path: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  readonly hasFieldIds: boolean;
  readonly columnSizes: ReadonlyMap<number, number>;
  readonly valueCounts: ReadonlyMap<number, number>;
  readonly nullCounts: ReadonlyMap<number, number>;
  readonly lowerBounds: ReadonlyMap<number, Uint8Array>;
  readonly upperBounds: ReadonlyMap<number, Uint8Array>;
  /** What storage says of an object registered in place, as it was when it was read. */
  readonly sourceIdentity?: string;
}

/** Where the rows of a change are written. */
export interface WriteTarget {
  readonly datasetId: string;
  readonly folder: string;
  readonly schema: IcebergSchema;
  readonly exists: boolean;
  readonly missingIds: ReadonlySet<number>;
}

/** A change to one dataset, planned against its current pointer. */
export interface DatasetChange {
  readonly name: string;
  /** From `writeTarget`; taken for a dataset that is not there yet, so that its files lie in its own folder. */
  readonly datasetId?: string;
  readonly mode: 'create' | 'append' | 'replace';
  /** Columns without ids for a new dataset; with the ids of `writeTarget` for an existing one. */
  readonly schema: IcebergSchema;
  readonly files: readonly NewDataFile[];
  /** Name of a data file of the dataset that is gone from the disk: an append leaves it out of its snapshot. */
  readonly lostFile?: string;
  /** From `writeTarget`: ids of fields of the dataset that the rows lack, so that they hold null in them. */
  readonly missingIds: ReadonlySet<number>;
  /** Tags found by the detectors, by field id. */
  readonly tags: ReadonlyMap<number, readonly { readonly tag: string; readonly confidence: number }[]>;
  readonly owner: string | null;
  readonly description: string | null;
  /** Where the rows came from: object key, content SHA-256, file name. */
  readonly lineage: JsonObject;
}

/** What a commit did to one column, or to a member of one. */
export interface ColumnChange {
  /**
   * `removed` by a replacement alone, which may also give a name to a new column of another type. `filled_with_null` by
   * appended rows that lack the column.
   */
  readonly kind: 'added' | 'widened' | 'removed' | 'filled_with_null';
  readonly column: string;
  /** The type before; null for an added column. */
  readonly from: string | null;
  /** The type since; null for a removed column. */
  readonly to: string | null;
}

/** What a commit found, and what it changed of it. */
export interface CommitBefore {
  /** Null where the caller may not count them: without a right to read, or under a row filter. */
  readonly rowCount: number | null;
  readonly columnChanges: readonly ColumnChange[];
}

/** What the door commits for a dataset change: guarded statements plus the facts for the event. */
export interface PlannedCommit {
  readonly statements: readonly Statement[];
  readonly datasetId: string;
  readonly snapshotId: string | null;
  readonly schema: IcebergSchema;
  /** The dataset as it was; null for one that this commit makes. */
  readonly before: CommitBefore | null;
  readonly eventData: JsonObject;
  /** Metadata and manifest files written for this attempt; removed when its guard refused. */
  readonly discard: () => Promise<void>;
}

export interface Catalog {
  /** Names, field ids and tags of one dataset; null where there is none. Case-sensitive dotted name. */
  facts(scope: AnyScope, name: string): Promise<DatasetFacts | null>;
  /** Rows of the current snapshot, those hidden from the caller included. */
  rowCount(scope: WriteScope, facts: DatasetFacts): Promise<number>;
  /** What became of a data file that was committed to a dataset, by its name in the dataset's folder. */
  fileState(scope: WriteScope, facts: DatasetFacts, fileName: string): Promise<FileState>;
  /** Throws `catalog.snapshot_not_found` for a snapshot or time outside the dataset's history. */
  pin(scope: ResolveScope, facts: DatasetFacts, asOf: AsOf): Promise<PinnedDataset>;
  /** The files of a pinned snapshot; requires the scope's decision to read the dataset. */
  scan(scope: ReadScope | WriteScope, pinned: PinnedDataset): Promise<ScanPlan>;
  /** Looks for the files of a scan that failed. Throws `catalog.files_missing` where one is not as it was written. */
  requireFiles(
    scope: ReadScope | WriteScope,
    pinned: PinnedDataset,
    files: readonly ScanFile[],
  ): Promise<void>;
  /**
   * Where new data files of a dataset go, and the field ids to write: the dataset's own, or freshly assigned ones; and
   * which of the dataset's fields the columns lack.
   * Throws `catalog.schema_mismatch` with `{diff, migration_rules}` where the columns do not fit an existing dataset.
   */
  writeTarget(
    scope: WriteScope,
    request: { name: string; mode: 'create' | 'append' | 'replace'; columns: readonly IcebergField[] },
  ): Promise<WriteTarget>;
  /**
   * Writes manifests and metadata for the change against the current pointer and returns the compare-and-swap
   * statements (guard refusal `stale_pointer`). Call again for each attempt.
   */
  planCommit(scope: WriteScope, change: DatasetChange): Promise<PlannedCommit>;
}
