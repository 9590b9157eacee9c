// The only file of the room that starts a program: git, to learn which files belong to a repository.
import { execFileSync } from 'node:child_process';
import { LakeError } from '../../base/index.ts';
import { reviewErrors } from './errors.ts';

/** The repository under review is not trusted: nothing that its configuration names is run. */
const UNTRUSTED = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=', '-c', 'protocol.allow=never'];

const MOST_OUTPUT_BYTES = 1 << 30;

/** Files of a folder that git tracks or would track; null where no repository holds the folder. */
export function gitFiles(folder: string): readonly string[] | null {
  const listed = git(folder, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  return listed === null ? null : [...new Set(namesIn(listed))];
}

/** Files of a folder that differ from a revision, files that git does not track yet included. */
export function filesChangedSince(folder: string, revision: string): ReadonlySet<string> {
  const commit = commitOf(folder, revision);
  const names = ['diff', '--name-only', '-z', '--relative', '--no-ext-diff', '--no-textconv', commit, '--'];
  const changed = git(folder, [...withoutFilters(folder), ...names]);
  const untracked = git(folder, ['ls-files', '-z', '--others', '--exclude-standard']);
  return new Set([changed, untracked].flatMap((output) => (output === null ? [] : namesIn(output))));
}

/** The plain files of a folder at a revision, with their texts; links and submodules are left out. */
export function filesAt(folder: string, revision: string): ReadonlyMap<string, Buffer> {
  const commit = commitOf(folder, revision);
  const listed = git(folder, ['ls-tree', '-r', '-z', commit]);
  const entries = (listed === null ? [] : namesIn(listed)).flatMap((line) => {
    const match = /^100(?:644|755) blob ([\da-f]+)\t(.+)$/s.exec(line);
    return match?.[1] === undefined || match[2] === undefined ? [] : [{ object: match[1], path: match[2] }];
  });
  const asked = entries.map(({ object }) => `${object}\n`).join('');
  const answered = git(folder, ['cat-file', '--batch'], asked);
  const files = new Map<string, Buffer>();
  let at = 0;
  for (const { path } of answered === null ? [] : entries) {
    const head = answered?.subarray(at, answered.indexOf('\n', at)).toString() ?? '';
    const sizeBytes = Number(head.split(' ')[2]);
    const start = at + head.length + 1;
    files.set(path, answered?.subarray(start, start + sizeBytes) ?? Buffer.alloc(0));
    at = start + sizeBytes + 1;
  }
  return files;
}

/** Where a work tree stands. */
export interface WorkTree {
  /** The top of it, a real path. */
  readonly folder: string;
  /** Null before the first commit. */
  readonly commit: string | null;
  /** Files that differ from the commit, untracked ones included. */
  readonly changedFiles: number;
  /** The last two parts of the address that `origin` names, `owner/name`; null where there is none. */
  readonly originName: string | null;
}

/** The top of the work tree that holds a folder; null where there is none, or no git. */
export function topOf(folder: string): string | null {
  const top = git(folder, ['rev-parse', '--show-toplevel']);
  return top === null ? null : top.toString().replace(/\n$/, '');
}

/** A folder's path from the top of its work tree, with forward slashes and one at its end; empty at the top. */
export function prefixOf(folder: string): string {
  return git(folder, ['rev-parse', '--show-prefix'])?.toString().replace(/\n$/, '') ?? '';
}

/** The work tree that holds a folder; null where there is none, or no git. */
export function workTreeAt(folder: string): WorkTree | null {
  const top = topOf(folder);
  if (top === null) return null;
  const head = git(folder, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  const asked = ['status', '--porcelain', '-z', '--no-renames', '--ignore-submodules=all'];
  const status = git(folder, ['--no-optional-locks', ...withoutFilters(folder), ...asked]);
  const origin = git(folder, ['config', '--get', 'remote.origin.url'])?.toString().trim() ?? '';
  // The host and what stands before it, such as a token, are no part of the name.
  const parts = /([\w.-]+)[/:]([\w.-]+?)(?:\.git)?\/?$/.exec(origin);
  return {
    folder: top,
    commit: head?.toString().trim() ?? null,
    changedFiles: status === null ? 0 : namesIn(status).length,
    originName: parts === null ? null : `${parts[1]}/${parts[2]}`,
  };
}

/**
 * Settings that keep git from starting the filter programs of a repository's configuration, which it would do wherever
 * it compares a file with what is committed. Throws `review.unsafe_repository` for a filter that has no such setting.
 */
function withoutFilters(folder: string): readonly string[] {
  const listed = git(folder, [
    'config',
    '-z',
    '--name-only',
    '--get-regexp',
    '^filter\\..*\\.(clean|process)$',
  ]);
  return (listed === null ? [] : namesIn(listed)).flatMap((name) => {
    if (!name.includes('=')) return ['-c', `${name}=`];
    throw new LakeError(reviewErrors.unsafe_repository, {
      detail: `Its git configuration has a filter that cannot be turned off: ${JSON.stringify(name)}.`,
    });
  });
}

function commitOf(folder: string, revision: string): string {
  const commit = git(folder, [
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${revision}^{commit}`,
  ]);
  if (commit === null) {
    throw new LakeError(reviewErrors.unknown_revision, {
      detail:
        git(folder, ['rev-parse', '--git-dir']) === null
          ? `No git repository holds the folder, so there is no commit ${JSON.stringify(revision)} to compare with.`
          : `Git knows no commit by the name ${JSON.stringify(revision)} there.`,
    });
  }
  return commit.toString().trim();
}

function git(folder: string, command: readonly string[], input?: string): Buffer | null {
  try {
    return execFileSync('git', ['-C', folder, ...UNTRUSTED, ...command], {
      ...(input === undefined ? {} : { input }),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
      maxBuffer: MOST_OUTPUT_BYTES,
    });
  } catch {
    // No git, no repository, or a revision it does not know: the callers tell these apart by what they asked.
    return null;
  }
}

function namesIn(output: Buffer): readonly string[] {
  return output
    .toString()
    .split('\0')
    .filter((name) => name !== '');
}
