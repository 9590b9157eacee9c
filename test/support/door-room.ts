import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Clock,
  createIdGenerator,
  createLogger,
  isLakeError,
  type LakeError,
} from '../../src/base/index.ts';
import type { Config } from '../../src/config/index.ts';
import { createDoor, type Door, type Settle } from '../../src/door/index.ts';
import { type Access, bootstrap } from '../../src/govern/access/index.ts';
import { createBudget } from '../../src/govern/budget/index.ts';
import type { AnyOperation } from '../../src/govern/scope/index.ts';
import { createTruth } from '../../src/govern/truth/index.ts';
import { createJournald } from '../../src/lake/journald/index.ts';
import { openMetastore } from '../../src/metastore/index.ts';

/** Who calls, and how often it counts. */
export interface Caller {
  /** The administrator's where absent. */
  readonly key?: string | null;
  readonly token?: string | null;
  readonly idempotencyKey?: string;
}

/** What stands below every room of a test: a home of its own with a real store, journal and truth, and an admin key. */
export async function openBelow(settings: { config: Config; clock: Clock; truthRules?: string }) {
  const { config, clock } = settings;
  const home = await mkdtemp(join(tmpdir(), 'lakehouse-room-'));
  const log = createLogger({ level: 'silent' });
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
  const ids = createIdGenerator({ clock, random });
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
  const { truth } = await createTruth({
    rulesFile: join(home, 'truth.toml'),
    log,
    reader: store,
    clock,
    ids,
  });
  return {
    home,
    config,
    clock,
    log,
    random,
    ids,
    store,
    adminKey: admin.key,
    journald,
    truth,
    async close() {
      await journald.stop();
      await store.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The real door over these operations, and calls through it. */
export interface DoorRoom {
  readonly door: Door;
  /** Ids of spendings that the store did not answer for. */
  readonly doubtedSpendings: ReadonlySet<string>;
  /** The operation's answer, or throws the `LakeError` it was refused with. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  call(operation: string, input?: unknown, caller?: Caller): Promise<any>;
  /** The error an operation is refused with. */
  refused(operation: string, input?: unknown, caller?: Caller): Promise<LakeError>;
}

export function openDoor(
  below: Awaited<ReturnType<typeof openBelow>>,
  parts: { access: Access; operations: readonly AnyOperation[]; settle: Settle },
): DoorRoom {
  const { journald, truth, store, clock, ids, log, adminKey } = below;
  const { door, doubtedSpendings } = createDoor({
    operations: [...parts.access.operations, ...parts.operations],
    access: parts.access.control,
    truth,
    budget: createBudget({ reader: store, ceilings: [] }),
    telemetry: { modelCalled() {}, async close() {} },
    journal: journald.journal,
    store,
    settle: parts.settle,
    clock,
    ids,
    log,
    idempotencyRetentionMs: 86_400_000,
  });
  const call: DoorRoom['call'] = async (operation, input = {}, caller = {}) => {
    const answer = await door.invoke({
      operation,
      door: 'http',
      requestId: ids.next(),
      credentials: {
        apiKey: caller.key === undefined ? adminKey : caller.key,
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
    door,
    doubtedSpendings,
    call,
    async refused(operation, input, caller) {
      try {
        await call(operation, input, caller);
      } catch (error) {
        if (isLakeError(error)) return error;
        throw error;
      }
      throw new Error(`${operation} was not refused`);
    },
  };
}
