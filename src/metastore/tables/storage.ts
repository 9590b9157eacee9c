import type { Migration } from '../migration.ts';

/** What is known of an object beyond its file. The file is the truth; a row whose identity does not fit it is stale. */
export interface StorageObjectRow {
  bucket: string;
  object_key: string;
  /** Inode, size and modification time of the file that the row describes. */
  file_identity: string;
  sha256: string;
  size_bytes: number;
  content_type: string;
  written_ms: number;
}

/** Tables of the room `storaged`. */
export interface StorageTables {
  storage_objects: StorageObjectRow;
}

export const storageMigrations: readonly Migration[] = [
  {
    name: '0001-storage',
    statements: [
      `CREATE TABLE storage_objects (
        bucket TEXT NOT NULL,
        object_key TEXT NOT NULL,
        file_identity TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes BIGINT NOT NULL,
        content_type TEXT NOT NULL,
        written_ms BIGINT NOT NULL,
        PRIMARY KEY (bucket, object_key)
      )`,
    ],
  },
];
