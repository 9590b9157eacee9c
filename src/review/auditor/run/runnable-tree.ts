import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { GitRepository } from '../change/git-repository.ts';
import { withTreeOf } from '../change/scratch-tree.ts';
import { type ConfinedRun, runConfined } from './confined-process.ts';

export interface RunLimits {
  /** For all runs that one question takes: what fails is run again, and without the change. */
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Where programs are looked for. */
  readonly searchPath: string;
}

/** A copy of a revision in which programs of it run, confined. */
export interface RunnableTree {
  readonly folder: string;
  /** Of its limits: what the runs of one question may take together. */
  readonly timeoutMs: number;
  run(words: readonly string[], timeoutMs?: number): Promise<ConfinedRun>;
}

/** Writes a revision to a folder of its own for as long as the work takes; its programs write nowhere else. */
export function withRunnableTree<T>(
  repository: GitRepository,
  revision: string,
  { timeoutMs, memoryBytes, searchPath }: RunLimits,
  work: (tree: RunnableTree) => Promise<T>,
): Promise<T> {
  return withTreeOf(repository, revision, (scratch) => {
    const folder = join(scratch, 'tree');
    const home = join(scratch, 'home');
    mkdirSync(home);
    const installed = repository.folder === null ? null : join(repository.folder, 'node_modules');
    const hasInstalled = installed !== null && existsSync(installed);
    if (hasInstalled) linkInstalled(installed, join(folder, 'node_modules'));
    const readable = hasInstalled ? [installed] : [];
    const environment = {
      ...{ PATH: searchPath, HOME: home, TMPDIR: home },
      ...{ CI: '1', NO_COLOR: '1', LC_ALL: 'C.UTF-8' },
    };
    return work({
      folder,
      timeoutMs,
      run: (words, leftMs = timeoutMs) =>
        runConfined({
          ...{ words, folder, writable: scratch, readable, environment, memoryBytes },
          timeoutMs: leftMs,
        }),
    });
  });
}

/**
 * What was installed for the repository serves its copy too; nothing is fetched. Packages are linked one by one into a
 * folder of the copy's own: runners keep caches and compiled settings there, and what is installed is not theirs to change.
 */
function linkInstalled(installed: string, own: string): void {
  if (existsSync(own)) return;
  mkdirSync(own);
  const isPackage = (name: string) => !name.startsWith('.') || LINKED.has(name);
  for (const name of readdirSync(installed).filter(isPackage)) {
    symlinkSync(join(installed, name), join(own, name));
  }
}

/** Folders of package managers that packages are run from; the others with a dot are caches. */
const LINKED: ReadonlySet<string> = new Set(['.bin', '.pnpm', '.store']);
