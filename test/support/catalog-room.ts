import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import type { Door } from '../../src/door/index.ts';
import { createAccess } from '../../src/govern/access/index.ts';
import { type Catalogd, createCatalogd, type PiiDetector } from '../../src/lake/catalogd/index.ts';
import { createEnginePool, type EnginePool } from '../../src/lake/engine/index.ts';
import { createStoraged } from '../../src/lake/storaged/index.ts';
import type { Metastore } from '../../src/metastore/index.ts';
import { openBelow, openDoor } from './door-room.ts';
import { policyParser } from './policy-parser.ts';

/** The catalog behind the real door: real store, journal, access, truth, storage and engine, in a home of its own. */
export interface CatalogRoom {
  readonly home: string;
  readonly store: Metastore;
  readonly door: Door;
  readonly catalogd: Catalogd;
  readonly engine: EnginePool;
  /** Writes an object of the bucket `default` past the door, as another program would. */
  putObject(key: string, bytes: string | Uint8Array): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  call(operation: string, input?: unknown, key?: string): Promise<any>;
  /** The error an operation is refused with. */
  refusal(
    operation: string,
    input?: unknown,
    key?: string,
  ): Promise<{ code: string; data: unknown; detail: string }>;
  /** Puts a policy in place and answers a key of the role. */
  policy(document: object): Promise<void>;
  keyFor(role: string, attributes?: Record<string, string>): Promise<string>;
  advance(ms: number): void;
  close(): Promise<void>;
}

export async function openCatalogRoom(settings: {
  detector: PiiDetector;
  truthRules?: string;
}): Promise<CatalogRoom> {
  let offsetMs = 0;
  const below = await openBelow({
    ...settings,
    config: configSchema.parse({
      engine: { processes: 1, small_processes: 0 },
      metastore: { commit_timeout_ms: 20_000 },
    }),
    clock: { nowMs: () => systemClock.nowMs() + offsetMs, monotonicMs: systemClock.monotonicMs },
  });
  const { home, config, clock, log, store, random, ids } = below;
  const engine = await createEnginePool({ config, folder: join(home, 'spill'), log });
  const storaged = await createStoraged({ home, config: config.storage, reader: store, clock, ids });
  const catalogd = createCatalogd({
    store,
    engine,
    home,
    config,
    clock,
    ids,
    log,
    detector: settings.detector,
    objects: storaged.objectSource,
  });
  const access = await createAccess({
    home,
    config,
    reader: store,
    parser: await policyParser(),
    directory: () => catalogd.directory,
    clock,
    timer: { after: () => () => undefined },
    random,
    ids,
  });
  const { door, ...through } = openDoor(below, {
    access,
    operations: [...storaged.operations, ...catalogd.operations],
    settle: async (intent) => (await storaged.settleIntent(intent)) ?? catalogd.settleIntent(intent),
  });
  const caller = (key: string | undefined) => (key === undefined ? {} : { key });
  const call: CatalogRoom['call'] = (operation, input, key) => through.call(operation, input, caller(key));
  return {
    home,
    store,
    door,
    catalogd,
    engine,
    call,
    async putObject(key, bytes) {
      const path = join(home, 'buckets/default', key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
      return path;
    },
    async refusal(operation, input, key) {
      const { code, data, detail } = await through.refused(operation, input, caller(key));
      return { code, data, detail };
    },
    async policy(document) {
      await call('access.policies.put', document);
    },
    async keyFor(role, attributes = {}) {
      const made = await call('access.keys.create', { name: `${role}-${ids.next()}`, role, attributes });
      return made.key;
    },
    advance(ms) {
      offsetMs += ms;
    },
    async close() {
      access.close();
      await engine.close();
      await below.close();
    },
  };
}
