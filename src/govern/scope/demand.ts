import type { DatasetFacts } from './dataset-facts.ts';

export const DATASET_ACTIONS = ['read', 'write', 'delete', 'admin'] as const;
export type DatasetAction = (typeof DATASET_ACTIONS)[number];

export const BUCKET_ACTIONS = ['read', 'write', 'delete', 'list'] as const;
export type BucketAction = (typeof BUCKET_ACTIONS)[number];

/** Rights that are not about one dataset or object; granted to roles in access.toml as `permissions`. */
export const PERMISSIONS = [
  'access.admin',
  'audit.read',
  'catalog.admin',
  'events.read',
  'events.write',
  'journal.read',
  'metrics.read',
  'review.override',
  'review.read',
  'review.write',
  'system.admin',
  'truth.read',
  'truth.review',
  'usage.read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** A right that a request needs. *Resolve* produces them, *authorise* answers each. */
export type Demand = PermissionDemand | DatasetDemand | BucketDemand | ModelDemand | ToolDemand;

export interface PermissionDemand {
  readonly kind: 'permission';
  readonly permission: Permission;
}

/** A model by its full name, `provider/model`; roles are granted patterns of such names. */
export interface ModelDemand {
  readonly kind: 'model';
  readonly model: string;
}

/** A tool, which its own file grants to roles; the administrator may use every one. */
export interface ToolDemand {
  readonly kind: 'tool';
  readonly tool: string;
  /** Null where no such tool exists: refused to everyone, like one that is not granted. */
  readonly roles: readonly string[] | null;
}

export interface DatasetDemand {
  readonly kind: 'dataset';
  readonly name: string;
  readonly action: DatasetAction;
  /** Null where no such dataset exists: refused as not found, except where `mayCreate`. */
  readonly facts: DatasetFacts | null;
  /** The operation makes the dataset when it is not there; the grant is then judged by name alone. */
  readonly mayCreate?: boolean;
  /** The operation hands out stored bytes or unmasked rows: needs a read free of masks and row filters. */
  readonly unmasked?: boolean;
  /** The snapshot that will be read, pinned now; null for the schema alone. Written to the audit row. */
  readonly snapshotId?: string | null;
  /** Field ids the request touches, for the audit row; absent means all. */
  readonly fieldIds?: readonly number[];
}

export interface BucketDemand {
  readonly kind: 'bucket';
  readonly bucket: string;
  readonly action: BucketAction;
  /** Object key, or the prefix of a list. */
  readonly key: string;
}
