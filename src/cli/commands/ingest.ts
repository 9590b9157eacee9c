import { basename } from 'node:path';
import { Option } from 'commander';
import type { ApiClient } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { counted, humanDuration } from '../human-text.ts';
import { show } from '../show.ts';
import type { Terminal } from '../terminal.ts';
import { type IngestAnswer, uploadFile } from '../upload-file.ts';

interface IngestOptions extends RemoteOptions {
  readonly dataset?: string;
  readonly mode?: string;
  readonly onError?: string;
  readonly idempotencyKey?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse ingest flights.parquet
  $ lakehouse ingest 2026-*.csv --dataset sales.orders --mode append
  $ lakehouse ingest people.csv.gz --dataset candidates --on-error quarantine
  $ lakehouse ingest movies.json --json`;

export const addIngestCommand: AddCommand = (program, context) => {
  addRemoteOptions(
    program.command('ingest').argument('<file...>', 'CSV, TSV, NDJSON, JSON or Parquet, also gzipped'),
  )
    .summary('load files into datasets')
    .description(
      'Streams each file to the server, which sniffs, infers, validates and commits it as a whole.',
    )
    .option('--dataset <name>', 'dataset to load into (default: the file’s name)')
    .addOption(
      new Option('--mode <mode>', 'what to do with a dataset that exists (default: append)').choices([
        'append',
        'create',
        'replace',
      ]),
    )
    .addOption(
      new Option('--on-error <what>', 'a row that does not fit (default: abort)').choices([
        'abort',
        'quarantine',
      ]),
    )
    .option('--idempotency-key <key>', 'the same key loads once, however often it is sent; for one file')
    .addHelpText('after', EXAMPLES)
    .action((files: readonly string[], options: IngestOptions) => ingest(context, files, options));
};

async function ingest(context: CliContext, files: readonly string[], options: IngestOptions): Promise<void> {
  if (options.idempotencyKey !== undefined && files.length > 1) {
    throw usageFailure('An --idempotency-key names one load: give one file with it.');
  }
  const api = connect(context, options);
  const answers: IngestAnswer[] = [];
  const showAll = () => {
    if (options.json === true) show(context, options, files.length === 1 ? answers[0] : answers, () => '');
  };
  try {
    for (const file of files) answers.push(await ingestFile(context, api, file, options));
  } catch (error) {
    // What was loaded before stays loaded, and its answers are told once.
    if (answers.length > 0) showAll();
    throw error;
  }
  showAll();
}

async function ingestFile(
  context: CliContext,
  api: ApiClient,
  file: string,
  options: IngestOptions,
): Promise<IngestAnswer> {
  const startedMs = context.nowMs();
  const answer = await uploadFile(api, context.terminal, file, {
    dataset: options.dataset ?? datasetNameOf(file),
    signal: context.interrupted,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.onError === undefined ? {} : { onError: options.onError }),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
  });
  if (options.json !== true) context.terminal.print(describe(answer, context, context.nowMs() - startedMs));
  return answer;
}

/** What was loaded, and which columns hold personal data. */
function describe(answer: IngestAnswer, context: CliContext, elapsedMs: number): string {
  const { colours } = context.terminal;
  const name = colours.bold(displayText(answer.dataset));
  if (answer.duplicate)
    return `${colours.yellow('=')} ${name}: the same content was loaded before; nothing changed`;
  const rejected =
    answer.rejected_count === 0
      ? ''
      : colours.yellow(`, ${counted(answer.rejected_count, 'row')} quarantined`);
  const kept =
    answer.rejected_count === 0 ? '' : `\n  quarantined rows: lakehouse ingests rejected ${answer.ingest_id}`;
  const line = `${colours.green('✓')} ${name}: ${loadedRows(answer)}, ${counted(answer.columns.length, 'column')}${rejected} in ${humanDuration(elapsedMs)}${columnLines(answer, colours)}${kept}`;
  const personal = answer.columns.filter((column) => column.tags.length > 0);
  if (personal.length === 0) return line;
  const tags = personal.map((column) => displayText(`${column.name} (${column.tags.join(', ')})`)).join(', ');
  return `${line}\n  ${colours.yellow('personal data:')} ${tags}`;
}

/** A dataset that was there says so: it is what nobody asked for who took the name for a new one. */
function loadedRows({ effect, row_count: count, rows_before: before }: IngestAnswer): string {
  const rows = counted(count, 'row');
  if (effect === 'created') return rows;
  const there = before === null ? 'the existing rows' : `${counted(before, 'existing row')}`;
  return effect === 'replaced' ? `${rows} in place of ${there}` : `${rows} appended to ${there}`;
}

/** One line for each kind of change to the columns. */
function columnLines({ column_changes: changes }: IngestAnswer, colours: Terminal['colours']): string {
  return COLUMN_LINES.flatMap(([kind, title]) => {
    const those = changes.filter((one) => one.kind === kind);
    if (those.length === 0) return [];
    const told = those.slice(0, MOST_COLUMNS_TOLD).map(({ column, from, to }) => {
      const types = new Set([from, to].filter((one) => one !== null));
      return displayText(`${column} (${[...types].join(' → ')})`);
    });
    const rest = those.length - told.length;
    const more = rest > 0 ? ` and ${rest} more; --json names all` : '';
    return [`\n  ${colours.yellow(`${title}:`)} ${told.join(', ')}${more}`];
  }).join('');
}

const COLUMN_LINES = [
  ['added', 'columns added'],
  ['widened', 'columns widened'],
  ['removed', 'columns removed'],
  ['filled_with_null', 'columns missing from the file, filled with null'],
] as const;

const MOST_COLUMNS_TOLD = 20;

/** `Flights 3m.csv.gz` → `flights_3m`. */
function datasetNameOf(file: string): string {
  const stem = basename(file).replace(/(\.[A-Za-z0-9]+){1,2}$/, '');
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  if (name === '') throw usageFailure('The file’s name makes no dataset name: give one with --dataset.');
  return /^[a-z_]/.test(name) ? name : `_${name}`;
}
