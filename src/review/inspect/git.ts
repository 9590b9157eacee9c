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
  const changed = git(folder, ['diff', '--name-only', '-z', '--relative', '--no-ext-diff', commit, '--']);
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
      detail: `Git knows no commit by the name ${JSON.stringify(revision)} there.`,
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
