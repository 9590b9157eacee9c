import { type Config, configSchema } from '../../src/config/index.ts';
import type { Door, Settle } from '../../src/door/index.ts';
import {
  type Access,
  type AccessOptions,
  createAccess,
  type DatasetDirectory,
} from '../../src/govern/access/index.ts';
import type { AnyOperation, DatasetFacts } from '../../src/govern/scope/index.ts';
import type { Metastore } from '../../src/metastore/index.ts';
import { type Caller, openBelow, openDoor } from './door-room.ts';
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
  /** Ids of spendings that the store did not answer for. */
  readonly doubtedSpendings: ReadonlySet<string>;
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

/** The room over a real store, journal, truth and door, with a home of its own. */
export async function openAccessRoom(
  settings: {
    auth?: Partial<Config['auth']>;
    operations?: readonly AnyOperation[];
    truthRules?: string;
    metastore?: Partial<Config['metastore']>;
    settle?: Settle;
  } = {},
): Promise<AccessRoom> {
  const time = testTime();
  const below = await openBelow({
    config: configSchema.parse({ auth: settings.auth ?? {}, metastore: settings.metastore ?? {} }),
    clock: { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs },
    ...(settings.truthRules === undefined ? {} : { truthRules: settings.truthRules }),
  });
  const { home, config, clock, store, random, ids } = below;
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
  const { door, doubtedSpendings, call, refused } = openDoor(below, {
    access,
    operations: settings.operations ?? [],
    settle: settings.settle ?? (async () => null),
  });
  return {
    home,
    store,
    access,
    door,
    doubtedSpendings,
    time,
    adminKey: below.adminKey,
    datasets,
    options,
    call,
    refusal: async (operation, input, caller) => (await refused(operation, input, caller)).code,
    async close() {
      access.close();
      await below.close();
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
