import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { createTools } from './ai/tools/index.ts';
import {
  createIdGenerator,
  createLogger,
  type JsonObject,
  LakeError,
  type Logger,
  systemClock,
} from './base/index.ts';
import { type Config, configErrors, loadConfig } from './config/index.ts';
import { commitAsSystem, createDoor, type Door, type Settle, settleIntents } from './door/index.ts';
import {
  createGateway,
  createMetrics,
  createSystem,
  MCP_TOOL_NAMES,
  type Metrics,
  storeTotals,
} from './gateway/index.ts';
import {
  type Access,
  bootstrap,
  createAccess,
  createExpressionParser,
  recoverAdminKey,
  systemTimer,
} from './govern/access/index.ts';
import { createBudget } from './govern/budget/index.ts';
import type { EventDraft, HttpRoute } from './govern/scope/index.ts';
import { createTruth } from './govern/truth/index.ts';
import {
  type BackupReport,
  backupHome,
  commitTask,
  createReadiness,
  type HomeLayout,
  homeLayout,
  isBelow,
  makeHome,
  requireFormat,
  restoreHome,
  startUpkeep,
} from './home/index.ts';
import { createCatalogd, createPiiDetector } from './lake/catalogd/index.ts';
import { createEnginePool } from './lake/engine/index.ts';
import { createIngestd } from './lake/ingestd/index.ts';
import { createJournald, type Journald, verifyOffline } from './lake/journald/index.ts';
import { createQueryd } from './lake/queryd/index.ts';
import { createStoraged } from './lake/storaged/index.ts';
import { type Metastore, openMetastore, openMetastoreReadOnly } from './metastore/index.ts';
import { packageVersion } from './package-version.ts';

const random = (sizeBytes: number) => randomBytes(sizeBytes);

/** What the caller of this file says about a home: the environment and the command line override its file. */
export interface HomeOptions {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
}

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** What an operator must know at start: authentication off, intents settled. */
  readonly notices: readonly string[];
  /** Lets requests in flight finish, signs a last checkpoint, closes the store. */
  close(): Promise<void>;
}

