import { lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type GitRepository,
  outcomeText,
  type RunLimits,
  type RunnableTree,
  runTestFiles,
  type TestOutcome,
  withRunnableTree,
} from '../../review/auditor/index.ts';

/** A suggested change of one file, tried on a revision. */
export interface TrialRequest {
  readonly repository: GitRepository;
  readonly commit: string;
  readonly path: string;
  /** A unified diff of that file. */
  readonly diff: string;
  /** What runs the repository's tests; null to see only whether the change applies. */
  readonly command: readonly string[] | null;
  readonly limits: RunLimits;
}

export interface Trial {
  readonly outcome: 'applies' | 'passed' | 'failed' | 'timeout' | 'refused';
  /** What was seen, in words. */
  readonly detail: string;
  /** The file with the change; null where it does not apply. */
  readonly content: string | null;
}

/**
 * Applies a change to a copy of a revision and runs the tests there. A run that does not pass is judged beside one
 * without the change: tests that fail by themselves say nothing of it.
 */
export async function tryChange(request: TrialRequest): Promise<Trial> {
  const { repository, commit, path, command, limits } = request;
  const tried = await withRunnableTree(repository, commit, limits, async (tree) => {
    const problem = await applyChange(tree, request);
    if (problem !== null) return { trial: { outcome: 'refused', detail: problem, content: null } as Trial };
    const content = readFileSync(join(tree.folder, path), 'utf8');
    if (command === null)
      return { trial: { outcome: 'applies', detail: 'It applies cleanly.', content } as Trial };
    return { content, tests: await runTestFiles(tree, [], command) };
  });
  if (tried.trial !== undefined) return tried.trial;
  const { content, tests } = tried;
  if (tests.ended === 'passed') return { outcome: 'passed', detail: outcomeText(tests), content };
  if (tests.ended === 'unsteady') return { outcome: 'refused', detail: outcomeText(tests), content };
  if (tests.ended === 'timed_out' || tests.ended === 'out_of_time')
    return { outcome: 'timeout', detail: outcomeText(tests), content };
  const alone = await testsAlone(request);
  if (alone?.ended === 'passed') return { outcome: 'failed', detail: outcomeText(tests), content };
  const seen = alone === null ? outcomeText(tests) : outcomeText(alone);
  return { outcome: 'refused', detail: `The tests do not pass without the change either: ${seen}`, content };
}

function testsAlone({ repository, commit, command, limits }: TrialRequest): Promise<TestOutcome | null> {
  return withRunnableTree(repository, commit, limits, async (tree) =>
    command === null ? null : runTestFiles(tree, [], command),
  );
}

/** Null once applied; else why not. The header of the diff is made here: a diff reaches the one file it is of. */
async function applyChange(tree: RunnableTree, { path, diff }: TrialRequest): Promise<string | null> {
  const hunks = diff.replaceAll('\r\n', '\n').slice(Math.max(0, diff.search(/^@@ /m)));
  if (!hunks.startsWith('@@ ')) return 'The suggestion’s diff has no hunk.';
  // Git ends a name at a tab, which a name with blanks needs.
  const name = path.includes(' ') ? `${path}\t` : path;
  const file = join(tree.folder, '..', 'change.diff');
  writeFileSync(file, `--- a/${name}\n+++ b/${name}\n${hunks.endsWith('\n') ? hunks : `${hunks}\n`}`);
  const apply = ['git', 'apply', '--recount', '--whitespace=nowarn'];
  const touched = await tree.run([...apply, '--numstat', '-z', file]);
  const names = touched.output.split('\0').flatMap((line) => line.split('\t')[2] ?? []);
  if (touched.exitCode !== 0 || names.length !== 1 || names[0] !== path)
    return 'The suggestion’s diff is not one of its own file alone.';
  const applied = await tree.run([...apply, file]);
  const isFile = lstatSync(join(tree.folder, path), { throwIfNoEntry: false })?.isFile() === true;
  return applied.exitCode === 0 && isFile ? null : 'The suggestion’s diff does not apply to this commit.';
}
