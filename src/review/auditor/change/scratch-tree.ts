import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import type { GitRepository } from './git-repository.ts';

/**
 * Writes a revision to `tree/` in a folder of its own for as long as the work takes. Made of git's objects and not by a checkout,
 * so that neither hooks nor filters of the audited repository run and nothing in it changes; links are left out.
 */
export async function withTreeOf<T>(
  repository: GitRepository,
  revision: string,
  work: (folder: string) => T | Promise<T>,
  isWanted: (path: string) => boolean = () => true,
): Promise<T> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-auditor-')));
  const tree = join(folder, 'tree');
  try {
    mkdirSync(tree);
    for (const { path, bytes, isExecutable } of repository.filesAt(revision, isWanted)) {
      const target = resolve(tree, path);
      // Names are data of the audited repository, and must not lead out of the copy.
      if (!target.startsWith(tree + sep)) continue;
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, bytes);
      if (isExecutable) chmodSync(target, 0o700);
    }
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
