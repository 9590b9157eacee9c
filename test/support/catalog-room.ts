import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createIdGenerator, createLogger, isLakeError, systemClock } from '../../src/base/index.ts';
import { configSchema } from '../../src/config/index.ts';
import { createDoor, type Door } from '../../src/door/index.ts';
import { bootstrap, createAccess } from '../../src/govern/access/index.ts';
import { createBudget } from '../../src/govern/budget/index.ts';
import { createTruth } from '../../src/govern/truth/index.ts';
import { type Catalogd, createCatalogd, type PiiDetector } from '../../src/lake/catalogd/index.ts';
import { createEnginePool, type EnginePool } from '../../src/lake/engine/index.ts';
import { createJournald } from '../../src/lake/journald/index.ts';
import { createStoraged } from '../../src/lake/storaged/index.ts';
import { type Metastore, openMetastore } from '../../src/metastore/index.ts';
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
  const home = await mkdtemp(join(tmpdir(), 'lakehouse-catalog-'));
  const config = configSchema.parse({
    engine: { processes: 1, small_processes: 0 },
    metastore: { commit_timeout_ms: 20_000 },
  });
  let offsetMs = 0;
  const clock = { nowMs: () => systemClock.nowMs() + offsetMs, monotonicMs: systemClock.monotonicMs };
  const log = createLogger({ level: 'silent' });
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const store = await openMetastore({
    file: join(home, 'store.sqlite'),
    config: config.metastore,
    clock,
    log,
  });
  const admin = bootstrap({ home, config, reader: store, clock, random });
  await store.commit(admin.statements);
  const journald = createJournald({ store, config: config.journal, clock, random, home, log });
  await journald.start();
  await writeFile(join(home, 'truth.toml'), settings.truthRules ?? '');
  const ids = createIdGenerator({ clock, random });
  const { truth } = await createTruth({
    rulesFile: join(home, 'truth.toml'),
    log,
    reader: store,
    clock,
    ids,
  });
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
  const { door } = createDoor({
    operations: [...access.operations, ...storaged.operations, ...catalogd.operations],
    access: access.control,
    truth,
    budget: createBudget({ reader: store, ceilings: [] }),
    journal: journald.journal,
    store,
    settle: async (intent) => (await storaged.settleIntent(intent)) ?? catalogd.settleIntent(intent),
    clock,
    ids,
    log,
    idempotencyRetentionMs: 86_400_000,
  });
  const call: CatalogRoom['call'] = async (operation, input = {}, key = admin.key) => {
    const answer = await door.invoke({
      operation,
      door: 'http',
      requestId: ids.next(),
      credentials: { apiKey: key, delegationToken: null },
      input,
      body: null,
      idempotencyKey: null,
      signal: new AbortController().signal,
    });
    if (answer.kind !== 'value') throw new Error('a stream');
    return answer.value;
  };
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
      try {
        await call(operation, input, key);
      } catch (error) {
        if (isLakeError(error)) return { code: error.code, data: error.data, detail: error.detail };
        throw error;
      }
      throw new Error(`${operation} was not refused`);
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
      await journald.stop();
      await engine.close();
      await store.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
