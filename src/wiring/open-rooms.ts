import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAibridge } from '../ai/aibridge/index.ts';
import { createTools } from '../ai/tools/index.ts';
import { systemClock } from '../base/index.ts';
import { commitAsSystem } from '../door/index.ts';
import { MCP_TOOL_NAMES } from '../gateway/index.ts';
import { type Access, createAccess, createExpressionParser, systemTimer } from '../govern/access/index.ts';
import { createBudget } from '../govern/budget/index.ts';
import { createTruth } from '../govern/truth/index.ts';
import { createCatalogd, createPiiDetector, personalDataInText } from '../lake/catalogd/index.ts';
import type { EnginePool } from '../lake/engine/index.ts';
import { createIngestd } from '../lake/ingestd/index.ts';
import { createQueryd } from '../lake/queryd/index.ts';
import { createStoraged } from '../lake/storaged/index.ts';
import { packageVersion } from '../package-version.ts';
import { createObserver } from '../review/observer/index.ts';
import { createScrum } from '../review/scrum/index.ts';
import { createTelemetry, type Telemetry } from '../telemetry/index.ts';
import { ingestEvent } from './ingest-event.ts';
import { modelCallEvent } from './model-call-event.ts';
import type { OpenHome } from './open-home.ts';
import { scrumEvent } from './scrum-event.ts';

/** The rooms of one home, each given the parts it asks for; no operation of them runs yet. */
export type Rooms = Awaited<ReturnType<typeof openRooms>>;

export async function openRooms(home: OpenHome, engine: EnginePool) {
  const { layout, config, log, ids, random, store } = home;
  const folder = layout.home;
  const clock = systemClock;
  const parse = (sql: string) => engine.parse(sql, AbortSignal.timeout(config.engine.timeout_ms));
  const parser = createExpressionParser(parse);
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
  const observer = createObserver({
    home: folder,
    config: config.observer,
    reader: store,
    clock,
    ids,
    log,
    commit: (change) =>
      commitAsSystem(
        { journal: home.journald.journal, store },
        {
          ...change,
          operation: 'observer.tell',
          requestId: ids.next(),
          policyVersion: access.control.policyVersion(),
          intentId: null,
        },
      ),
  });
  const truth = await createTruth({
    rulesFile: resolve(folder, config.truth.rules_file),
    log,
    reader: store,
    clock,
    ids,
  });
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
  const { systemFiles } = storaged;
  const ingestd = createIngestd({
    catalog,
    engine,
    detector,
    systemFiles,
    reader: store,
    config,
    clock,
    ids,
    log,
    ingested: (row) => observer.tell(ingestEvent(row)),
  });
  const queryd = createQueryd({
    engine,
    catalog,
    config,
    clock,
    random,
    ids,
    maskKey: () => access.maskHashKey,
    isAdministrator: (identity) =>
      access.control.authorise(identity, { kind: 'permission', permission: 'system.admin' }).allowed,
  });
  const tools = await createTools({
    folder: resolve(folder, config.tools.folder),
    reservedNames: MCP_TOOL_NAMES,
    parse,
    config,
    clock,
    log,
  });
  const aibridge = createAibridge({
    home: folder,
    config: config.models,
    environment: home.environment,
    reader: store,
    personalData: personalDataInText,
    clock,
    wait: (delayMs, signal) => sleep(delayMs, undefined, { signal }),
    random: Math.random,
    log,
  });
  const scrum = createScrum({
    promptFile: (name) => resolve(folder, config.scrum.prompts_folder, name),
    retentionDays: config.scrum.retention_days,
    reader: store,
    datasetFacts: (scope, name) => catalog.facts(scope, name),
    clock,
    ids,
    random,
    tell: (news) => observer.tell(scrumEvent(news)),
  });
  const budget = createBudget({ reader: store, ceilings: aibridge.ceilings });
  const exporter = createTelemetry({
    config: config.telemetry,
    environment: home.environment,
    version: packageVersion(),
  });
  const telemetry: Telemetry = {
    modelCalled(call) {
      exporter.modelCalled(call);
      observer.tell(modelCallEvent(call));
    },
    close: () => exporter.close(),
  };
  return {
    access,
    observer,
    truth,
    budget,
    storaged,
    catalogd,
    ingestd,
    queryd,
    tools,
    aibridge,
    scrum,
    telemetry,
  };
}
