import { openRepository, outcomeText, runTestFiles, withRunnableTree } from '../../review/auditor/index.ts';
import type { CliContext } from '../cli-context.ts';
import { displayText } from '../display-text.ts';
import type { TestResults } from './file-request.ts';
import type { ReviewedTree } from './reviewed-tree.ts';
import { testCommandOf } from './test-command.ts';

/** How tests of the reviewed repository are run. */
export interface TestRunOptions {
  readonly testCommand?: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
}

export function limitsOf(context: CliContext, { timeoutSeconds, memoryMb }: TestRunOptions) {
  return {
    timeoutMs: timeoutSeconds * 1_000,
    memoryBytes: memoryMb * 1_000_000,
    searchPath: context.environment.PATH ?? '',
  };
}

export function wordsOf(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => word !== '');
}

/**
 * Runs the tests that prove findings gone, in a copy of the commit. A test that passes or fails says so; one that could
 * not run is in no result, as is every test of a tree that is not what its commit says.
 */
export async function runNamedTests(
  context: CliContext,
  tree: ReviewedTree,
  names: readonly string[],
  options: TestRunOptions,
): Promise<TestResults> {
  const results = new Map<string, boolean>();
  if (names.length === 0) return results;
  const { commit, isDirty } = tree;
  if (commit === null || isDirty) {
    context.terminal.note('Tests of findings are not run: the tree is not what a commit holds.');
    return results;
  }
  const limits = limitsOf(context, options);
  const repository = openRepository(tree.root, limits.searchPath);
  const command =
    options.testCommand === undefined ? testCommandOf(repository, commit) : wordsOf(options.testCommand);
  if (command === null) {
    context.terminal.note('Tests of findings are not run: name what runs them with --test-command.');
    return results;
  }
  await withRunnableTree(repository, commit, limits, async (copy) => {
    for (const name of names) {
      context.interrupted.throwIfAborted();
      // A model names the test; only a file of the tree is one.
      if (tree.readText(name) === null) continue;
      const outcome = await runTestFiles(copy, [name], command);
      context.terminal.note(displayText(outcomeText(outcome)));
      if (outcome.ended === 'passed' || outcome.ended === 'failed')
        results.set(name, outcome.ended === 'passed');
    }
  });
  return results;
}
