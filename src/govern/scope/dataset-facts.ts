/** A column as policy sees it: a top-level column or a field inside a struct. */
export interface ColumnFacts {
  /** The Iceberg field id; what policy binds to, stable across renames. */
  readonly fieldId: number;
  /** Names from the top-level column down, for example `['address', 'zip']`. */
  readonly path: readonly string[];
  /** The Iceberg type in text: `string`, `long`, `decimal(10, 2)`, `list<string>`, `struct` … */
  readonly type: string;
  /** For example `pii.email`. */
  readonly tags: readonly string[];
}

/** What a dataset is, without any row of it: names, field ids, tags. All that *resolve* may know. */
export interface DatasetFacts {
  readonly datasetId: string;
  /** The dotted name, `candidates` or `sales.orders`. */
  readonly name: string;
  readonly owner: string | null;
  /** A refusal may name the missing grant and the owner; otherwise it reads like a name that does not exist. */
  readonly discoverable: boolean;
  readonly tags: readonly string[];
  /** Columns of the current schema, struct fields included, in schema order. */
  readonly columns: readonly ColumnFacts[];
  /**
   * Every (name path, field id) pair that was ever part of the dataset, with the time its schema became current. A
   * policy written at time T binds a name to each field that has carried it since the schema current at T, so that
   * renames, re-used names and time travel do not escape it.
   */
  readonly history: readonly { readonly sinceMs: number; readonly columns: readonly ColumnFacts[] }[];
  /** The current snapshot, as a decimal string; null for a dataset without one. */
  readonly snapshotId: string | null;
}
