import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, usageFailure } from '../cli-failure.ts';
import { collectTexts, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { copyAnswer } from '../copied-answer.ts';
import { writeNamed } from '../named-file.ts';
import { readText } from '../read-text.ts';
import { caretLines } from '../sql/error-caret.ts';
import { historyFile } from '../sql/history-file.ts';
import { type QueryRequest, runQuery } from '../sql/query-client.ts';
import { runRepl } from '../sql/repl.ts';
import { renderAnswer } from '../sql/result-view.ts';

const FORMATS = ['table', 'json', 'ndjson', 'csv', 'parquet'] as const;
type Format = (typeof FORMATS)[number];

interface SqlOptions extends RemoteOptions {
  readonly param: readonly string[];
  readonly limit?: number;
  readonly timeout?: number;
  /** Absent where it is not said: `formatOf` decides. */
  readonly format?: Format;
  readonly output?: string;
}

const MEDIA_TYPES = {
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
  parquet: 'application/vnd.apache.parquet',
} as const;

/** Rows shown where no limit was asked for. */
const SHOWN_ROWS = 100;

const EXAMPLES = `
Examples:
  $ lakehouse sql "SELECT region, count(*) FROM candidates GROUP BY region"
  $ lakehouse sql 'SELECT * FROM flights WHERE origin = $1' --param SEA --limit 5
  $ lakehouse sql 'SELECT * FROM flights WHERE delay > $least' --param least=60 --json
  $ echo "SELECT 1" | lakehouse sql -
  $ lakehouse sql "SELECT * FROM movies" --output movies.csv     # also .json, .ndjson, .parquet
  $ lakehouse sql                       # interactive, completes the names you were granted`;

export const addSqlCommand: AddCommand = (program, context) => {
  const command = program
    .command('sql')
    .summary('run a governed query, or open the interactive prompt')
    .description('Runs one SELECT under your rights: masks and row filters are applied at the scan.')
    .argument('[query]', 'the statement; `-` reads it from standard input; none opens the prompt')
    .option(
      '--param <value>',
      'parameter: `value` for $1, $2 … in order, `name=value` for $name',
      collectTexts,
      [],
    )
    .option('--limit <rows>', 'rows at most', wholeNumber)
    .option('--timeout <ms>', 'longest run in milliseconds', wholeNumber)
    .addOption(
      new Option(
        '--format <format>',
        'form of the result (default: by the ending of --output, then table)',
      ).choices([...FORMATS]),
    )
    .option('--output <file>', 'write the result to a file');
  addRemoteOptions(command)
    .addHelpText('after', EXAMPLES)
    .action((query: string | undefined, options: SqlOptions) => run(context, command, query, options));
};

async function run(
  context: CliContext,
  command: Command,
  query: string | undefined,
  options: SqlOptions,
): Promise<void> {
  const api = connect(context, options);
  const { terminal } = context;
  const fromPipe = query === undefined && terminal.stdin.isTTY !== true;
  if (query === undefined && !fromPipe) {
    if (formatOf(options) !== 'table') command.error('the prompt prints tables only');
    const history = historyFile(join(homedir(), '.lakehouse', 'sql-history'));
    return runRepl({ terminal, api, limitRows: options.limit ?? SHOWN_ROWS, history });
  }
  const sql = query === undefined || query === '-' ? await readText(terminal.stdin) : query;
  if (sql.trim() === '') throw usageFailure('There is no statement.');
  const request: QueryRequest = {
    sql: sql.trim().replace(/;\s*$/, ''),
    ...parameters(options.param),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    ...(options.timeout === undefined ? {} : { timeout_ms: options.timeout }),
  };
  try {
    await runOnce(context, api, request, options);
  } catch (error) {
    const caret =
      error instanceof CliFailure && options.json !== true ? caretLines(request.sql, error.facts) : null;
    if (caret !== null) terminal.note(`${caret[0]}\n${terminal.colours.red(caret[1])}`);
    throw error;
  }
}

async function runOnce(
  context: CliContext,
  api: ApiClient,
  request: QueryRequest,
  options: SqlOptions,
): Promise<void> {
  const { terminal, interrupted } = context;
  const format = formatOf(options);
  if (format === 'table' || format === 'json') {
    const shown =
      format === 'table' && request.limit === undefined ? { ...request, limit: SHOWN_ROWS } : request;
    const answer = await runQuery(api, shown, interrupted);
    const text = format === 'json' ? JSON.stringify(answer, null, 2) : renderAnswer(answer, terminal);
    if (options.output === undefined) terminal.print(text);
    else writeNamed(options.output, `${text}\n`);
    return;
  }
  if (format === 'parquet' && options.output === undefined)
    throw usageFailure('Parquet goes to a file: name it with --output.');
  const response = await api.stream({
    method: 'POST',
    path: '/query/sql',
    json: { ...request, format },
    headers: { accept: MEDIA_TYPES[format] },
    signal: interrupted,
  });
  await copyAnswer(response, { terminal, output: options.output });
}

/** What was asked for, else what the ending of the file says. */
function formatOf({ json, format, output }: SqlOptions): Format {
  if (json === true) return 'json';
  const ending = output === undefined ? '' : extname(output).slice(1).toLowerCase();
  return format ?? FORMATS.find((one) => one === ending) ?? 'table';
}

/** All named or all positional; text that reads as a JSON number, boolean or null is one. */
function parameters(texts: readonly string[]): { params?: QueryRequest['params'] & object } {
  if (texts.length === 0) return {};
  const named = texts.map((text) => /^([a-z_]\w*)=([\s\S]*)$/i.exec(text));
  if (named.every((match) => match !== null)) {
    return { params: Object.fromEntries(named.map((match) => [match[1] ?? '', scalar(match[2] ?? '')])) };
  }
  return { params: texts.map(scalar) };
}

function scalar(text: string): unknown {
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^"[\s\S]*"$/.test(text)) return text.slice(1, -1);
  const isExact = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,12})?$/.test(text);
  return isExact ? Number(text) : text;
}
