import { relative, resolve } from 'node:path';
import { systemClock } from '../base/index.ts';
import { type Config, loadConfig } from '../config/index.ts';
import { homeLayout, isBelow, requireFormat } from '../home/index.ts';
import { readKeptCheckpoint, verifyOffline } from '../lake/journald/index.ts';
import { openMetastoreReadOnly } from '../metastore/index.ts';
import type { HomeOptions } from './open-home.ts';

/** What copying a home needs of the rooms above it: its store, its journal, and what its configuration keeps elsewhere. */
export function backupPorts(options: HomeOptions & { onProgress(files: number, sizeBytes: number): void }) {
  const config = () =>
    loadConfig({ file: homeLayout(options.home).configFile, environment: options.environment }).config;
  return {
    copiedFirst() {
      const headsFile = resolve(options.home, config().journal.heads_file);
      return isBelow(options.home, headsFile) ? [relative(options.home, headsFile)] : [];
    },
    notes() {
      return thingsOutside(options.home, config()).map(
        (what) => `${what} outside the home and is not part of the backup.`,
      );
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
      const [first] = report.problems;
      const problem = first === undefined ? null : `event ${first.seq} (${first.place}): ${first.problem}`;
      return { events: report.events_checked, problem };
    },
    nowMs: systemClock.nowMs,
    onProgress: ({ files, sizeBytes }: { files: number; sizeBytes: number }) =>
      options.onProgress(files, sizeBytes),
  };
}

/** What the configuration keeps elsewhere, each with its verb. */
function thingsOutside(home: string, config: Config): readonly string[] {
  const { journal, storage, truth, access, models, observer, scrum, tools } = config;
  const things: readonly (readonly [string, string])[] = [
    ...Object.entries(storage.buckets).map(
      ([name, { path }]) => [`The bucket "${name}" lies`, path] as const,
    ),
    ['The journal’s heads file lies', journal.heads_file],
    ['The truth rules lie', truth.rules_file],
    ['The policy file lies', access.policy_file],
    ['The routing file lies', models.routing_file],
    ['The folder of tools lies', tools.folder],
    ['The escalations lie', observer.escalations_file],
    ['The folder of review prompts lies', scrum.prompts_folder],
    ['The model catalogue lies', models.catalogue_file],
    ...Object.entries(models.providers).map(
      ([name, { api_key_file: file }]) => [`The key file of the provider "${name}" lies`, file] as const,
    ),
  ];
  // An empty path names no file, or the one that the package ships.
  return things.flatMap(([what, path]) => (path === '' || isBelow(home, resolve(home, path)) ? [] : [what]));
}

/** Verifies the journal of a home without its server, against a checkpoint kept elsewhere where one is given. */
export function verifyHome(
  options: HomeOptions & { readonly checkpoint?: Parameters<typeof readKeptCheckpoint>[0] | null },
) {
  requireFormat(options.home);
  const layout = homeLayout(options.home);
  const { config } = loadConfig({ file: layout.configFile, environment: options.environment });
  const kept = options.checkpoint ? readKeptCheckpoint(options.checkpoint) : null;
  return verifyOffline({
    home: options.home,
    storeFile: layout.storeFile,
    config,
    publicKey: kept?.publicKey,
    checkpoint: kept?.checkpoint,
  });
}
