import type { Command } from 'commander';
import { columnsTable, datasetTable } from '../access-view.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { NO_DATASET } from '../dataset-view.ts';
import { displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { type AccessMe, readAccessMe } from '../sql/granted-names.ts';
import { renderPairs } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const EXAMPLES = `
Examples:
  $ lakehouse whoami
  $ lakehouse whoami --columns          # every column, with its mask and the rule behind it
  $ lakehouse whoami --json`;

interface WhoamiOptions extends RemoteOptions {
  readonly columns?: boolean;
}

/** `whoami` and `access me`: the same command under two names. */
export const addWhoamiCommand: AddCommand = (program, context) =>
  describeWhoami(program.command('whoami'), context);

export function describeWhoami(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('who you are, what you may see, what is masked and why')
    .option('--columns', 'list every column with its mask')
    .addHelpText('after', EXAMPLES)
    .action(async (options: WhoamiOptions) => {
      const me = await readAccessMe(connect(context, options));
      show(context, options, me, () => render(me, options.columns === true, context.terminal));
    });
}

function render(me: AccessMe, withColumns: boolean, terminal: Terminal): string {
  const { identity, on_behalf_of: person } = me;
  const attributes = Object.entries(identity.attributes).map(([name, value]) => `${name}=${String(value)}`);
  const head = renderPairs(
    [
      ['name', terminal.colours.bold(displayText(identity.name))],
      ['role', displayText(identity.role)],
      ...(person === null ? [] : ([['acting for', displayText(`${person.name} (${person.role})`)]] as const)),
      ['attributes', displayText(attributes.join(', ') || 'none')],
      ['key expires', displayText(identity.key_expires_at ?? 'never')],
      ['permissions', me.permissions.map(displayText).join(', ') || 'none'],
      ['policy version', String(me.policy_version)],
    ],
    terminal.colours,
  );
  const datasets = me.datasets.length === 0 ? NO_DATASET : datasetTable(me, terminal);
  const columns = withColumns
    ? me.datasets.map(
        (dataset) =>
          `${terminal.colours.bold(displayText(dataset.name))}\n${columnsTable(dataset.columns, terminal)}`,
      )
    : [];
  return [head, datasets, ...columns].join('\n\n');
}
