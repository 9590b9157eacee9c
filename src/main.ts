import { type LakeError, systemClock } from './base/index.ts';
import { createGateway } from './gateway/index.ts';
import { bootstrap, recoverAdminKey } from './govern/access/index.ts';
import { type BackupReport, backupHome, makeHome, restoreHome, startUpkeep } from './home/index.ts';
import { packageVersion } from './package-version.ts';
import { backupPorts, type HomeOptions, openHome, openSystem, withAdminKey } from './wiring/index.ts';

export { checkSettings, verifyHome } from './wiring/index.ts';

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** What an operator must know at start: authentication off, intents settled. */
  readonly notices: readonly string[];
  /** Resolves where the server cannot go on, with what to do; it answers 503 until it is closed. */
  readonly failed: Promise<LakeError>;
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
        failed: home.store.ended,
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
  return withAdminKey({ home: options.home, environment: {} }, 'system.init', bootstrap);
}

/** Another administrator's key for whoever owns the home directory; journaled. The server must not be running. */
export async function recoverKey(options: HomeOptions): Promise<{ readonly adminKey: string }> {
  return withAdminKey(options, 'system.recover', recoverAdminKey);
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
