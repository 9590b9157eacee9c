import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdGenerator, createLogger, isLakeError } from '../../src/base/index.ts';
import { type Config, configSchema } from '../../src/config/index.ts';
import { createDoor, type Door } from '../../src/door/index.ts';
import {
  type Access,
  type AccessOptions,
  bootstrap,
  createAccess,
  type DatasetDirectory,
} from '../../src/govern/access/index.ts';
import { createBudget } from '../../src/govern/budget/index.ts';
import type { AnyOperation, DatasetFacts } from '../../src/govern/scope/index.ts';
import { createTruth } from '../../src/govern/truth/index.ts';
import { createJournald } from '../../src/lake/journald/index.ts';
import { type Metastore, openMetastore } from '../../src/metastore/index.ts';
import { policyParser } from './policy-parser.ts';

/** A clock and timer that stand still until a test moves them. */
export interface TestTime {
  nowMs: number;
  /** Moves on and runs every timer that has become due. */
  advance(ms: number): void;
}

export interface AccessRoom {
  readonly home: string;
  readonly store: Metastore;
  readonly access: Access;
  readonly door: Door;
  readonly time: TestTime;
  readonly adminKey: string;
  /** Datasets the directory knows; add to it at any time. */
  readonly datasets: DatasetFacts[];
  readonly options: AccessOptions;
  /** The operation's answer, or throws the `LakeError` it was refused with. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  call(operation: string, input?: unknown, caller?: Caller): Promise<any>;
  /** The code an operation is refused with. */
  refusal(operation: string, input?: unknown, caller?: Caller): Promise<string>;
  close(): Promise<void>;
}

export interface Caller {
  /** The administrator's where absent. */
  readonly key?: string | null;
  readonly token?: string | null;
  readonly idempotencyKey?: string;
}

/** The room over a real store, journal, truth and door, with a home of its own. */
export async function openAccessRoom(
  settings: { auth?: Partial<Config['auth']>; operations?: readonly AnyOperation[] } = {},
): Promise<AccessRoom> {
  const home = await mkdtemp(join(tmpdir(), 'lakehouse-access-'));
  const config = configSchema.parse({ auth: settings.auth ?? {} });
  const time = testTime();
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
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
  await writeFile(join(home, 'truth.toml'), '');
  const ids = createIdGenerator({ clock, random });
  const { truth } = await createTruth({
    rulesFile: join(home, 'truth.toml'),
    log,
    reader: store,
    clock,
    ids,
  });
  const datasets: DatasetFacts[] = [];
  const directory: DatasetDirectory = {
    list: async () => datasets,
    find: async (_scope, name) => datasets.find((facts) => facts.name === name) ?? null,
  };
  const options: AccessOptions = {
    home,
    config,
    reader: store,
    parser: await policyParser(),
    directory: () => directory,
    clock,
    timer: time,
    random,
    ids,
  };
  const access = await createAccess(options);
  const { door } = createDoor({
    operations: [...access.operations, ...(settings.operations ?? [])],
    access: access.control,
    truth,
    budget: createBudget({ reader: store, ceilings: [] }),
    journal: journald.journal,
    store,
    settle: async () => null,
    clock,
    ids,
    log,
    idempotencyRetentionMs: 86_400_000,
  });
  const call: AccessRoom['call'] = async (operation, input = {}, caller = {}) => {
    const answer = await door.invoke({
      operation,
      door: 'http',
      requestId: ids.next(),
      credentials: {
        apiKey: caller.key === undefined ? admin.key : caller.key,
        delegationToken: caller.token ?? null,
      },
      input,
      body: null,
      idempotencyKey: caller.idempotencyKey ?? null,
      signal: new AbortController().signal,
    });
    if (answer.kind !== 'value') throw new Error('a stream');
    return answer.value;
  };
  return {
    home,
    store,
    access,
    door,
    time,
    adminKey: admin.key,
    datasets,
    options,
    call,
    async refusal(operation, input, caller) {
      try {
        await call(operation, input, caller);
      } catch (error) {
        if (isLakeError(error)) return error.code;
        throw error;
      }
      throw new Error(`${operation} was not refused`);
    },
    async close() {
      access.close();
      await journald.stop();
      await store.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

function testTime(): TestTime & AccessOptions['timer'] {
  const waiting = new Set<{ dueMs: number; callback: () => void }>();
  return {
    nowMs: Date.parse('2026-01-01T00:00:00Z'),
    advance(ms) {
      this.nowMs += ms;
      for (const wait of [...waiting]) {
        if (wait.dueMs <= this.nowMs && waiting.delete(wait)) wait.callback();
      }
    },
    after(delayMs, callback) {
      const wait = { dueMs: this.nowMs + delayMs, callback };
      waiting.add(wait);
      return () => waiting.delete(wait);
    },
  };
}
