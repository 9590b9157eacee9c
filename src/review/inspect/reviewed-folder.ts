import { gitFiles, prefixOf, topOf } from './git.ts';

/** Where to read, and which part of it to report on. */
export interface ReviewedFolder {
  readonly root: string;
  /** Folder below the root, with forward slashes; empty for all of it. */
  readonly below: string;
}

/**
 * A folder of a repository is read with the whole repository around it: its callers, settings and tests may stand elsewhere
 * there. One that no repository holds, or that git ignores, stands for itself.
 */
export function reviewedFolder(folder: string): ReviewedFolder {
  const alone = { root: folder, below: '' };
  const top = topOf(folder);
  if (top === null || (gitFiles(folder) ?? []).length === 0) return alone;
  const below = prefixOf(folder).replace(/\/$/, '');
  return below === '' ? alone : { root: top, below };
}
