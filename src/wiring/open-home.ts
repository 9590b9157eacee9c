import { randomBytes } from 'node:crypto';
import { createIdGenerator, createLogger, type Logger, systemClock } from '../base/index.ts';
import { type Config, loadConfig } from '../config/index.ts';
import { commitAsSystem } from '../door/index.ts';
import type { bootstrap } from '../govern/access/index.ts';
import { type HomeLayout, homeLayout, requireFormat, requirePrivateKeys } from '../home/index.ts';
import { createJournald, type Journald } from '../lake/journald/index.ts';
import { type Metastore, openMetastore } from '../metastore/index.ts';

/** What the caller of `main.ts` says about a home: the environment and the command line override its file. */
export interface HomeOptions {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Record<string, string | number | boolean>>;
}

/** A home with its store open and its journal started; nothing is served yet. */
export interface OpenHome {
  readonly layout: HomeLayout;
  readonly config: Config;
  /** Where keys of model providers are looked up by name. */
  readonly environment: HomeOptions['environment'];
  readonly log: Logger;
  readonly ids: ReturnType<typeof createIdGenerator>;
  readonly random: (sizeBytes: number) => Uint8Array;
  readonly store: Metastore;
  readonly journald: Journald;
  close(): Promise<void>;
}

/** Opens the store and the journal of a home. Throws `LakeError` where it is none, or is served already. */
export async function openHome(options: HomeOptions): Promise<OpenHome> {
  requireFormat(options.home);
  requirePrivateKeys(options.home);
  const layout = homeLayout(options.home);
  const { environment, flags = {} } = options;
  const { config } = loadConfig({ file: layout.configFile, environment, flags });
  const log = createLogger({ level: config.log.level });
  const random = (sizeBytes: number) => randomBytes(sizeBytes);
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
    environment,
    log,
    ids,
    random,
    store,
    journald,
    async close() {
      await journald.stop();
      await store.close();
    },
  };
}

/** Makes an administrator's key in a home that is not served, journaled as what `operation` names. */
export async function withAdminKey(
  options: HomeOptions,
  operation: 'system.init' | 'system.recover',
  make: typeof bootstrap,
): Promise<{ readonly adminKey: string }> {
  const home = await openHome(options);
  try {
    const { config, store, journald, random } = home;
    const made = make({ home: options.home, config, reader: store, clock: systemClock, random });
    await commitAsSystem(
      { journal: journald.journal, store },
      {
        operation,
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
