import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A real repository in a folder of its own, for tests of the auditor. */
export interface AuditedRepository {
  readonly folder: string;
  /** Writes files (null deletes one) and commits them. */
  commit(files: Readonly<Record<string, string | null>>, message: string): string;
  /** The last commit's change under another message; answers the new commit and leaves the branch where it is. */
  restate(message: string): string;
  git(...command: readonly string[]): string;
  remove(): void;
}

export function auditedRepository(): AuditedRepository {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-audited-')));
  const git = (...command: readonly string[]) => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', folder, ...identity, ...command], { encoding: 'utf8' }).trim();
  };
  git('init', '--quiet');
  return {
    folder,
    git,
    commit: (files, message) => {
      for (const [path, text] of Object.entries(files)) {
        const target = join(folder, path);
        mkdirSync(dirname(target), { recursive: true });
        if (text === null) rmSync(target);
        else writeFileSync(target, text);
      }
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', message);
      return git('rev-parse', 'HEAD');
    },
    restate: (message) => git('commit-tree', 'HEAD^{tree}', '-p', 'HEAD~1', '-m', message),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
