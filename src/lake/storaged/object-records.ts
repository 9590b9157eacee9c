import type { Statement } from '../../base/index.ts';
import { type MetastoreReader, statement } from '../../metastore/index.ts';
import type { FileFacts } from './bucket-folder.ts';

const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

/** What callers see of an object. */
export interface ObjectFacts {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Strong: the content's SHA-256 where lakehouse wrote the file, else its inode, size and modification time. */
  readonly etag: string;
  /** Null for a file that came into the folder by itself: listing and looking never read whole files. */
  readonly sha256: string | null;
  readonly contentType: string;
}

/** Joins files with what the store remembers of them; a record of another state of the file is not believed. */
export class ObjectRecords {
  readonly #reader: MetastoreReader;

  constructor(reader: MetastoreReader) {
    this.#reader = reader;
  }

  async describe(
    bucket: string,
    files: readonly { key: string; facts: FileFacts }[],
  ): Promise<readonly ObjectFacts[]> {
    if (files.length === 0) return [];
    const keys = files.map(({ key }) => key);
    const rows = await this.#reader.read(
      this.#reader.queries
        .selectFrom('storage_objects')
        .select(['object_key', 'file_identity', 'sha256', 'content_type', 'size_bytes'])
        .where('bucket', '=', bucket)
        .where('object_key', 'in', keys),
    );
    const known = new Map(rows.map((row) => [row.object_key, row]));
    return files.map(({ key, facts }) => {
      const row = known.get(key);
      const sha256 = row?.file_identity === facts.identity ? row.sha256 : null;
      return {
        key,
        sizeBytes: facts.sizeBytes,
        modifiedMs: facts.modifiedMs,
        etag: sha256 === null ? `"f-${facts.identity.replaceAll(':', '-')}"` : `"${sha256}"`,
        sha256,
        // A restored backup has the same bytes under another inode: what the uploader called them still holds.
        contentType: row?.size_bytes === facts.sizeBytes ? row.content_type : DEFAULT_CONTENT_TYPE,
      };
    });
  }

  remember(record: {
    bucket: string;
    key: string;
    identity: string;
    sha256: string;
    sizeBytes: number;
    contentType: string;
    writtenMs: number;
  }): Statement {
    const values = {
      file_identity: record.identity,
      sha256: record.sha256,
      size_bytes: record.sizeBytes,
      content_type: record.contentType,
      written_ms: record.writtenMs,
    };
    return statement(
      this.#reader.queries
        .insertInto('storage_objects')
        .values({ bucket: record.bucket, object_key: record.key, ...values })
        .onConflict((conflict) => conflict.columns(['bucket', 'object_key']).doUpdateSet(values)),
    );
  }

  forget(bucket: string, key: string): Statement {
    return statement(
      this.#reader.queries
        .deleteFrom('storage_objects')
        .where('bucket', '=', bucket)
        .where('object_key', '=', key),
    );
  }
}
