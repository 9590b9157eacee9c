import type { Clock, IdGenerator } from '../../base/index.ts';
import { LakeError } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import type { OpenFile } from './bucket-folder.ts';
import { type Buckets, openBuckets } from './buckets.ts';
import { storageErrors } from './errors.ts';
import { KeyLock } from './key-lock.ts';
import type { ObjectKey } from './object-key.ts';
import { type ObjectFacts, ObjectRecords } from './object-records.ts';

/** What the operations of this room share. */
export interface ObjectStore {
  readonly buckets: Buckets;
  readonly records: ObjectRecords;
  readonly locks: KeyLock;
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly limits: { readonly maxBytes: number; readonly maxBytesKey: string; readonly minFreeBytes: number };
  /** Facts of one object; null where there is none. Throws `storage.bucket_not_found`. */
  facts(bucket: string, key: ObjectKey): Promise<ObjectFacts | null>;
  /** The object's open file with its facts. Throws `storage.object_not_found`; the caller closes the file. */
  open(bucket: string, key: ObjectKey): Promise<{ opened: OpenFile; facts: ObjectFacts }>;
}

export async function openObjectStore(parts: {
  home: string;
  config: Config['storage'];
  reader: MetastoreReader;
  clock: Clock;
  ids: IdGenerator;
}): Promise<ObjectStore> {
  const { config, clock, ids } = parts;
  const buckets = await openBuckets(parts.home, config);
  const records = new ObjectRecords(parts.reader);
  return {
    buckets,
    records,
    locks: new KeyLock(),
    clock,
    ids,
    limits: {
      maxBytes: config.max_object_bytes,
      maxBytesKey: 'storage.max_object_bytes',
      minFreeBytes: config.min_free_bytes,
    },
    async facts(bucket, key) {
      const facts = await buckets.get(bucket).facts(key);
      if (facts === null) return null;
      const [described] = await records.describe(bucket, [{ key: key.text, facts }]);
      return described ?? null;
    },
    async open(bucket, key) {
      const opened = await buckets.get(bucket).open(key);
      if (opened === null) throw objectNotFound();
      try {
        const [facts] = await records.describe(bucket, [{ key: key.text, facts: opened }]);
        if (facts === undefined) throw objectNotFound();
        return { opened, facts };
      } catch (error) {
        await opened.file.close();
        throw error;
      }
    },
  };
}

export function objectNotFound(): LakeError {
  return new LakeError(storageErrors.object_not_found, {
    detail: 'There is no object of this key in the bucket.',
  });
}
