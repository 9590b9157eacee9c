// The only file of the room that starts git. The audited repository is not trusted: nothing that its configuration, its
// attributes, its hooks or its replaced objects name is run or believed, and nothing is fetched.
import { execFileSync } from 'node:child_process';
import { LakeError } from '../../../base/index.ts';
import { auditorErrors } from '../errors.ts';

/**
 * A repository, read only. What it lacks, as a shallow or partial clone does, is `auditor.history_missing`: a change that cannot be
 * read must not pass for an empty one.
 */
export interface GitRepository {
  /** The top of its work tree; null where it has none. */
  readonly folder: string | null;
  /** The full id of the commit a revision names. Throws `auditor.unknown_revision`. */
  commitOf(revision: string): string;
  /** The commits of a range, oldest first; the range `A..B` or one commit. */
  commitsOf(range: string): readonly string[];
  /** The first parent; the empty tree for a commit without one. */
  baseOf(commit: string): string;
  messageOf(commit: string): string;
  changedFiles(base: string, commit: string): readonly ChangedFile[];
  /** The changes as a patch, each with so many unchanged lines around it. */
  patch(base: string, commit: string, contextLines: number): string;
  /** Null where the revision has no such plain file, or it is no text that a person would write. */
  textAt(revision: string, path: string): string | null;
  pathsAt(revision: string): readonly string[];
  /** Files at a revision that hold the text as a whole word. */
  filesNaming(revision: string, word: string): readonly string[];
  /** The plain files of a revision that are wanted, with their bytes. */
  filesAt(revision: string, isWanted: (path: string) => boolean): Iterable<RevisionFile>;
}

export interface ChangedFile {
  readonly path: string;
  /** Its name before, where it was renamed or copied. */
  readonly from: string | null;
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed';
  /** Null for a binary file. */
  readonly addedLines: number | null;
  readonly removedLines: number | null;
}

export interface RevisionFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly isExecutable: boolean;
}

const SETTINGS = [
  ...[
    'core.hooksPath=/dev/null',
    'core.fsmonitor=false',
    'core.attributesFile=/dev/null',
    'core.quotePath=false',
  ],
  // Its owner may be another, as in CI; none of its settings has an effect that this permission would let in.
  ...[
    'safe.directory=*',
    'protocol.allow=never',
    'log.showSignature=false',
    'diff.renames=true',
    'grep.threads=1',
  ],
].flatMap((setting) => ['-c', setting]);

const PLAIN_DIFF = ['--no-ext-diff', '--no-textconv', '--no-color', '-M', '--ignore-submodules=dirty'];

const ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_NO_LAZY_FETCH: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PAGER: 'cat',
  LC_ALL: 'C.UTF-8',
};

const MOST_OUTPUT_BYTES = 1 << 30;
const MOST_TEXT_BYTES = 1_500_000;
const MOST_COMMITS = 1_000;

/** Opens the repository that holds a folder. `searchPath` is where git is looked for. */
export function openRepository(folder: string, searchPath: string): GitRepository {
  const attempt = (command: readonly string[], input?: string): { bytes: Buffer | null; status: number } => {
    try {
      const bytes = execFileSync('git', ['--no-pager', ...SETTINGS, '-C', folder, ...command], {
        env: { ...ENVIRONMENT, PATH: searchPath },
        ...(input === undefined ? {} : { input }),
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
        maxBuffer: MOST_OUTPUT_BYTES,
      });
      return { bytes, status: 0 };
    } catch (error) {
      const status = error instanceof Error && 'status' in error ? Number(error.status) : -1;
      return { bytes: null, status };
    }
  };
  /** Null where git fails: callers tell an unknown name from an empty answer by what they asked. */
  const run = (command: readonly string[], input?: string) => attempt(command, input).bytes;
  if (run(['rev-parse', '--git-dir']) === null) {
    throw new LakeError(auditorErrors.repository_not_found, {
      detail: `${JSON.stringify(folder)} is in no git repository that can be read.`,
    });
  }
  /** What git must be able to tell; status 1 says that it looked and found nothing. */
  const needed = (command: readonly string[], input?: string): string => {
    const { bytes, status } = attempt(command, input);
    if (bytes === null && status !== 1) throw historyMissing(`git ${command[0]} fails`);
    return bytes?.toString() ?? '';
  };
  // Names below are from the top of the repository, wherever in it the folder is.
  const text = (command: readonly string[], input?: string) => run(command, input)?.toString() ?? '';
  const commitOf = (revision: string): string => {
    const found = text([
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ]).trim();
    if (found !== '') return found;
    throw new LakeError(auditorErrors.unknown_revision, {
      detail: `${JSON.stringify(revision)} is no commit of the repository.`,
    });
  };
  return {
    folder: text(['rev-parse', '--show-toplevel']).trim() || null,
    commitOf,
    commitsOf: (range) => commitsOf(range, commitOf, needed),
    baseOf: (commit) => {
      // Of the commit itself: a shallow clone says of its oldest ones that they have no parent.
      const parent = /^parent (\w+)$/m.exec(headerOf(needed(['cat-file', 'commit', commit])))?.[1];
      if (parent === undefined) return needed(['hash-object', '-t', 'tree', '--stdin'], '').trim();
      if (run(['cat-file', '-e', `${parent}^{tree}`]) !== null) return parent;
      throw historyMissing(`the parent of ${commit.slice(0, 10)} is not there`);
    },
    messageOf: (commit) => {
      const object = needed(['cat-file', 'commit', commit]);
      return object.slice(headerOf(object).length + 2).trimEnd();
    },
    changedFiles: (base, commit) => changedFiles(base, commit, needed),
    patch: (base, commit, contextLines) =>
      needed(['diff', ...PLAIN_DIFF, `--unified=${contextLines}`, base, commit, '--']),
    textAt: (revision, path) => {
      const bytes = run(['cat-file', 'blob', `${revision}:${path}`]);
      if (bytes === null && isListedFile(text(['ls-tree', '-z', '--full-tree', revision, '--', path])))
        throw historyMissing(`a file of ${revision.slice(0, 10)} is not there`);
      if (bytes === null || bytes.length > MOST_TEXT_BYTES || bytes.includes(0)) return null;
      return bytes.toString();
    },
    pathsAt: (revision) => parts(needed(['ls-tree', '-r', '-z', '--name-only', '--full-tree', revision])),
    filesNaming: (revision, word) =>
      parts(
        needed([
          'grep',
          '-z',
          '-l',
          '-I',
          '-F',
          '-w',
          '--no-textconv',
          '--full-name',
          '-e',
          word,
          revision,
          '--',
          ':/',
        ]),
      ).map((name) => name.slice(revision.length + 1)),
    filesAt: (revision, isWanted) => filesAt(revision, isWanted, run),
  };
}

