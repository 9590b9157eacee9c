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
    if (outcome.ended !== 'failed') continue;
    const limits = { ...request, timeoutMs: request.timeoutMs - outcome.tookMs };
    outcomes.set(key, { ...outcome, ended: await endBeside(repository, change, key.split('\n'), limits) });
  }
  return (claim) => {
    const outcome = outcomes.get(keyOf(claim));
    return outcome === undefined ? null : (claim.run?.judge(outcome) ?? null);
  };
}

/**
 * Runs a command in the tree, with test files after it where some are named, and reads its summary. What fails is run
 * once more, in the time that the first run left: a run that then ends otherwise is unsteady, and says nothing, and so does one that
 * could not end.
 */
export async function runTestFiles(
  tree: RunnableTree,
  files: readonly string[],
  command: readonly string[],
): Promise<TestOutcome> {
  const first = await runOnce(tree, files, command, tree.timeoutMs);
  if (first.ended !== 'failed') return first;
  const leftMs = tree.timeoutMs - first.tookMs;
  if (leftMs < LEAST_MS) return { ...first, ended: 'out_of_time' };
  const again = await runOnce(tree, files, command, leftMs);
  const both = { ...again, limits: first.limits, tookMs: first.tookMs + again.tookMs };
  if (again.ended === 'failed') return both;
  return { ...both, ended: again.ended === 'timed_out' ? 'out_of_time' : 'unsteady' };
}

/** No runner starts in less. */
const LEAST_MS = 100;

/**
 * How a failure stands beside a run, in the tree before the change, of those of the files that were there. What fails on both sides
 * of it fails for another reason: for what the tests cannot reach here, for a busy machine, for a defect that is older. Only what
 * passed there, or was not there, came with the change.
 */
async function endBeside(
  repository: GitRepository,
  change: Change,
  files: readonly string[],
  request: RunRequest,
): Promise<TestOutcome['ended']> {
  const known = files.filter((path) => change.before(path) !== null);
  if (known.length === 0) return 'failed';
  if (request.timeoutMs < LEAST_MS) return 'out_of_time';
  const { ended } = await withRunnableTree(repository, change.base, request, (tree) =>
    runOnce(tree, known, request.command, request.timeoutMs),
  );
  if (ended === 'failed') return 'failed_before';
  if (ended === 'timed_out') return 'out_of_time';
  return ended === 'passed' ? 'failed' : 'not_compared';
}

async function runOnce(
  tree: RunnableTree,
  files: readonly string[],
  command: readonly string[],
  timeoutMs: number,
): Promise<TestOutcome> {
  const words = [...command, ...files];
  const run = await tree.run(words, timeoutMs);
  const { passed, failed } = summaryOf(run.output);
  const { limits, tookMs } = run;
  return { command: words.join(' '), ended: endOf(run, passed, failed), passed, failed, limits, tookMs };
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
