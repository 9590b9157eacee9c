import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Movement } from '../../review/knowledge/index.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { collectTexts, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import {
  type IterationStatus,
  iterationIds,
  iterationPath,
  listIterations,
} from '../scrum/iteration-reference.ts';
import { renderMovement } from '../scrum/movement-view.ts';
import { type RepositoryOption, repositoryName } from '../scrum/repository-option.ts';
import type { ScrumApplyOptions } from '../scrum/scrum-apply.ts';
import type { ScrumRunOptions } from '../scrum/scrum-run.ts';
import { renderIteration, renderIterations } from '../scrum/status-view.ts';
import { show } from '../show.ts';
import { describeCalibrate } from './scrum-calibrate.ts';
import { describeOverrides } from './scrum-overrides.ts';
import { describePlan, describeReport } from './scrum-report.ts';

const EXAMPLES = `
Examples:
  $ lakehouse scrum run                                 # every source file of this repository
  $ lakehouse scrum run ../service --since main --prompt forensic --replicates 3
  $ lakehouse scrum run --include src --language rust --max-files 40 --proposal wave-7.md
  $ lakehouse scrum status                              # iterations, and what an unfinished one still has to do
  $ lakehouse scrum report latest --markdown report.md
  $ lakehouse scrum diff 3 4                            # what moved, what cannot be compared, and why
  $ lakehouse scrum plan latest --markdown next-wave.md
  $ lakehouse scrum apply 5f2c… --test-command "npx vitest run"
  $ lakehouse scrum calibrate --defects 20              # how far each model of the ladder can be believed
  $ lakehouse scrum override add --path src/door.ts --tier block --expires 14d --reason "under audit"
  $ lakehouse scrum override list
  $ lakehouse scrum override remove 0198c0de-…

The tree is read on this machine, and its files are sent to the server, whose models review them. A run that is broken
off goes on where it stood when the same command is given again.
Variables: LH_SCRUM_FORENSIC=1 stands for --prompt forensic, LH_SCRUM_PROPOSAL for --proposal.`;

/** `scrum`: the review loop. Reads the repository here, speaks HTTP to the server that reviews. */
export const addScrumCommand: AddCommand = (program, context) => {
  const scrum = program
    .command('scrum')
    .description('have every source file of a repository reviewed by models, again and again')
    .addHelpText('after', EXAMPLES);
  describeRun(scrum.command('run'), context);
  describeStatus(scrum.command('status'), context);
  describeReport(scrum.command('report'), context);
  describeDiff(scrum.command('diff'), context);
  describePlan(scrum.command('plan'), context);
  describeApply(scrum.command('apply'), context);
  describeCalibrate(scrum.command('calibrate'), context);
  describeOverrides(scrum.command('override'), context);
};

function describeRun(command: Command, context: CliContext): void {
  addTestOptions(
    addRemoteOptions(command.argument('[path]', 'a folder or file of the repository', '.'))
      .summary('review the files that are not reviewed yet, and publish the iteration')
      .option('--include <pattern>', 'only these folders, files or glob patterns', collectTexts, [])
      .option('--exclude <pattern>', 'not these', collectTexts, [])
      .option('--language <name>', 'only sources of this language', collectTexts, [])
      .addOption(roleOption())
      .option('--since <ref>', 'only files changed since a commit, and files that import one of them')
      .option('--max-files <count>', 'so many at most, those that run for users first', wholeNumber)
      .option('--repository <name>', 'the name its iterations are compared under (default: of origin)')
      .addOption(new Option('--prompt <name>', 'soft where absent').choices(['soft', 'forensic']))
      .option('--proposal <file>', 'the document that suggestions are made under')
      .option('--ladder <name>', 'ladder of routing.toml whose models are asked', 'scrum')
      .option('--replicates <count>', 'times each file is scored, 1 to 7', wholeNumber, 1)
      .option('--parallel <count>', 'files under way at a time', wholeNumber, 2)
      .option('--fresh', 'give up an unfinished iteration and begin another')
      .option('--run-tests', 'run the tests that findings name: code of the repository, confined')
      .option(
        '--check <finding=test>',
        'the test file that proves a finding gone; runs it',
        collectChecks,
        new Map(),
      ),
  ).action(async (path: string, options: ScrumRunOptions) => {
    // The parsers are native code that other commands do not need.
    const { scrumRun } = await import('../scrum/scrum-run.ts');
    await scrumRun(context, path, options);
  });
}