function historyMissing(what: string): LakeError {
  return new LakeError(auditorErrors.history_missing, {
    detail: `The repository does not hold all that the audit reads: ${what}. A shallow or partial clone is completed with \`git fetch --unshallow\` or \`git fetch --refetch --no-filter\`.`,
  });
}

/** The lines of a commit object before its message. */
function headerOf(object: string): string {
  return object.slice(0, object.indexOf('\n\n'));
}

function isListedFile(entries: string): boolean {
  return /^100\d+ blob /.test(entries);
}

function commitsOf(
  range: string,
  commitOf: (revision: string) => string,
  text: (command: readonly string[]) => string,
): readonly string[] {
  const match = /^(.*?)\.\.\.?(.*)$/.exec(range);
  if (match === null) return [commitOf(range)];
  const [from, to] = [commitOf(match[1] || 'HEAD'), commitOf(match[2] || 'HEAD')];
  const commits = text(['rev-list', '--reverse', '--topo-order', `${from}..${to}`]).split('\n');
  const found = commits.filter((one) => one !== '');
  if (found.length <= MOST_COMMITS) return found;
  throw new LakeError(auditorErrors.range_too_large, {
    detail: `The range holds ${found.length} commits; one audit reads ${MOST_COMMITS}.`,
  });
}

function changedFiles(
  base: string,
  commit: string,
  text: (command: readonly string[]) => string,
): readonly ChangedFile[] {
  const counts = lineCounts(text(['diff', ...PLAIN_DIFF, '--numstat', '-z', base, commit, '--']));
  const fields = parts(text(['diff', ...PLAIN_DIFF, '--name-status', '-z', base, commit, '--']));
  const files: ChangedFile[] = [];
  for (let at = 0; at < fields.length; ) {
    const letter = fields[at]?.[0] ?? '';
    const isMoved = letter === 'R' || letter === 'C';
    const path = fields[at + (isMoved ? 2 : 1)] ?? '';
    const status = STATUSES.get(letter) ?? 'modified';
    const [addedLines = null, removedLines = null] = counts.get(path) ?? [];
    files.push({ path, from: isMoved ? (fields[at + 1] ?? null) : null, status, addedLines, removedLines });
    at += isMoved ? 3 : 2;
  }
  return files;
}

const STATUSES: ReadonlyMap<string, ChangedFile['status']> = new Map([
  ['A', 'added'],
  ['C', 'added'],
  ['D', 'deleted'],
  ['R', 'renamed'],
]);

/** `added TAB removed TAB path`, or of a renamed file an empty path and the two names after it. */
function lineCounts(output: string): ReadonlyMap<string, readonly (number | null)[]> {
  const fields = output.split('\0');
  const counts = new Map<string, readonly (number | null)[]>();
  for (let at = 0; at < fields.length; at++) {
    const match = /^(\d+|-)\t(\d+|-)\t(.*)$/s.exec(fields[at] ?? '');
    if (match === null) continue;
    const path = match[3] === '' ? (fields[at + 2] ?? '') : (match[3] ?? '');
    counts.set(
      path,
      [match[1], match[2]].map((count) => (count === '-' ? null : Number(count))),
    );
    if (match[3] === '') at += 2;
  }
  return counts;
}

function* filesAt(
  revision: string,
  isWanted: (path: string) => boolean,
  run: (command: readonly string[], input?: string) => Buffer | null,
): Iterable<RevisionFile> {
  const listed = parts(run(['ls-tree', '-r', '-z', '--full-tree', revision])?.toString() ?? '').flatMap(
    (line) => {
      const match = /^100(644|755) blob ([\da-f]+)\t(.+)$/s.exec(line);
      const [, mode, object = '', path = ''] = match ?? [];
      return match !== null && isWanted(path) ? [{ mode, object, path }] : [];
    },
  );
  const answered = run(['cat-file', '--batch'], listed.map(({ object }) => `${object}\n`).join(''));
  if (answered === null) throw historyMissing('git cat-file fails');
  let at = 0;
  for (const { mode, path } of listed) {
    const lineEnd = answered.indexOf('\n', at);
    const sizeBytes = Number(answered.subarray(at, lineEnd).toString().split(' ')[2]);
    if (Number.isNaN(sizeBytes)) throw historyMissing(`a file of ${revision.slice(0, 10)} is not there`);
    const start = lineEnd + 1;
    yield { path, bytes: answered.subarray(start, start + sizeBytes), isExecutable: mode === '755' };
    at = start + sizeBytes + 1;
  }
}

function parts(output: string): readonly string[] {
  return output.split('\0').filter((part) => part !== '');
}
