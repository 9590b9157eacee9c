import type { CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { counted, humanDuration } from '../human-text.ts';
import { humanUsd } from '../money.ts';
import { startProgressBar } from '../progress-bar.ts';
import { fileRequest, listedFile, type TestResults, testOf } from './file-request.ts';
import { type GoneFiles, goneFiles } from './gone-files.ts';
import type {
  FileAnswer,
  FinishedIteration,
  IterationClient,
  OpenFinding,
  StartedIteration,
} from './iteration-client.ts';
import { type ReviewedFile, type ReviewedTree, stateOf } from './reviewed-tree.ts';

export interface RunSettings {
  readonly prompt: 'soft' | 'forensic';
  readonly ladder: string;
  readonly replicates: number;
  /** Files under way at a time; ceilings of the server bound them too. */
  readonly parallel: number;
  /** Gives up an unfinished iteration instead of going on with it. */
  readonly fresh: boolean;
  /** Tests that prove findings gone, by the ids of the findings. */
  readonly checks: ReadonlyMap<string, string>;
  /** The text of the document that suggestions are made under. */
  readonly proposal: { readonly text: string; readonly sha256: string } | null;
}

export interface IterationRun {
  readonly iteration: FinishedIteration;
  readonly continued: boolean;
  /** Files whose row was there: unchanged under the same bar, or reviewed before the run was broken off. */
  readonly reused: number;
  readonly answers: readonly FileAnswer[];
  readonly cost_usd: number;
}

/** Has every file of a tree reviewed that is not yet, and publishes the iteration. */
export async function runIteration(
  context: CliContext,
  client: IterationClient,
  tree: ReviewedTree,
  settings: RunSettings,
  /** Makes the checks of findings that name a test. */
  runTests: (names: readonly string[]) => Promise<TestResults>,
): Promise<IterationRun> {
  const listed = new Map(tree.files.map((file) => [file.path, listedFile(tree, file)]));
  const started = await client.start({
    repository: tree.repository,
    commit: stateOf(tree),
    prompt: settings.prompt,
    ladder: settings.ladder,
    replicates: settings.replicates,
    proposal_sha256: settings.proposal?.sha256 ?? null,
    files: [...listed.values()],
    fresh: settings.fresh,
  });
  const reusable = new Set(started.reusable.map((one) => `${one.path}\n${one.packed_sha256}`));
  const isReusable = ({ path }: ReviewedFile) => reusable.has(`${path}\n${listed.get(path)?.packed_sha256}`);
  const left = tree.files.filter((file) => !isReusable(file));
  const reused = tree.files.length - left.length;
  if (started.continued || reused > 0) noteStart(context, started, { total: tree.files.length, reused });
  const gone = await tellGone(context, client, tree, started);
  const findings = findingsByFile(started.findings, gone);
  const tests = await runTests(
    testsNamedIn(context, started, {
      findings: tree.files.flatMap(({ path }) => findings.get(path) ?? []),
      checks: settings.checks,
    }),
  );
  const unread = await unreadRows(client, started);
  const work = { client, tree, started, findings, tests, settings, unread };
  const answers = await reviewFiles(context, work, left);
  // No model is asked for these: what rules see and where findings stand is told of the file as it is now.
  const seen = tree.files.filter(
    (file) => isReusable(file) && (findings.has(file.path) || tree.findingsIn(file.path).length > 0),
  );
  await reviewFiles(context, work, seen);
  const iteration = await client.finish(started.iteration_id);
  const cost_usd = answers.reduce((sum, { row }) => sum + row.cost_usd, 0);
  return { iteration, continued: started.continued, reused, answers, cost_usd };
}

/** Tells the server which files of open findings are gone: findings there must not stay open for ever. */
async function tellGone(
  { terminal }: CliContext,
  client: IterationClient,
  tree: ReviewedTree,
  { findings, iteration_id: id }: StartedIteration,
): Promise<GoneFiles> {
  const gone = goneFiles(tree, findings);
  const { paths } = gone;
  if (paths.length === 0) return gone;
  terminal.note(
    `The commit no longer holds ${counted(paths.length, 'file')} of open findings: ` +
      'what is told of nowhere else ends as gone, neither fixed nor landed.',
  );
  await client.nameGone(id, { commit: stateOf(tree), paths });
  return gone;
}

/** The open findings by the file that has their code now. */
function findingsByFile(
  findings: readonly OpenFinding[],
  { moved }: GoneFiles,
): ReadonlyMap<string, readonly OpenFinding[]> {
  const byFile = Map.groupBy(findings, ({ path }) => path);
  for (const [path, some] of moved) byFile.set(path, [...(byFile.get(path) ?? []), ...some]);
  return byFile;
}

/**
 * Rows without a verdict of an iteration that goes on, by path: their files are asked for once more. Rows that another
 * began and the policy does not show are not known of; their files are asked for all the same.
 */
async function unreadRows(
  client: IterationClient,
  { continued, iteration_id: id }: StartedIteration,
): Promise<ReadonlyMap<string, string>> {
  const rows = continued ? await client.rows(id).catch(nothingIfHidden) : [];
  return new Map(
    rows.flatMap(({ path, row_id, verdict }) => (verdict === 'no_verdict' ? [[path, row_id] as const] : [])),
  );
}

function nothingIfHidden(error: unknown): readonly [] {
  if (error instanceof CliFailure && error.facts.status === 403) return [];
  throw error;
}

function noteStart(
  { terminal }: CliContext,
  { continued, number }: StartedIteration,
  { total, reused }: { readonly total: number; readonly reused: number },
): void {
  const done = `${reused} of ${counted(total, 'file')} need no review`;
  terminal.note(
    continued
      ? `Iteration ${number} was not finished and goes on: ${done} any more. --fresh begins another.`
      : `Iteration ${number}: ${done}, being unchanged under the same bar.`,
  );
}

/** The tests of open findings of these files; says so where a check names a finding that is none. */
function testsNamedIn(
  { terminal }: CliContext,
  started: StartedIteration,
  { findings, checks }: { readonly findings: readonly OpenFinding[]; readonly checks: RunSettings['checks'] },
): readonly string[] {
  const ids = new Set(started.findings.map(({ finding_id: id }) => id));
  for (const id of checks.keys()) if (!ids.has(id)) terminal.note(`--check: ${id} is no open finding.`);
  return [...new Set(findings.flatMap((finding) => testOf(finding, checks) ?? []))];
}

interface FilesWork {
  readonly client: IterationClient;
  readonly tree: ReviewedTree;
  readonly started: StartedIteration;
  readonly findings: ReadonlyMap<string, readonly OpenFinding[]>;
  readonly tests: TestResults;
  readonly settings: RunSettings;
  readonly unread: ReadonlyMap<string, string>;
}

/** Several files at a time, in order. The first failure ends it; the server keeps what was reviewed. */
async function reviewFiles(
  context: CliContext,
  work: FilesWork,
  left: readonly ReviewedFile[],
): Promise<readonly FileAnswer[]> {
  if (left.length === 0) return [];
  const { client, tree, started, findings, tests, settings, unread } = work;
  const bar = startProgressBar(context.terminal, `iteration ${started.number}`, left.length, 'count');
  const startedMs = context.nowMs();
  const answers: FileAnswer[] = [];
  const waiting = [...left];
  const failures: unknown[] = [];
  const takeFiles = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const known = {
        findings: findings.get(file.path) ?? [],
        tests,
        checks: settings.checks,
        proposal: settings.proposal?.text ?? null,
      };
      try {
        const request = fileRequest(tree, file, known);
        const after = unread.get(file.path) ?? '';
        answers.push(await client.reviewFile(started.iteration_id, request, after));
      } catch (error) {
        failures.push(error);
        waiting.length = 0;
        return;
      }
      const facts = factsOf(answers, left.length, context.nowMs() - startedMs);
      bar.advance(answers.length, facts);
      if (isTold(context, answers.length, left.length))
        context.terminal.note(`${answers.length} of ${counted(left.length, 'file')}  ${facts}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(settings.parallel, left.length) }, takeFiles));
  } finally {
    bar.stop();
  }
  if (failures.length > 0)
    throw keptFailure(context, failures[0], started.number, [answers.length, left.length]);
  return answers;
}

/** Where no bar is drawn, each tenth of a long run is told of. */
function isTold({ terminal }: CliContext, done: number, total: number): boolean {
  const tenth = Math.ceil(total / 10);
  return !terminal.isInteractive && total > 20 && done < total && done % tenth === 0;
}

/** `$0.12  3 min 5 s left` */
function factsOf(answers: readonly FileAnswer[], total: number, elapsedMs: number): string {
  const costUsd = answers.reduce((sum, { row, reviewed }) => sum + (reviewed ? row.cost_usd : 0), 0);
  const leftMs = (elapsedMs / answers.length) * (total - answers.length);
  return leftMs === 0 ? humanUsd(costUsd) : `${humanUsd(costUsd)}  ${humanDuration(leftMs)} left`;
}

/** The server's words, and that nothing of what was done is lost. */
function keptFailure(
  context: CliContext,
  error: unknown,
  number: number,
  [done, total]: readonly [number, number],
): unknown {
  const kept =
    `${done} of ${counted(total, 'file')} were reviewed, and iteration ${number} is kept: ` +
    'the same command goes on with the others.';
  if (context.interrupted.aborted) {
    context.terminal.note(kept);
    return error;
  }
  if (!(error instanceof CliFailure)) return error;
  const exitCode = error.facts.status === 402 ? EXIT_CODES.failed : error.exitCode;
  return new CliFailure(exitCode, { ...error.facts, detail: `${error.facts.detail}\n${kept}` }, error);
}
