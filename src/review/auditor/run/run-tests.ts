import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../change/change.ts';
import type { GitRepository } from '../change/git-repository.ts';
import { withTreeOf } from '../change/scratch-tree.ts';
import type { DraftClaim, Judgement } from '../claims/claim.ts';
import { runConfined } from './confined-process.ts';
import { summaryOf, type TestOutcome } from './test-outcome.ts';

export interface RunRequest {
  /** The command that runs tests, as words; the files are added to it. */
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  /** Where programs are looked for. */
  readonly searchPath: string;
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
    await withTreeOf(repository, change.commit, async (folder) => {
      const copy = join(folder, 'tree');
      linkInstalled(repository.folder, copy);
      for (const key of asked) {
        const files = key.split('\n');
        const first = await runFiles(folder, files, request);
        const again = first.ended === 'failed' ? await runFiles(folder, files, request) : first;
        outcomes.set(key, again.ended === first.ended ? again : { ...again, ended: 'unsteady' });
      }
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
  return withTreeOf(repository, change.base, async (folder) => {
    linkInstalled(repository.folder, join(folder, 'tree'));
    return (await runFiles(folder, known, request)).ended === 'failed';
  });
}

/** What was installed for the audited folder serves its copy too; nothing is fetched. */
function linkInstalled(from: string | null, copy: string): void {
  const installed = from === null ? null : join(from, 'node_modules');
  if (installed !== null && existsSync(installed)) symlinkSync(installed, join(copy, 'node_modules'));
}

async function runFiles(folder: string, files: readonly string[], request: RunRequest): Promise<TestOutcome> {
  const { command, timeoutMs, memoryBytes, searchPath } = request;
  const words = [...command, ...files];
  const home = join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const run = await runConfined({
    words,
    folder: join(folder, 'tree'),
    environment: { PATH: searchPath, HOME: home, TMPDIR: home, CI: '1', NO_COLOR: '1', LC_ALL: 'C.UTF-8' },
    timeoutMs,
    memoryBytes,
  });
  const { passed, failed } = summaryOf(run.output);
  return { command: words.join(' '), ended: endOf(run, passed, failed), passed, failed, limits: run.limits };
}

/** Only a runner that counted a failure says that tests fail; anything else may be for want of what they need. */
function endOf(
  { ended, exitCode }: Awaited<ReturnType<typeof runConfined>>,
  passed: number | null,
  failed: number | null,
): TestOutcome['ended'] {
  if (ended === 'timed_out' || ended === 'killed') return ended;
  if (ended === 'not_started') return 'not_run';
  if (failed !== null && failed > 0) return 'failed';
  return exitCode === 0 && passed !== 0 ? 'passed' : 'not_run';
}
