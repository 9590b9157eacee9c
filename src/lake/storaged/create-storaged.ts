import type { Clock, IdGenerator } from '../../base/index.ts';
import type { Config } from '../../config/index.ts';
import type { AnyOperation, EventDraft, HttpRoute } from '../../govern/scope/index.ts';
import type { MetastoreReader } from '../../metastore/index.ts';
import { createObjectSource, type ObjectSource } from './object-source.ts';
import { openObjectStore } from './object-store.ts';
import { deleteObject } from './operations/delete-object.ts';
import { getObject, headObject } from './operations/get-object.ts';
import { listBuckets } from './operations/list-buckets.ts';
import { listObjectsOperation } from './operations/list-objects.ts';
import { putObject } from './operations/put-object.ts';
import { storageRoutes } from './routes.ts';
import { type SettledIntent, settleStorageIntent } from './settle-intent.ts';
import { openSystemFiles, type SystemFiles } from './system-files.ts';

export interface StoragedParts {
  /** The home folder; bucket paths of the configuration are relative to it. */
  readonly home: string;
  readonly config: Config['storage'];
  readonly reader: MetastoreReader;
  readonly clock: Clock;
  readonly ids: IdGenerator;
}

export interface Storaged {
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly HttpRoute[];
  readonly systemFiles: SystemFiles;
  readonly objectSource: ObjectSource;
  /** Settles one unsettled intent; null where it is another room's. At start, before `sweep`. */
  settleIntent(intent: EventDraft): Promise<SettledIntent | null>;
  /** Removes uploads that a crash cut off; returns how many. At start, before anything is served. */
  sweep(): Promise<number>;
}

/** Opens buckets and system folders. Throws `storage.unsafe_configuration`. */
export async function createStoraged(parts: StoragedParts): Promise<Storaged> {
  const store = await openObjectStore(parts);
  return {
    operations: [
      listBuckets(store),
      listObjectsOperation(store),
      putObject(store),
      getObject(store),
      headObject(store),
      deleteObject(store),
    ],
    routes: storageRoutes,
    systemFiles: await openSystemFiles(parts.home, parts.config.min_free_bytes),
    objectSource: createObjectSource(store),
    settleIntent: (intent) => settleStorageIntent(store, intent),
    async sweep() {
      let swept = 0;
      for (const name of store.buckets.names) swept += await store.buckets.get(name).sweepTemporary();
      return swept;
    },
  };
}
