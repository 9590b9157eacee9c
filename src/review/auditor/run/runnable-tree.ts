import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
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

/** Writes a revision to a folder of its own for as long as the work takes; its programs see nothing of the caller's home. */
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
    linkInstalled(repository.folder, folder);
    const environment = {
      ...{ PATH: searchPath, HOME: home, TMPDIR: home },
      ...{ CI: '1', NO_COLOR: '1', LC_ALL: 'C.UTF-8' },
    };
    return work({
      folder,
      timeoutMs,
      run: (words, leftMs = timeoutMs) =>
        runConfined({ words, folder, environment, timeoutMs: leftMs, memoryBytes }),
    });
  });
}

/** What was installed for the repository serves its copy too; nothing is fetched. */
function linkInstalled(from: string | null, copy: string): void {
  const installed = from === null ? null : join(from, 'node_modules');
  if (installed !== null && existsSync(installed)) symlinkSync(installed, join(copy, 'node_modules'));
}
