import { isAbsolute, join, relative, sep } from 'node:path';

/** Where things are in a home. The folder is 0700: it holds unmasked rows and key material. */
export interface HomeLayout {
  readonly home: string;
  readonly configFile: string;
  /** One line: the format this home was written in. */
  readonly formatFile: string;
  readonly storeFile: string;
  readonly keys: string;
  readonly warehouse: string;
  /** Ingest sources, quarantine and spill: system namespaces no bucket reaches. */
  readonly system: string;
  readonly spill: string;
}

export function homeLayout(home: string): HomeLayout {
  return {
    home,
    configFile: join(home, 'lakehouse.toml'),
    formatFile: join(home, 'FORMAT'),
    storeFile: join(home, 'store', 'lakehouse.db'),
    keys: join(home, 'keys'),
    warehouse: join(home, 'warehouse'),
    system: join(home, 'system'),
    spill: join(home, 'system', 'spill'),
  };
}

/** Whether a path is the folder or lies below it, by its parts. */
export function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
