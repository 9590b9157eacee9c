import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A git repository of a test, in a folder of its own. */
export interface ScrumRepository {
  readonly folder: string;
  /** Null takes a file away. */
  write(files: Readonly<Record<string, string | null>>): void;
  /** Writes and commits; answers the commit’s id. */
  commit(files: Readonly<Record<string, string | null>>): string;
  remove(): void;
}

export function scrumRepository(): ScrumRepository {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lakehouse-scrum-test-')));
  const git = (...command: string[]) => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    return execFileSync('git', ['-C', folder, ...identity, ...command], { encoding: 'utf8' }).trim();
  };
  git('init', '--quiet');
  git('remote', 'add', 'origin', 'https://git.example.org/team/service.git');
  const write = (files: Readonly<Record<string, string | null>>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      if (text === null) rmSync(join(folder, path));
      else writeFileSync(join(folder, path), text);
    }
  };
  return {
    folder,
    write,
    commit(files) {
      write(files);
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '--message', 'Change');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
