import { lstatSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { type GitRepository, openRepository } from '../../review/auditor/index.ts';
import { type ApiClient, pathOf } from '../api-client.ts';
import type { CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES, usageFailure } from '../cli-failure.ts';
import { connect, type RemoteOptions } from '../connection.ts';
import { displayLines, displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { type Trial, tryChange } from './change-trial.ts';
import type { Suggestion } from './iteration-client.ts';
import { iterationPath } from './iteration-reference.ts';
import { limitsOf, type TestRunOptions, wordsOf } from './named-tests.ts';
import { testCommandOf } from './test-command.ts';

export interface ScrumApplyOptions extends RemoteOptions, TestRunOptions {
  readonly repo: string;
  readonly commit: string;
  readonly tier: 'dry_run' | 'sim' | 'auto';
  readonly write?: boolean;
}

interface KeptSuggestion extends Suggestion {
  readonly iteration_id: string;
}

/** What the server makes of a trial. */
interface JudgedTrial {
  readonly tier: string;
  readonly tier_reasons: readonly string[];
}

/** `scrum apply`: a suggested change tried on a copy of a commit; the file itself is left as it is. */
export async function scrumApply(context: CliContext, id: string, options: ScrumApplyOptions): Promise<void> {
  if (options.write === true && options.tier !== 'auto') throw usageFailure('--write goes with --tier auto.');
  const api = connect(context, options);
  const suggestion = await findSuggestion(api, id);
  const { diff } = suggestion;
  if (suggestion.tier === 'block') throw blocked(suggestion);
  if (diff === null)
    throw failure('cli.no_diff', 'The suggestion is in words only: it has no diff to apply.');
  const limits = limitsOf(context, options);
  const repository = openRepository(options.repo, limits.searchPath);
  const commit = repository.commitOf(options.commit);
  const isNewest = commit === repository.commitOf('HEAD');
  if (options.write === true && !isNewest) throw usageFailure('--write goes with the newest commit alone.');
  const command = options.tier === 'dry_run' ? null : commandOf(repository, commit, options);
  const startedMs = context.nowMs();
  const trial = await tryChange({ repository, commit, path: suggestion.path, diff, command, limits });
  const durationMs = context.nowMs() - startedMs;
  // What a change did to an older tree is no trial of it for what may be done now.
  const judged =
    command === null || !isNewest
      ? null
      : await postTrial(api, suggestion, { trial, command: command.join(' '), durationMs });
  const isWritten = options.write === true && writeChange({ repository, commit, suggestion, trial, judged });
  const { outcome, detail } = trial;
  const result = {
    suggestion_id: id,
    path: suggestion.path,
    commit,
    outcome,
    detail,
    ...judged,
    written: isWritten,
  };
  show(context, options, result, () =>
    [
      ...(options.tier === 'dry_run' ? [displayLines(diff), ''] : []),
      `${displayText(suggestion.path)} at ${commit.slice(0, 12)}: ${outcome}: ${displayText(detail)}`,
      ...(judged === null
        ? []
        : [`tier now: ${displayText(`${judged.tier} (${judged.tier_reasons.join('; ')})`)}`]),
      ...(command === null || isNewest ? [] : ['The server is not told: the commit is not the newest one.']),
      isWritten ? 'The file is changed.' : 'No file of the work tree is changed.',
    ].join('\n'),
  );
  if (outcome === 'passed' || outcome === 'applies') return;
  throw failure('cli.trial_not_passed', `The change is not proven: ${outcome}.`);
}

/** The suggestion with the tier it has now: trials and overrides count. */
async function findSuggestion(api: ApiClient, id: string): Promise<KeptSuggestion> {
  const path = pathOf`/scrum/suggestions/${id}`;
  const { value } = await api.json<{ readonly suggestion: Suggestion; readonly iteration_id: string }>({
    method: 'GET',
    path,
  });
  return { ...value.suggestion, iteration_id: value.iteration_id };
}

function commandOf(
  repository: GitRepository,
  commit: string,
  { testCommand }: ScrumApplyOptions,
): readonly string[] {
  const command = testCommand === undefined ? testCommandOf(repository, commit) : wordsOf(testCommand);
  if (command !== null && command.length > 0) return command;
  throw usageFailure('The repository does not say how its tests run: name the command with --test-command.');
}

async function postTrial(
  api: ApiClient,
  { iteration_id: iterationId, suggestion_id }: KeptSuggestion,
  {
    trial,
    command,
    durationMs,
  }: { readonly trial: Trial; readonly command: string; readonly durationMs: number },
): Promise<JudgedTrial> {
  const { value } = await api.json<JudgedTrial>({
    method: 'POST',
    path: `${iterationPath(iterationId)}/trials`,
    json: { suggestion_id, kind: 'sim', command, outcome: trial.outcome, duration_ms: durationMs },
  });
  return { tier: value.tier, tier_reasons: value.tier_reasons };
}

/** Changes the file, where the gradient allows it and the file is what the trial was made on. */
function writeChange(parts: {
  readonly repository: GitRepository;
  readonly commit: string;
  readonly suggestion: KeptSuggestion;
  readonly trial: Trial;
  readonly judged: JudgedTrial | null;
}): true {
  const { repository, commit, suggestion, trial, judged } = parts;
  if (trial.outcome !== 'passed' || trial.content === null)
    throw failure('cli.trial_not_passed', `Nothing is written: ${trial.outcome}: ${trial.detail}`);
  if (judged?.tier !== 'auto') {
    const why = judged === null ? '' : ` (${judged.tier_reasons.join('; ')})`;
    throw failure(
      'cli.tier_not_auto',
      `Nothing is written: the gradient says ${judged?.tier ?? 'nothing'}${why}.`,
    );
  }
  const file = fileWithin(repository, suggestion.path);
  if (readFileSync(file, 'utf8') !== repository.textAt(commit, suggestion.path))
    throw failure('cli.file_changed', 'Nothing is written: the file is not what the last commit holds.');
  writeFileSync(file, trial.content);
  return true;
}

/** The path of a plain file below the work tree, whose folders are no links out of it. */
function fileWithin({ folder }: GitRepository, path: string): string {
  const top = folder === null ? null : realpathSync(folder);
  const file = top === null ? null : resolve(top, path);
  const isWithin =
    top !== null &&
    file !== null &&
    lstatSync(file, { throwIfNoEntry: false })?.isFile() === true &&
    realpathSync(file) === file &&
    file.startsWith(top + sep);
  if (file !== null && isWithin) return file;
  throw failure('cli.file_changed', 'Nothing is written: the work tree has no such file.');
}

function blocked({ tier_reasons: reasons }: KeptSuggestion): CliFailure {
  return failure(
    'cli.tier_block',
    `The gradient blocks this change: ${reasons.join('; ')}. A person may decide otherwise: ` +
      '`lakehouse scrum override add --suggestion …` with a reason.',
  );
}

function failure(code: string, detail: string): CliFailure {
  return new CliFailure(EXIT_CODES.failed, { code, detail });
}
