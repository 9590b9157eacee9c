import type { Change } from '../change/change.ts';
import type { GitRepository } from '../change/git-repository.ts';
import type { DraftClaim, Judgement } from '../claims/claim.ts';
import type { ConfinedRun } from './confined-process.ts';
import { type RunLimits, type RunnableTree, withRunnableTree } from './runnable-tree.ts';
import { summaryOf, type TestOutcome } from './test-outcome.ts';

export interface RunRequest extends RunLimits {
  /** The command that runs tests, as words; the files are added to it. */
  readonly command: readonly string[];
}

/** Runs the test files that claims name, in a copy of the tree after the change; answers what a run says of a claim. */
export async function runTests(
  repository: GitRepository,
  change: Change,
  claims: readonly DraftClaim[],
  request: RunRequest,
): Promise<(claim: DraftClaim) => Judgement | null> {
  const outcomes = new Map<string, TestOutcome>();
  const keyOf = ({ run }: DraftClaim) => (run?.files(change) ?? []).join('\n');
  const asked = [...new Set(claims.map(keyOf))].filter((key) => key !== '');
  if (asked.length > 0) {
    await withRunnableTree(repository, change.commit, request, async (tree) => {
      for (const key of asked) outcomes.set(key, await runTestFiles(tree, key.split('\n'), request.command));
    });
  }
  for (const [key, outcome] of outcomes) {
    const isOld =
      outcome.ended === 'failed' && (await failsWithout(repository, change, key.split('\n'), request));
    if (isOld) outcomes.set(key, { ...outcome, ended: 'failed_before' });
  }
  return (claim) => {
    const outcome = outcomes.get(keyOf(claim));
    return outcome === undefined ? null : (claim.run?.judge(outcome) ?? null);
  };
}

/**
 * Runs a command in the tree, with test files after it where some are named, and reads its summary. What fails is run
 * once more: a run that then ends otherwise is unsteady, and says nothing.
 */
export async function runTestFiles(
  tree: RunnableTree,
  files: readonly string[],
  command: readonly string[],
): Promise<TestOutcome> {
  const first = await runOnce(tree, files, command);
  const again = first.ended === 'failed' ? await runOnce(tree, files, command) : first;
  return again.ended === first.ended ? again : { ...again, ended: 'unsteady' };
}

/**
 * Whether those of the files that were there before fail in the tree before the change. What fails on both sides of it fails for
 * another reason: for what the tests cannot reach here, for a busy machine, for a defect that is older.
 */
async function failsWithout(
  repository: GitRepository,
  change: Change,
  files: readonly string[],
  request: RunRequest,
): Promise<boolean> {
  const known = files.filter((path) => change.before(path) !== null);
  if (known.length === 0) return false;
  return withRunnableTree(
    repository,
    change.base,
    request,
    async (tree) => (await runOnce(tree, known, request.command)).ended === 'failed',
  );
}

async function runOnce(
  tree: RunnableTree,
  files: readonly string[],
  command: readonly string[],
): Promise<TestOutcome> {
  const words = [...command, ...files];
  const run = await tree.run(words);
  const { passed, failed } = summaryOf(run.output);
  return { command: words.join(' '), ended: endOf(run, passed, failed), passed, failed, limits: run.limits };
}

/** Only a runner that counted a failure says that tests fail; anything else may be for want of what they need. */
function endOf(
  { ended, exitCode }: ConfinedRun,
  passed: number | null,
  failed: number | null,
): TestOutcome['ended'] {
  if (ended === 'timed_out' || ended === 'killed') return ended;
  if (ended === 'not_started') return 'not_run';
  if (failed !== null && failed > 0) return 'failed';
  return exitCode === 0 && passed !== 0 ? 'passed' : 'not_run';
}
