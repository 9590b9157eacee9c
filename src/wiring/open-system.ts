import { systemClock } from '../base/index.ts';
import type { Config } from '../config/index.ts';
import { createDoor, type Door, type Settle, settleIntents } from '../door/index.ts';
import { createMetrics, createSystem, type Metrics, storeTotals } from '../gateway/index.ts';
import type { HttpRoute } from '../govern/scope/index.ts';
import { createReadiness } from '../home/index.ts';
import { createEnginePool, type EnginePool } from '../lake/engine/index.ts';
import { packageVersion } from '../package-version.ts';
import type { OpenHome } from './open-home.ts';
import { openRooms, type Rooms } from './open-rooms.ts';
import { applyFirstPolicy, chargeAbandoned, recordLoaded } from './start-records.ts';
import { upkeepTasks } from './upkeep-tasks.ts';

/** One home with its rooms behind one door, ready to be served. */
export interface System {
  readonly door: Door;
  readonly routes: readonly HttpRoute[];
  readonly metrics: Metrics;
  readonly upkeep: ReturnType<typeof upkeepTasks>;
  readonly notices: readonly string[];
  /** From here on `/health` and `/ready` say that the server is going. */
  stopping(): void;
  close(): Promise<void>;
}

/** Wires the rooms of one home to one door, and brings the home to the state a start leaves it in. */
export async function openSystem(home: OpenHome): Promise<System> {
  const { config, layout, log } = home;
  const engine = await createEnginePool({ config, folder: layout.spill, log });
  try {
    const rooms = await openRooms(home, engine);
    const { settle, idempotencyRetention, closeLeftOpen, doubtedSpendings, ...served } = wireDoor(
      home,
      engine,
      rooms,
    );
    const { access, observer, truth, storaged, ingestd, aibridge } = rooms;
    truth.requireJudged(served.door.operations);
    await applyFirstPolicy(home, access);
    await recordLoaded(home, rooms, access.control.policyVersion());
    const charged = await chargeAbandoned(home, access.control.policyVersion());
    const settled = await settleIntents({
      intents: await home.journald.openIntents(),
      settle,
      journal: home.journald.journal,
      store: home.store,
      ids: home.ids,
      policyVersion: access.control.policyVersion(),
    });
    await storaged.sweep();
    await ingestd.sweep();
    observer.start();
    return {
      ...served,
      notices: startNotices(config, settled, charged),
      upkeep: upkeepTasks(home, rooms, { idempotencyRetention, closeLeftOpen, doubtedSpendings }),
      async close() {
        await observer.close();
        access.close();
        await aibridge.close();
        await rooms.telemetry.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** One door over the operations of every room, and the routes, health and metrics that the gateway serves beside it. */
function wireDoor(home: OpenHome, engine: EnginePool, rooms: Rooms) {
  const { config, log, ids, store, journald } = home;
  const { access, observer, truth, budget, storaged, catalogd, ingestd, queryd, tools, aibridge, scrum } =
    rooms;
  let live = true;
  const storeReady = createReadiness({ store, clock: systemClock });
  const metrics = createMetrics({ engine: engine.stats, models: aibridge.stats, ...storeTotals(store) });
  const system = createSystem({
    version: packageVersion(),
    health: {
      live: () => live,
      ready: async () => (live ? await storeReady() : { ready: false, reasons: ['the server is stopping'] }),
    },
    metrics,
    contract: () => ({ operations: created.door.operations, routes }),
  });
  const offering = [
    access,
    truth,
    journald,
    storaged,
    catalogd,
    ingestd,
    queryd,
    tools,
    aibridge,
    observer,
    scrum,
    system,
  ];
  const routes = offering.flatMap((room) => room.routes);
  const settle: Settle = async (intent) =>
    (await storaged.settleIntent(intent)) ?? catalogd.settleIntent(intent);
  const created = createDoor({
    operations: offering.flatMap((room) => room.operations),
    access: access.control,
    truth: truth.truth,
    budget,
    telemetry: {
      ...rooms.telemetry,
      modelCalled(call) {
        metrics.observeModelCall(call);
        rooms.telemetry.modelCalled(call);
      },
    },
    journal: journald.journal,
    store,
    settle,
    clock: systemClock,
    ids,
    log,
    idempotencyRetentionMs: config.idempotency.retention_hours * 3_600_000,
  });
  return {
    ...created,
    routes,
    metrics,
    settle,
    stopping() {
      live = false;
      observer.stopping();
    },
  };
}

function startNotices(config: Config, settled: number, charged: number): string[] {
  const notices = [];
  if (!config.auth.enabled)
    notices.push('Authentication is OFF: everyone who reaches this address is the administrator.');
  if (settled > 0) notices.push(`Settled ${settled} effect(s) that the last run left open.`);
  if (charged > 0)
    notices.push(`Charged ${charged} model call(s) that the last run left open with what was held for them.`);
  return notices;
}
