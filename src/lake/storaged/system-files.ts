import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ContentWriter,
  createContentWriter,
  syncFile,
  syncFolder,
  type WriteLimits,
} from './content-writer.ts';
import { diskError } from './disk-error.ts';
import { FileContent } from './file-content.ts';

/**
 * Folders of the home for files that hold unmasked rows: uploaded sources, rejected rows, and work in progress. No
 * bucket reaches them.
 */
export const SYSTEM_NAMESPACES = ['sources', 'quarantine', 'work'] as const;
export type SystemNamespace = (typeof SYSTEM_NAMESPACES)[number];

/** Files of the system namespaces, by namespace and a name that the program made (an id, never text of a caller). */
export interface SystemFiles {
  path(namespace: SystemNamespace, name: string): string;
  /** A new file, written piece by piece. It is durable once `finish` and then `keep` returned. */
  create(
    namespace: SystemNamespace,
    name: string,
    limits: Omit<WriteLimits, 'minFreeBytes'>,
  ): Promise<ContentWriter>;
  /** Makes the names of finished files durable. */
  keep(namespace: SystemNamespace): Promise<void>;
  /** Throws `storage.unavailable` where the file is not there. */
  read(namespace: SystemNamespace, name: string): Promise<FileContent>;
  remove(namespace: SystemNamespace, name: string): Promise<void>;
  /** Removes every file whose name is not kept; returns how many. Called at start, before anything is served. */
  sweep(namespace: SystemNamespace, kept: ReadonlySet<string>): Promise<number>;
  /** Makes a data file that the engine wrote durable, with its name; returns its size. */
  sealDataFile(path: string): Promise<number>;
  /** Removes a data file that never became part of a snapshot. */
  removeDataFile(path: string): Promise<void>;
}

export async function openSystemFiles(home: string, minFreeBytes: number): Promise<SystemFiles> {
  const folder = (namespace: SystemNamespace) => join(home, 'system', namespace);
  const path = (namespace: SystemNamespace, name: string) => join(folder(namespace), name);
  for (const namespace of SYSTEM_NAMESPACES) await mkdir(folder(namespace), { recursive: true, mode: 0o700 });
  return {
    path,
    create: (namespace, name, limits) =>
      createContentWriter(path(namespace, name), { ...limits, minFreeBytes }),
    async keep(namespace) {
      try {
        await syncFolder(folder(namespace));
      } catch (error) {
        throw diskError(error);
      }
    },
    async read(namespace, name) {
      try {
        const file = await open(path(namespace, name), 'r');
        return new FileContent(file, { first: 0, last: (await file.stat()).size - 1 });
      } catch (error) {
        throw diskError(error);
      }
    },
    remove: (namespace, name) => rm(path(namespace, name), { force: true }),
    async sweep(namespace, kept) {
      const swept = (await readdir(folder(namespace))).filter((name) => !kept.has(name));
      for (const name of swept) await rm(path(namespace, name), { force: true, recursive: true });
      return swept.length;
    },
    sealDataFile: (file) => syncFile(file),
    removeDataFile: (file) => rm(file, { force: true }),
  };
}
