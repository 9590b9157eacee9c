import { pathOf } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { copyAnswer } from '../copied-answer.ts';
import { cellText, displayText } from '../display-text.ts';
import { humanBytes, humanCount } from '../human-text.ts';
import { show } from '../show.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface IngestPage {
  readonly ingests: readonly {
    readonly ingest_id: string;
    readonly dataset: string;
    readonly mode: string;
    readonly identity: string;
    readonly file_name: string | null;
    readonly size_bytes: number | null;
    readonly row_count: number | null;
    readonly rejected_count: number | null;
    readonly created_at: string;
  }[];
  readonly next_before: string | null;
}

interface ListOptions extends RemoteOptions {
  readonly dataset?: string;
  readonly limit: number;
  readonly before?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse ingests list --dataset sales.orders
  $ lakehouse ingests rejected 0198c0de-…            # one JSON object a line: line, column, reason, raw
  $ lakehouse ingests source 0198c0de-… --output orders.csv`;

/** `ingests`: what was loaded, and what was kept of it. */
export const addIngestsCommand: AddCommand = (program, context) => {
  const ingests = program
    .command('ingests')
    .description('files that were loaded: list, rejected rows, the file itself')
    .addHelpText('after', EXAMPLES);

  addRemoteOptions(ingests.command('list'))
    .summary('loads into the datasets you may read, newest first')
    .option('--dataset <name>', 'only into this dataset')
    .option('--limit <count>', 'loads at most', wholeNumber, 50)
    .option('--before <ingest-id>', 'only loads before this one: next_before of the page before')
    .action(async (options: ListOptions) => {
      const { dataset, limit, before } = options;
      const request = { method: 'GET', path: '/ingest', query: { dataset, limit, before } } as const;
      const { value } = await connect(context, options).json<IngestPage>(request);
      show(context, options, value, () => ingestsTable(value, context.terminal));
    });

  addRemoteOptions(ingests.command('rejected').argument('<ingest-id>', 'as `ingest` or the list shows it'))
    .summary('the rows that on_error=quarantine set aside, as lines of JSON')
    .option('--output <file>', 'write them to a file')
    .action((id: string, options: StreamOptions) =>
      copyStream(context, options, pathOf`/ingest/${id}/rejected`),
    );

  addRemoteOptions(ingests.command('source').argument('<ingest-id>', 'as `ingest` or the list shows it'))
    .summary('the file as it was uploaded')
    .requiredOption('--output <file>', 'write it to this file')
    .action((id: string, options: StreamOptions) =>
      copyStream(context, options, pathOf`/ingest/${id}/source`),
    );
};

interface StreamOptions extends RemoteOptions {
  readonly output?: string;
}

async function copyStream(context: CliContext, options: StreamOptions, path: string): Promise<void> {
  const { terminal, interrupted } = context;
  const { output } = options;
  const response = await connect(context, options).stream({ method: 'GET', path, signal: interrupted });
  const sizeBytes = await copyAnswer(response, { terminal, output });
  if (output === undefined) return;
  const written = () => `${humanBytes(sizeBytes)} written to ${displayText(output)}.`;
  show(context, options, { file: output, size_bytes: sizeBytes }, written);
}

function ingestsTable({ ingests, next_before: next }: IngestPage, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const numberOf = (value: number | null) => (value === null ? '' : humanCount(value));
  const rows = ingests.map((one) => [
    displayText(one.ingest_id),
    displayText(one.created_at),
    displayText(one.dataset),
    displayText(one.mode),
    numberOf(one.row_count),
    numberOf(one.rejected_count),
    cellText(one.file_name),
    displayText(one.identity),
  ]);
  const head = ['ingest id', 'time', 'dataset', 'mode', 'rows', 'rejected', 'file', 'by'];
  const table = renderTable({ head, rows, columns, colours, numeric: new Set([4, 5]) });
  return next === null ? table : `${table}\n${colours.dim(`more: --before ${displayText(next)}`)}`;
}
