import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { writeNamed } from '../named-file.ts';
import { iterationIds, iterationPath } from '../scrum/iteration-reference.ts';
import { reportMarkdown } from '../scrum/report-markdown.ts';
import { type Plan, type Report, renderPlan, renderReport } from '../scrum/report-view.ts';
import { type RepositoryOption, repositoryName } from '../scrum/repository-option.ts';
import { show } from '../show.ts';

interface DocumentOptions extends RemoteOptions, RepositoryOption {
  readonly markdown?: string;
}

export function describeReport(command: Command, context: CliContext): void {
  describeDocument(command, 'what one iteration found: figures, movement, suggestions').action(
    async (name: string, options: DocumentOptions) => {
      const report = await documentOf<Report>(context, name, options, 'report');
      if (options.markdown === '-') return void context.terminal.stdout.write(reportMarkdown(report));
      if (options.markdown !== undefined) writeNamed(options.markdown, reportMarkdown(report));
      show(context, options, report, () => renderReport(report, context.terminal));
    },
  );
}

export function describePlan(command: Command, context: CliContext): void {
  describeDocument(command, 'the next fix wave: what to fix first, and what done means').action(
    async (name: string, options: DocumentOptions) => {
      const plan = await documentOf<Plan>(context, name, options, 'plan');
      if (options.markdown === '-') return void context.terminal.stdout.write(plan.markdown);
      if (options.markdown !== undefined) writeNamed(options.markdown, plan.markdown);
      show(context, options, plan, () => renderPlan(plan, context.terminal));
    },
  );
}

function describeDocument(command: Command, summary: string): Command {
  return addRemoteOptions(command.argument('[iteration]', 'number, id or latest', 'latest'))
    .summary(summary)
    .option('--repository <name>', 'of which the number is (default: the one around this folder)')
    .option('--markdown <file>', 'write it as Markdown; - is standard output, in place of the view');
}

async function documentOf<T>(
  context: CliContext,
  name: string,
  options: DocumentOptions,
  document: 'report' | 'plan',
): Promise<T> {
  const api = connect(context, options);
  const [id] = await iterationIds(api, [name], () => repositoryName(options));
  const { value } = await api.json<T>({ method: 'GET', path: `${iterationPath(id)}/${document}` });
  return value;
}