function collectChecks(text: string, earlier: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, finding, test] = /^([\w-]{1,128})=(.{1,256})$/.exec(text) ?? [];
  if (finding === undefined || test === undefined)
    throw new InvalidArgumentError('It must look like the id of a finding, =, and a test file.');
  return new Map([...earlier, [finding, test]]);
}

function roleOption(): Option {
  return new Option('--role <role>', 'only files for this: production, test or example')
    .choices(['production', 'test', 'example'])
    .argParser(collectTexts)
    .default([]);
}

function addTestOptions(command: Command): Command {
  return command
    .option('--test-command <words>', 'what runs the tests (default: by package.json and its like)')
    .option(
      '--timeout-seconds <count>',
      'for a test run and, where it fails, its repetition',
      wholeNumber,
      600,
    )
    .option('--memory-mb <count>', 'memory of a process of a test run', wholeNumber, 4_000);
}

function describeStatus(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('[iteration]', 'number, id or latest; all where absent'))
    .summary('iterations and how far they are')
    .option('--repository <name>', 'only of this repository')
    .option('--limit <count>', 'iterations at most', wholeNumber, 20)
    .action(
      async (name: string | undefined, options: RemoteOptions & RepositoryOption & { limit: number }) => {
        const api = connect(context, options);
        const { repository, limit } = options;
        if (name === undefined) {
          const iterations = await listIterations(api, { repository, limit });
          show(context, options, { iterations }, () => renderIterations(iterations, context.terminal));
          return;
        }
        const [id] = await iterationIds(api, [name], () => repositoryName(options));
        const path = iterationPath(id);
        const { value } = await api.json<IterationStatus>({ method: 'GET', path, query: { rows: true } });
        show(context, options, value, () => renderIteration(value, context.terminal));
      },
    );
}

function describeDiff(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<from>', 'number or id').argument('<to>', 'number, id or latest'))
    .summary('what moved between two iterations, file by file, under the same bar only')
    .option('--repository <name>', 'of which the numbers are (default: the one around this folder)')
    .action(async (fromName: string, toName: string, options: RemoteOptions & RepositoryOption) => {
      const api = connect(context, options);
      const [from, to] = await iterationIds(api, [fromName, toName], () => repositoryName(options));
      const { value } = await api.json<{ readonly movement: Movement }>({
        method: 'GET',
        path: '/scrum/diff',
        query: { from, to },
      });
      show(context, options, value, () => renderMovement(value.movement, context.terminal));
    });
}

function describeApply(command: Command, context: CliContext): void {
  addTestOptions(
    addRemoteOptions(
      command.argument('<suggestion-id>', 'as report and run --json show it, of any iteration'),
    )
      .summary('try a suggested change in a copy of the commit, with the repository’s own tests')
      .option('--repo <path>', 'the repository', '.')
      .option(
        '--commit <ref>',
        'try it on this commit; one that is not the newest counts as no trial',
        'HEAD',
      )
      .addOption(
        new Option('--tier <tier>', 'dry_run only shows the change, sim runs the tests, auto may write')
          .choices(['dry_run', 'sim', 'auto'])
          .default('sim'),
      )
      .option('--write', 'with --tier auto: change the file itself, where the server’s gradient allows it'),
  ).action(async (suggestionId: string, options: ScrumApplyOptions) => {
    const { scrumApply } = await import('../scrum/scrum-apply.ts');
    await scrumApply(context, suggestionId, options);
  });
}
