import type { Command } from 'commander';
import { pathOf } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { collectTexts, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import {
  type DatasetDetail,
  type DatasetSummary,
  renderDataset,
  renderDatasets,
  renderSnapshots,
  type SnapshotPage,
} from '../dataset-view.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { show } from '../show.ts';
import { describeUpkeep } from './datasets-upkeep.ts';

interface UpdateOptions extends RemoteOptions {
  readonly owner?: string;
  readonly description?: string;
  readonly discoverable?: boolean;
  readonly tag: readonly string[];
  readonly tagColumn: readonly string[];
  readonly untagColumn: readonly string[];
}

interface RegisterOptions extends RemoteOptions {
  readonly bucket: string;
  readonly key?: string;
  readonly columns?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse datasets list
  $ lakehouse datasets describe sales.orders
  $ lakehouse datasets register sales.orders --columns '[{"name": "id", "type": "long"}]'
  $ lakehouse datasets register flights --bucket default --key landing/flights.parquet   # in place, not copied
  $ lakehouse datasets tag candidates --tag-column contact=pii.phone --owner ann
  $ lakehouse datasets snapshots candidates
  $ lakehouse datasets rollback candidates 4810372619538274501   # a snapshot of the list
  $ lakehouse datasets schema-diff sales.orders --columns '[{"name": "id", "type": "long"}]'   # would it append?
  $ lakehouse datasets resync-missing --dry-run      # files without a dataset, and the other way round
  $ lakehouse datasets resync-metadata candidates    # look for personal data again
  $ lakehouse datasets delete candidates`;

export const addDatasetsCommand: AddCommand = (program, context) => {
  const datasets = program
    .command('datasets')
    .description('the tables: list, describe, register, tag, delete');
  datasets.addHelpText('after', EXAMPLES);
  describeList(datasets.command('list'), context);
  describeDescribe(datasets.command('describe'), context);
  describeRegister(datasets.command('register'), context);
  describeTag(datasets.command('tag'), context);
  describeSnapshots(datasets.command('snapshots'), context);
  describeRollback(datasets.command('rollback'), context);
  describeDelete(datasets.command('delete'), context);
  describeSchemaDiff(datasets.command('schema-diff'), context);
  describeUpkeep(datasets, context);
};

function describeList(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('the datasets you may use')
    .option('--prefix <text>', 'only names that begin with this')
    .option('--limit <count>', 'datasets at most', wholeNumber, 100)
    .action(async (options: RemoteOptions & { prefix?: string; limit: number }) => {
      const { prefix, limit } = options;
      const request = { method: 'GET', path: '/catalog/datasets', query: { limit, prefix } } as const;
      const { value } = await connect(context, options).json<DatasetPage>(request);
      show(context, options, value, () => renderDatasets(value.datasets, context.terminal));
    });
}

function describeDescribe(command: Command, context: CliContext): void {
  named(command)
    .summary('columns, tags, masks, size and lineage of one')
    .action(async (name: string, options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<DatasetDetail>({ method: 'GET', path: byName(name) });
      show(context, options, value, () => renderDataset(value, context.terminal));
    });
}

function describeRegister(command: Command, context: CliContext): void {
  named(command)
    .summary('make a dataset of columns, or of Parquet that lies in a bucket')
    .option('--columns <json>', 'its columns, as a JSON list of {name, type}')
    .option('--bucket <name>', 'bucket of the Parquet file or folder', 'default')
    .option('--key <key>', 'key of the file, or of the folder with a / at its end')
    .action(async (name: string, options: RegisterOptions) => {
      const json = { name, ...registration(options) };
      const request = { method: 'POST', path: '/catalog/datasets', json } as const;
      const { value } = await connect(context, options).json<RegisterAnswer>(request);
      show(context, options, value, () => registeredText(value));
    });
}

interface RegisterAnswer {
  readonly dataset: string;
  readonly created: boolean;
  /** Null where nothing changed. */
  readonly row_count: number | null;
}

function registeredText({ dataset, created, row_count: rows }: RegisterAnswer): string {
  const name = `Dataset ${displayText(dataset)}`;
  if (created) return `${name} is registered.`;
  if (rows === null) return `${name} was registered before; nothing changed.`;
  return `${name} has a new snapshot of its objects as they are now: ${counted(rows, 'row')}.`;
}

function describeTag(command: Command, context: CliContext): void {
  named(command)
    .summary('set owner, description, tags of the dataset or of its columns')
    .option('--owner <name>', 'who answers for it')
    .option('--description <text>', 'what it is')
    .option('--discoverable', 'show name and owner to everyone with a key')
    .option('--no-discoverable', 'hide it from who has no grant')
    .option('--tag <tag>', 'tag of the dataset; replaces them; repeatable', collectTexts, [])
    .option('--tag-column <column=tag>', 'add a tag to a column; repeatable', collectTexts, [])
    .option('--untag-column <column=tag>', 'take a tag off a column; repeatable', collectTexts, [])
    .action(async (name: string, options: UpdateOptions) => {
      const request = { method: 'PATCH', path: byName(name), json: updateFrom(options) } as const;
      const { value } = await connect(context, options).json<{ changes: readonly string[] }>(request);
      const changes = value.changes.map(displayText).join(', ');
      show(context, options, value, () =>
        changes === '' ? 'Nothing had to change.' : `Changed: ${changes}.`,
      );
    });
}

function describeSnapshots(command: Command, context: CliContext): void {
  named(command)
    .summary('the states of a dataset, newest first, for AT (VERSION => …)')
    .action(async (name: string, options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<SnapshotPage>({ method: 'GET', path: `${byName(name)}/snapshots` });
      show(context, options, value, () => renderSnapshots(value, context.terminal));
    });
}

function describeRollback(command: Command, context: CliContext): void {
  named(command)
    .argument('<snapshot>', 'as `datasets snapshots` shows it')
    .summary('make an earlier snapshot the current one again')
    .action(async (name: string, snapshot: string, options: RemoteOptions) => {
      const request = { method: 'PATCH', path: byName(name), json: { rollback_to: snapshot } } as const;
      const { value } = await connect(context, options).json(request);
      show(
        context,
        options,
        value,
        () => `Dataset ${displayText(name)} is at snapshot ${displayText(snapshot)}.`,
      );
    });
}

function describeDelete(command: Command, context: CliContext): void {
  named(command)
    .summary('take a dataset away')
    .action(async (name: string, options: RemoteOptions) => {
      const { value } = await connect(context, options).json({ method: 'DELETE', path: byName(name) });
      show(context, options, value, () => `Dataset ${displayText(name)} is deleted.`);
    });
}

interface SchemaDiff {
  readonly compatible: boolean;
  readonly migration_rules: readonly { readonly description: string; readonly automatic: boolean }[];
}

function describeSchemaDiff(command: Command, context: CliContext): void {
  named(command)
    .summary('whether rows of these columns could be appended, and what would make them fit')
    .requiredOption('--columns <json>', 'the columns, as a JSON list of {name, type}')
    .action(async (name: string, options: RemoteOptions & { columns: string }) => {
      const json = { columns: columnsFrom(options.columns) };
      const request = { method: 'POST', path: `${byName(name)}/schema-diff`, json } as const;
      const { value } = await connect(context, options).json<SchemaDiff>(request);
      show(context, options, value, () => {
        const verdict = value.compatible ? 'An append goes through.' : 'An append is refused.';
        const rules = value.migration_rules.map(
          (rule) => `  ${rule.automatic ? 'by itself' : 'by hand'}: ${displayText(rule.description)}`,
        );
        return [verdict, ...rules].join('\n');
      });
    });
}

interface DatasetPage {
  readonly datasets: readonly DatasetSummary[];
}

function named(command: Command): Command {
  return addRemoteOptions(command.argument('<name>', 'dotted name'));
}

function byName(name: string): string {
  return pathOf`/catalog/datasets/by-name/${name}`;
}

function registration(options: RegisterOptions): Record<string, unknown> {
  const { bucket, key, columns } = options;
  if (columns !== undefined && key === undefined) return { columns: columnsFrom(columns) };
  if (columns === undefined && key !== undefined) {
    return { source: { bucket, key } };
  }
  throw usageFailure('Give either --columns, or --key (and --bucket) of Parquet that is already there.');
}

function columnsFrom(text: string): unknown {
  try {
    const columns: unknown = JSON.parse(text);
    if (Array.isArray(columns)) return columns;
  } catch {
    // Said below.
  }
  throw usageFailure('--columns must be a JSON list such as [{"name": "id", "type": "long"}].');
}

function updateFrom(options: UpdateOptions): Record<string, unknown> {
  const { owner, description, discoverable } = options;
  const given = Object.entries({ owner, description, discoverable }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    ...Object.fromEntries(given),
    ...(options.tag.length === 0 ? {} : { tags: options.tag }),
    ...(options.tagColumn.length === 0 ? {} : { set_tags: options.tagColumn.map(columnTag) }),
    ...(options.untagColumn.length === 0 ? {} : { remove_tags: options.untagColumn.map(columnTag) }),
  };
}

function columnTag(text: string): { column: string; tags: string[] } {
  const [, column, tag] = /^(.+)=([^=]+)$/.exec(text) ?? [];
  if (column === undefined || tag === undefined)
    throw usageFailure(`${displayText(text)} must look like column=tag.`);
  return { column, tags: [tag] };
}
