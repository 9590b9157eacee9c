import { sourceRoleOf } from '../../inspect/index.ts';
import type { ChangedFile, GitRepository } from './git-repository.ts';
import { type DiffLine, diffLines, type PatchLines, patchLines } from './patch.ts';
import { productionUsage, type SymbolUsage } from './symbol-usage.ts';
import { type TestCounts, testCounts } from './test-counts.ts';

/** What a commit, or a pull request as a whole, really did; asked of git, and only when a claim needs it. */
export interface Change {
  readonly commit: string;
  /** What it is a change of; the empty tree for a first commit. */
  readonly base: string;
  readonly files: readonly ChangedFile[];
  readonly lines: PatchLines;
  /** The changed lines among those around them, as a reader needs them. */
  linesInContext(): Iterable<DiffLine>;
  before(path: string): string | null;
  after(path: string): string | null;
  /** Whether a path, or a path that ends with it, is in the tree before or after. */
  knownPaths(path: string): readonly string[];
  /** A path before or after that a pattern matches; null where none does. */
  pathLike(pattern: RegExp): string | null;
  /** Files before or after that hold a word, the documents of the claims themselves left out. */
  filesNaming(word: string): readonly string[];
  isTest(path: string): boolean;
  /** Test cases of the changed test files, before and after. */
  tests(): TestCounts;
  /** Test cases of every file of the tree. */
  allTests(): { readonly before: number; readonly after: number; readonly isLowerBound: boolean };
  /** Who uses what in the tree after the change. */
  usage(): Promise<SymbolUsage>;
}

const CONTEXT_LINES = 8;

/** The change between two trees. */
export function changeOf(repository: GitRepository, base: string, commit: string): Change {
  const files = repository.changedFiles(base, commit);
  const once = memo();
  const before = (path: string) => once(`before ${path}`, () => repository.textAt(base, path));
  const after = (path: string) => once(`after ${path}`, () => repository.textAt(commit, path));
  const paths = (revision: string) => once(`paths ${revision}`, () => repository.pathsAt(revision));
  const changedTests = () => files.filter(({ path, from }) => isTestPath(path) || isTestPath(from ?? ''));
  return {
    commit,
    base,
    files,
    lines: patchLines(repository.patch(base, commit, 0)),
    linesInContext: () => diffLines(repository.patch(base, commit, CONTEXT_LINES)),
    before,
    after,
    knownPaths: (path) => {
      const isMeant = (one: string) =>
        one === path || one.endsWith(`/${path}`) || one.startsWith(path.endsWith('/') ? path : `${path}/`);
      return [...new Set([...paths(commit), ...paths(base)])].filter(isMeant);
    },
    pathLike: (pattern) => [...paths(commit), ...paths(base)].find((path) => pattern.test(path)) ?? null,
    filesNaming: (word) =>
      once(`names ${word}`, () =>
        [commit, base]
          .flatMap((revision) => repository.filesNaming(revision, word))
          .filter((path) => path !== 'CHANGELOG.md'),
      ),
    isTest: isTestPath,
    tests: () => once('tests', () => testCounts(changedTests(), before, after)),
    allTests: () =>
      once('all tests', () => {
        const count = (revision: string, read: (path: string) => string | null) =>
          testCounts(
            paths(revision)
              .filter(isTestPath)
              .map((path) => ({
                path,
                from: null,
                status: 'added' as const,
                addedLines: 0,
                removedLines: 0,
              })),
            () => null,
            read,
          );
        const [earlier, later] = [count(base, before), count(commit, after)];
        return {
          before: earlier.after,
          after: later.after,
          isLowerBound: earlier.isLowerBound || later.isLowerBound,
        };
      }),
    usage: () => once('usage', () => productionUsage(repository, commit)),
  };
}

/** Whether a file exists for tests, in any language the auditor counts tests of. */
export function isTestPath(path: string): boolean {
  return (
    sourceRoleOf(path) === 'test' ||
    /(?:^|\/)(?:test_[^/]+\.py|[^/]+_test\.(?:go|py|rs)|[^/]+Tests?\.java)$/.test(path)
  );
}

/** Remembers what was asked once, for as long as the change is looked at. */
function memo(): <T>(key: string, make: () => T) => T {
  const known = new Map<string, unknown>();
  return <T>(key: string, make: () => T): T => {
    if (!known.has(key)) known.set(key, make());
    return known.get(key) as T;
  };
}
