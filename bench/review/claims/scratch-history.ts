import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A copy of this repository's history, in which commits are restated. */
export interface ScratchHistory {
  readonly folder: string;
  git(command: readonly string[], input?: string): string;
  /** The same change under another message; `tree` where the change is another too. */
  restate(commit: string, message: string, tree?: string): string;
  /** The tree of a commit with one file's text replaced. */
  treeWith(commit: string, path: string, text: string): string;
  remove(): void;
}

export function scratchHistory(source: string): ScratchHistory {
  const folder = mkdtempSync(join(tmpdir(), 'lakehouse-claims-'));
  execFileSync('git', ['clone', '--quiet', '--shared', '--no-checkout', source, folder]);
  const identity = [
    '-c',
    'user.name=bench',
    '-c',
    'user.email=bench@example.org',
    '-c',
    'commit.gpgsign=false',
  ];
  const git = (command: readonly string[], input?: string, environment = {}) =>
    execFileSync('git', ['-C', folder, ...identity, ...command], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, ...environment },
      ...(input === undefined ? {} : { input }),
    }).trimEnd();
  return {
    folder,
    git,
    restate: (commit, message, tree) => {
      const parent = git(['rev-parse', `${commit}~1`]);
      return git(['commit-tree', tree ?? `${commit}^{tree}`, '-p', parent], message);
    },
    treeWith: (commit, path, text) => {
      const index = { GIT_INDEX_FILE: join(folder, 'planted-index') };
      git(['read-tree', commit], undefined, index);
      const object = git(['hash-object', '-w', '--stdin'], text);
      git(['update-index', '--add', '--cacheinfo', `100644,${object},${path}`], undefined, index);
      return git(['write-tree'], undefined, index);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
