import { LakeError } from '../../base/index.ts';
import type { ReadScope, WriteScope } from '../../govern/scope/index.ts';
import { type FileFacts, factsOfFile } from './bucket-folder.ts';
import { storageErrors } from './errors.ts';
import { parseObjectKey, parsePrefix } from './object-key.ts';
import { type ListPosition, listObjects } from './object-listing.ts';
import { type ObjectStore, objectNotFound } from './object-store.ts';

/** A file of a bucket that another room may read in place. */
export interface SourceFile {
  readonly key: string;
  /** Absolute path; never shown to a caller. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Changes when the file is replaced or written to. */
  readonly identity: string;
}

/** Objects as files, for registering data in place. */
export interface ObjectSource {
  /**
   * The object of this key, or all objects below the folder of this name, in key order. Needs the scope's grant to
   * read exactly this bucket and key (`{kind: 'bucket', action: 'read'}`). Throws `storage.object_not_found` where
   * there is none and `storage.too_large` beyond `limit` files.
   */
  files(
    scope: ReadScope | WriteScope,
    request: { bucket: string; key: string; limit: number },
  ): Promise<readonly SourceFile[]>;
  /**
   * What lies at the path of an earlier `SourceFile` now; null where no file does. One look at the file system and no
   * byte of the object: cheap enough for every read of it.
   */
  stateOf(path: string): Promise<Pick<FileFacts, 'sizeBytes' | 'identity'> | null>;
}

export function createObjectSource(store: ObjectStore): ObjectSource {
  return {
    async files(scope, { bucket: name, key: text, limit }) {
      scope.requireObject(name, text, 'read');
      const bucket = store.buckets.get(name);
      if (!text.endsWith('/') && text !== '') {
        const key = parseObjectKey(text);
        const facts = await bucket.facts(key);
        if (facts !== null) return [{ key: text, path: bucket.pathOf(key), ...facts }];
      }
      const prefix = text === '' || text.endsWith('/') ? text : `${text}/`;
      parsePrefix(prefix);
      const files: SourceFile[] = [];
      let after: ListPosition | null = null;
      do {
        const page = await listObjects(bucket, { prefix, byFolder: false, after, limit: 1_000 });
        for (const entry of page.entries) {
          if (entry.kind !== 'object') continue;
          files.push({ key: entry.key, path: bucket.pathOf(parseObjectKey(entry.key)), ...entry.facts });
        }
        if (files.length > limit) throw tooMany(limit);
        after = page.next;
      } while (after !== null);
      if (files.length === 0) throw objectNotFound();
      return files;
    },
    stateOf: factsOfFile,
  };
}

function tooMany(limit: number): LakeError {
  return new LakeError(storageErrors.too_large, {
    detail: `There are more than ${limit} objects below this key; name a smaller folder.`,
  });
}
