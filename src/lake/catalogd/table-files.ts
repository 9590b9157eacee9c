import type { DatasetRow } from './dataset-record.ts';
import { damagedMetadata } from './errors.ts';
import type { FileCache } from './file-cache.ts';
import { AvroTypes } from './iceberg/avro-file.ts';
import { decodeManifest, type ManifestEntry } from './iceberg/manifest.ts';
import { decodeManifestList, type ManifestListEntry } from './iceberg/manifest-list.ts';
import { decodeTableMetadata, type TableMetadata } from './iceberg/table-metadata.ts';
import type { Warehouse } from './warehouse.ts';

/** What names a table's files: its row in the store, or the part of it that does. */
export type TablePointer = Pick<DatasetRow, 'dataset_id' | 'metadata_file' | 'location'>;

/** Reads a table's metadata files through the cache. */
export class TableFiles {
  /** Shared with whoever writes files of the format. */
  readonly types = new AvroTypes();
  readonly #warehouse: Warehouse;
  readonly #cache: FileCache;

  constructor(warehouse: Warehouse, cache: FileCache) {
    this.#warehouse = warehouse;
    this.#cache = cache;
  }

  async metadata(table: TablePointer): Promise<TableMetadata> {
    const path = this.#warehouse.metadataPath(table.dataset_id, table.metadata_file);
    return this.#cache.get(path, async () => {
      const text = (await this.#warehouse.read(path)).toString('utf8');
      return { value: decodeTableMetadata(text), costBytes: text.length };
    });
  }

  async manifestList(table: TablePointer, location: string): Promise<readonly ManifestListEntry[]> {
    const path = this.#warehouse.pathOf(location, table.location);
    return this.#cache.get(path, async () => {
      const bytes = await this.#warehouse.read(path);
      return { value: decodeManifestList(this.types, bytes), costBytes: bytes.length * 8 };
    });
  }

  async manifest(table: TablePointer, listed: ManifestListEntry): Promise<readonly ManifestEntry[]> {
    const path = this.#warehouse.pathOf(listed.location, table.location);
    return this.#cache.get(path, async () => {
      const bytes = await this.#warehouse.read(path);
      // Cut off between two blocks, an Avro file still reads well: only its length tells.
      if (bytes.length !== listed.sizeBytes)
        throw damagedMetadata('a manifest has another length than listed');
      const inherited = { snapshotId: listed.addedSnapshotId, sequenceNumber: listed.sequenceNumber };
      // Deflated statistics open to several times the file's size.
      return { value: decodeManifest(this.types, bytes, inherited), costBytes: bytes.length * 8 };
    });
  }
}
