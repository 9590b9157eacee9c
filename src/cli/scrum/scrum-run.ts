import { sha256Hex } from '../../base/index.ts';
import type { SourceRole } from '../../review/inspect/index.ts';
import type { CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { readNamed } from '../named-file.ts';
import { startProgressBar } from '../progress-bar.ts';
import { show } from '../show.ts';
import { createIterationClient } from './iteration-client.ts';
import { runNamedTests, type TestRunOptions } from './named-tests.ts';
import { openReviewedTree, type ReviewedTree } from './reviewed-tree.ts';
import { type RunSettings, runIteration } from './run-iteration.ts';
import { renderRun } from './run-view.ts';

/** Which files of a tree, as the command line names them. */
export interface TreeArguments {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly language: readonly string[];
  readonly role: readonly SourceRole[];
  readonly since?: string;
  readonly maxFiles?: number;
  readonly repository?: string;
}

export interface ScrumRunOptions extends RemoteOptions, TestRunOptions, TreeArguments {
  readonly prompt?: RunSettings['prompt'];
  readonly proposal?: string;
  readonly ladder: string;
  readonly replicates: number;
  readonly parallel: number;
  readonly fresh?: boolean;
  readonly runTests?: boolean;
  readonly check: ReadonlyMap<string, string>;
}

/** `scrum run`: reads the tree here, has its files reviewed there. */
export async function scrumRun(context: CliContext, path: string, options: ScrumRunOptions): Promise<void> {
  const settings = settingsOf(context, options);
  const api = connect(context, options);
  const tree = await readTree(context, path, options);
  for (const note of tree.notes) context.terminal.note(displayText(note));
  if (tree.files.length === 0)
    throw usageFailure('No source file is left to review: see --include, --language and --since.');
  const client = createIterationClient(api, context.interrupted, (seconds, detail) =>
    context.terminal.note(`${displayText(detail)} Sent again in ${seconds} s.`),
  );
  const run = await runIteration(context, client, tree, settings, async (names) =>
    options.runTests === true || settings.checks.size > 0
      ? runNamedTests(context, tree, names, options)
      : new Map(),
  );
  show(context, options, run, () => renderRun(run, context.terminal));
}

/** What the command line leaves open is asked of the environment. */
function settingsOf(context: CliContext, options: ScrumRunOptions): RunSettings {
  const { ladder, replicates, parallel, fresh } = options;
  const proposal = options.proposal ?? context.environment.LH_SCRUM_PROPOSAL ?? '';
  return {
    ...{ ladder, replicates },
    prompt: promptOf(context, options),
    parallel: Math.max(1, parallel),
    fresh: fresh === true,
    checks: options.check,
    proposal: proposal === '' ? null : readProposal(proposal),
  };
}

/** The prompt that is asked for, or the environment's. */
export function promptOf(
  { environment }: CliContext,
  { prompt }: { readonly prompt?: RunSettings['prompt'] },
): RunSettings['prompt'] {
  const isForensic = /^(?:1|true|yes)$/i.test(environment.LH_SCRUM_FORENSIC ?? '');
  return prompt ?? (isForensic ? 'forensic' : 'soft');
}

function readProposal(file: string): NonNullable<RunSettings['proposal']> {
  const text = readNamed(file, 'The proposal ');
  return { text, sha256: sha256Hex(text) };
}

/** Reads the tree with a bar for what takes long. */
export async function readTree(
  context: CliContext,
  path: string,
  options: TreeArguments,
): Promise<ReviewedTree> {
  const { include, exclude, language, role } = options;
  const selection = {
    include,
    exclude,
    languages: language,
    roles: role,
    maxFiles: options.maxFiles ?? null,
  };
  const tree = { ...selection, since: options.since ?? null, repository: options.repository ?? null };
  let bar: ReturnType<typeof startProgressBar> | null = null;
  try {
    return await openReviewedTree(path, tree, (files, total) => {
      context.interrupted.throwIfAborted();
      bar ??= startProgressBar(context.terminal, 'reading', total, 'count');
      bar.advance(files);
    });
  } finally {
    (bar as ReturnType<typeof startProgressBar> | null)?.stop();
  }
}