/** Starts the server of a home. Throws `LakeError` with what to do where it cannot. */
export async function startServer(options: HomeOptions): Promise<RunningServer> {
  const home = await openHome(options);
  const { config, log } = home;
  try {
    const system = await openSystem(home);
    try {
      const gateway = await createGateway({
        door: system.door,
        routes: system.routes,
        config,
        log,
        clock: systemClock,
        ids: home.ids,
        metrics: system.metrics,
        spoolFolder: home.layout.spill,
        version: packageVersion(),
      });
      const { url, port } = await gateway.listen(config.server);
      const upkeep = startUpkeep(system.upkeep, log);
      return {
        url,
        port,
        notices: system.notices,
        async close() {
          system.stopping();
          await gateway.close();
          await upkeep.stop();
          await system.close();
          await home.close();
        },
      };
    } catch (error) {
      await system.close();
      throw error;
    }
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** Makes a home: configuration, key files, first policy, the administrator's key (shown once). */
export async function initHome(options: { home: string }): Promise<{ readonly adminKey: string }> {
  await makeHome(options.home);
  return withAdminKey({ home: options.home, environment: {} }, bootstrap);
}

/** Another administrator's key for whoever owns the home directory; journaled. The server must not be running. */
export async function recoverKey(options: HomeOptions): Promise<{ readonly adminKey: string }> {
  return withAdminKey(options, recoverAdminKey);
}

/** Copies a home, also while it is served. */
export async function backup(
  options: HomeOptions & { readonly to: string; onProgress(files: number, sizeBytes: number): void },
): Promise<BackupReport> {
  return backupHome(options.home, options.to, backupPorts(options));
}

/** Makes a home of a backup after checking every file and the journal. */
export async function restore(
  options: HomeOptions & { readonly from: string; onProgress(files: number, sizeBytes: number): void },
): Promise<BackupReport> {
  return restoreHome(options.from, options.home, backupPorts(options));
}

/** Verifies the journal of a home without its server. */
export function verifyHome(options: HomeOptions & { readonly publicKey?: string }) {
  requireFormat(options.home);
  const layout = homeLayout(options.home);
  const { config } = loadConfig({ file: layout.configFile, environment: options.environment });
  const { publicKey } = options;
  const parts = { home: options.home, storeFile: layout.storeFile, config };
  return verifyOffline(publicKey === undefined ? parts : { ...parts, publicKey });
}

/** A home with its store open and its journal started; nothing is served yet. */
interface OpenHome {
  readonly layout: HomeLayout;
  readonly config: Config;
  readonly log: Logger;
  readonly ids: ReturnType<typeof createIdGenerator>;
  readonly store: Metastore;
  readonly journald: Journald;
  close(): Promise<void>;
}

async function openHome(options: HomeOptions): Promise<OpenHome> {
  requireFormat(options.home);
  const layout = homeLayout(options.home);
  const { environment, flags = {} } = options;
  const { config } = loadConfig({ file: layout.configFile, environment, flags });
  const log = createLogger({ level: config.log.level });
  const ids = createIdGenerator({ clock: systemClock, random });
  const store = await openMetastore({
    file: layout.storeFile,
    config: config.metastore,
    clock: systemClock,
    log,
  });
  const journald = createJournald({
    store,
    config: config.journal,
    clock: systemClock,
    random,
    home: options.home,
    log,
  });
  try {
    await journald.start();
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    layout,
    config,
    log,
    ids,
    store,
    journald,
    async close() {
      await journald.stop();
      await store.close();
    },
  };
}

async function withAdminKey(
  options: HomeOptions,
  make: typeof bootstrap,
): Promise<{ readonly adminKey: string }> {
  const home = await openHome(options);
  try {
    const made = make({
      home: options.home,
      config: home.config,
      reader: home.store,
      clock: systemClock,
      random,
    });
    await commitAsSystem(
      { journal: home.journald.journal, store: home.store },
      {
        operation: make === bootstrap ? 'system.init' : 'system.recover',
        requestId: home.ids.next(),
        policyVersion: 0,
        statements: made.statements,
        event: made.event,
        intentId: null,
      },
    );
    return { adminKey: made.key };
  } finally {
    await home.close();
  }
}

interface System {
  readonly door: Door;
  readonly routes: readonly HttpRoute[];
  readonly metrics: Metrics;
  readonly upkeep: Parameters<typeof startUpkeep>[0];
  readonly notices: readonly string[];
  stopping(): void;
  close(): Promise<void>;
}

/** Wires the rooms of one home to one door. */
async function openSystem(home: OpenHome): Promise<System> {
  const { layout, config, log, ids, store, journald } = home;
  const folder = layout.home;
  const clock = systemClock;
  const { journal } = journald;
  let live = true;
  const engine = await createEnginePool({ config, folder: layout.spill, log });
  try {
    const parser = createExpressionParser((sql) =>
      engine.parse(sql, AbortSignal.timeout(config.engine.timeout_ms)),
    );
    const access: Access = await createAccess({
      home: folder,
      config,
      reader: store,
      parser,
      directory: () => catalogd.directory,
      clock,
      timer: systemTimer,
      random,
      ids,
    });
    const truthRoom = await createTruth({ rulesFile: resolve(folder, config.truth.rules_file), log });
    const storaged = await createStoraged({
      home: folder,
      config: config.storage,
      reader: store,
      clock,
      ids,
    });
    const detector = createPiiDetector();
    const catalogd = createCatalogd({
      store,
      engine,
      home: folder,
      config,
      clock,
      ids,
      log,
      detector,
      objects: storaged.objectSource,
    });
    const { catalog } = catalogd;
    const ingestd = createIngestd({
      catalog,
      engine,
      detector,
      systemFiles: storaged.systemFiles,
      reader: store,
      config,
      clock,
      ids,
      log,
    });
    const queryd = createQueryd({
      engine,
      catalog,
      config,
      clock,
      random,
      maskKey: () => access.maskHashKey,
      isAdministrator: (identity) =>
        access.control.authorise(identity, { kind: 'permission', permission: 'system.admin' }).allowed,
    });
    const tools = await createTools({
      folder: resolve(folder, config.tools.folder),
      parse: (sql) => engine.parse(sql, AbortSignal.timeout(config.engine.timeout_ms)),
      config,
      reservedNames: MCP_TOOL_NAMES,
      clock,
      log,
    });
    const storeReady = createReadiness({ store, clock });
    const metrics = createMetrics({ engine: engine.stats, ...storeTotals(store) });
    const rooms = [access, truthRoom, journald, storaged, catalogd, ingestd, queryd, tools];
    const system = createSystem({
      version: packageVersion(),
      health: {
        live: () => live,
        ready: async () =>
          live ? await storeReady() : { ready: false, reasons: ['the server is stopping'] },
      },
      metrics,
      contract: () => ({ operations: created.door.operations, routes }),
    });
    const routes = [...rooms, system].flatMap((room) => room.routes);
    const settle: Settle = async (intent) =>
      (await storaged.settleIntent(intent)) ?? catalogd.settleIntent(intent);
    const created = createDoor({
      operations: [...rooms, system].flatMap((room) => room.operations),
      access: access.control,
      truth: truthRoom.truth,
      budget: createBudget({ reader: store, ceilings: [] }),
      journal,
      store,
      settle,
      clock,
      ids,
      log,
      idempotencyRetentionMs: config.idempotency.retention_hours * 3_600_000,
    });
    truthRoom.requireJudged(created.door.operations);
    await applyFirstPolicy(home, access);
    await recordLoaded(home, access.control.policyVersion(), {
      operation: 'system.load-rules',
      actions: ['truth.loaded', 'truth.reloaded'],
      event: truthRoom.loadedEvent,
    });
    await recordLoaded(home, access.control.policyVersion(), {
      operation: 'system.load-tools',
      actions: ['tools.loaded', 'tools.reloaded'],
      event: tools.loadedEvent,
    });
    const settled = await settleIntents({
      intents: await journald.openIntents(),
      settle,
      journal,
      store,
      ids,
      policyVersion: access.control.policyVersion(),
    });
    await storaged.sweep();
    await ingestd.sweep();
    return {
      door: created.door,
      routes,
      metrics,
      notices: startNotices(config, settled),
      upkeep: upkeepTasks(home, access, created.idempotencyRetention),
      stopping() {
        live = false;
      },
      async close() {
        access.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Applies the home's access.toml where no policy was ever applied, journaled like any other. */
async function applyFirstPolicy(home: OpenHome, access: Access): Promise<void> {
  const file = resolve(home.layout.home, home.config.access.policy_file);
  const first = await access.firstPolicy(readText(file), home.config.access.policy_file);
  if (first === null) return;
  await commitAsSystem(
    { journal: home.journald.journal, store: home.store },
    {
      operation: 'system.first-policy',
      requestId: home.ids.next(),
      policyVersion: access.control.policyVersion(),
      statements: first.statements,
      event: first.event,
      intentId: null,
    },
  );
  await access.refresh();
}

/** Journals what files put in force at this start (truth rules, tools) where they were changed while no server ran. */
async function recordLoaded(
  home: OpenHome,
  policyVersion: number,
  loaded: {
    readonly operation: string;
    readonly actions: readonly string[];
    event(recorded: JsonObject | null): EventDraft | null;
  },
): Promise<void> {
  const { journald, store, ids } = home;
  const { operation } = loaded;
  const event = loaded.event(await journald.latest(loaded.actions));
  if (event === null) return;
  const change = { operation, requestId: ids.next(), policyVersion, statements: [], event };
  await commitAsSystem({ journal: journald.journal, store }, { ...change, intentId: null });
}

function upkeepTasks(
  home: OpenHome,
  access: Access,
  idempotencyRetention: () => ReturnType<Access['pendingTouches']>[number],
) {
  const { store, journald, ids } = home;
  const commit = store.commit.bind(store);
  return [
    commitTask('key use', 30_000, { statements: access.pendingTouches, commit }),
    commitTask('idempotency', 600_000, { statements: () => [idempotencyRetention()], commit }),
    {
      name: 'audit retention',
      everyMs: 3_600_000,
      async run() {
        const statement = await access.auditRetention(systemClock.nowMs());
        if (statement === null) return;
        await commitAsSystem(
          { journal: journald.journal, store },
          {
            operation: 'system.audit-retention',
            requestId: ids.next(),
            policyVersion: access.control.policyVersion(),
            statements: [statement],
            event: {
              action: 'audit.pruned',
              subject: 'audit',
              data: { retention_days: home.config.audit.retention_days },
            },
            intentId: null,
          },
        );
      },
    },
  ];
}

function startNotices(config: Config, settled: number): string[] {
  const notices = [];
  if (!config.auth.enabled)
    notices.push('Authentication is OFF: everyone who reaches this address is the administrator.');
  if (settled > 0) notices.push(`Settled ${settled} effect(s) that the last run left open.`);
  return notices;
}

function backupPorts(options: HomeOptions & { onProgress(files: number, sizeBytes: number): void }) {
  const config = () =>
    loadConfig({ file: homeLayout(options.home).configFile, environment: options.environment }).config;
  return {
    copiedFirst() {
      const headsFile = resolve(options.home, config().journal.heads_file);
      return isBelow(options.home, headsFile) ? [relative(options.home, headsFile)] : [];
    },
    notes() {
      const { journal, storage } = config();
      const outside = (path: string) => !isBelow(options.home, resolve(options.home, path));
      const buckets = Object.entries(storage.buckets).filter(([, { path }]) => outside(path));
      return [
        ...buckets.map(
          ([name]) => `The bucket "${name}" lies outside the home and is not part of the backup.`,
        ),
        ...(outside(journal.heads_file)
          ? ['The journal’s heads file lies outside the home and is not part of the backup.']
          : []),
      ];
    },
    async copyStore(from: string, to: string) {
      const reader = await openMetastoreReadOnly({ file: from, config: config().metastore });
      try {
        await reader.backup(to);
      } finally {
        await reader.close();
      }
    },
    async verifyJournal(home: string) {
      const report = await verifyHome({ home, environment: options.environment });
      if (!report.valid)
        throw new LakeError(configErrors.invalid, { detail: 'The journal does not verify.' });
      return { events: report.events_checked };
    },
    nowMs: systemClock.nowMs,
    onProgress: ({ files, sizeBytes }: { files: number; sizeBytes: number }) =>
      options.onProgress(files, sizeBytes),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LakeError(configErrors.unreadable, {
      detail:
        'The policy file named by access.policy_file cannot be read; restore it or correct the setting.',
      cause: error,
    });
  }
}
