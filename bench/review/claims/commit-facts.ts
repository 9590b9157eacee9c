import type { ScratchHistory } from './scratch-history.ts';

/** What git alone says of a commit; none of it comes from the auditor. */
export interface CommitFacts {
  readonly commit: string;
  readonly message: string;
  readonly files: readonly { readonly path: string; readonly added: number; readonly removed: number }[];
  /** Exported functions on added lines of sources. */
  readonly addedFunctions: readonly string[];
  /** Test cases that stand alone on added lines, less those on removed ones; null where tables may hold more. */
  readonly addedTests: number | null;
  readonly touchesTests: boolean;
  /** Sources of the tree that the commit leaves alone. */
  readonly others: readonly string[];
  /** Options of commands that added lines declare, and one that no added line holds. */
  readonly addedOptions: readonly string[];
  readonly otherOption: string | null;
  /** A function of the tree, and a source that imports and calls it. */
  readonly call: { readonly callee: string; readonly caller: string } | null;
}

export function commitFacts(history: ScratchHistory, commit: string): CommitFacts {
  const files = history
    .git(['diff', '--no-renames', '--numstat', `${commit}~1`, commit])
    .split('\n')
    .flatMap((line) => {
      const [added = '', removed = '', path = ''] = line.split('\t');
      return /^\d+$/.test(added) ? [{ path, added: Number(added), removed: Number(removed) }] : [];
    });
  const paths = history.git(['ls-tree', '-r', '--name-only', commit]).split('\n');
  const known = new Set(paths);
  const patch = history.git(['diff', '--no-renames', '--unified=0', `${commit}~1`, commit]);
  const tests = files.filter(({ path }) => isTest(path));
  const testPatch =
    tests.length === 0
      ? ''
      : history.git(['diff', '--unified=0', `${commit}~1`, commit, '--', ...tests.map(({ path }) => path)]);
  const cases = (sign: string) =>
    testPatch.split('\n').filter((line) => new RegExp(`^\\${sign}\\s*(?:it|test)\\('`).test(line)).length;
  const isTabled = /\.each|\bfor \(|forEach|\.map\(/.test(
    tests
      .map(({ path }) => (known.has(path) ? history.git(['cat-file', 'blob', `${commit}:${path}`]) : ''))
      .join('\n'),
  );
  return {
    commit,
    message: history.git(['log', '-1', '--format=%B', commit]),
    files,
    addedFunctions: [...patch.matchAll(/^\+export (?:async )?function (\w*[a-z][A-Z]\w*)/gm)].map(
      (one) => one[1] ?? '',
    ),
    addedTests: isTabled || tests.length === 0 ? null : cases('+') - cases('-'),
    touchesTests: tests.some(({ added }) => added > 0),
    others: paths.filter((path) => /^src\/.*\.ts$/.test(path) && !files.some((file) => file.path === path)),
    addedOptions: [...patch.matchAll(/^\+.*\.option\('(--[a-z][\w-]*\w)/gm)].map((one) => one[1] ?? ''),
    otherOption:
      ['--since', '--baseline', '--ladder'].find(
        (name) => !new RegExp(`^\\+.*${name.slice(2)}`, 'm').test(patch),
      ) ?? null,
    call: callIn(history, commit, paths),
  };
}

export function isTest(path: string): boolean {
  return /\.(?:test|fixture|contract)\.ts$|^test\/|^bench\//.test(path);
}

function callIn(history: ScratchHistory, commit: string, paths: readonly string[]): CommitFacts['call'] {
  const sources = paths.filter((path) => /^src\/.*\.ts$/.test(path) && !isTest(path));
  const start = Number.parseInt(commit.slice(0, 6), 16) % Math.max(1, sources.length);
  for (const caller of [...sources.slice(start), ...sources.slice(0, start)]) {
    const text = history.git(['cat-file', 'blob', `${commit}:${caller}`]);
    const imported = /import \{ (\w*[a-z][A-Z]\w*) \} from '\.\//.exec(text)?.[1];
    if (imported !== undefined && new RegExp(`[^\\w.]${imported}\\(`).test(text))
      return { callee: imported, caller };
  }
  return null;
}
