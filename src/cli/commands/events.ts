import { InvalidArgumentError, Option } from 'commander';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { follow } from '../events/follow.ts';
import { type ImportReport, importFile } from '../events/import-file.ts';
import { counted, humanCount } from '../human-text.ts';
import { show } from '../show.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ShownEvent {
  readonly seq: number;
  readonly time: string;
  readonly severity: string;
  readonly source: string;
  readonly kind: string;
  readonly message: string;
  readonly identity: string;
}

interface Stats {
  readonly events: number;
  readonly by_source: Readonly<Record<string, number>>;
  readonly by_kind: Readonly<Record<string, number>>;
  readonly by_severity: Readonly<Record<string, number>>;
  readonly rates: { readonly last_minute: number; readonly last_hour: number };
  readonly last: Pick<ShownEvent, 'time' | 'source' | 'kind'> | null;
  readonly dropped: number;
}

interface FilterOptions extends RemoteOptions {
  readonly source?: string;
  readonly kind?: string;
  readonly minSeverity?: string;
  readonly correlationId?: string;
  readonly signature?: string;
  readonly limit?: number;
}

interface SendOptions extends RemoteOptions {
  readonly severity: string;
  readonly message?: string;
  readonly externalId?: string;
  readonly correlationId?: string;
  readonly signature?: string;
  readonly data?: unknown;
}

const SEVERITIES = ['debug', 'info', 'warn', 'error', 'critical'];

const EXAMPLES = `
Examples:
  $ lakehouse events list --min-severity error --limit 20
  $ lakehouse events tail --source scrum
  $ lakehouse events stats
  $ lakehouse events send ci build.failed --severity error --signature build:main --message "Build 12 failed"
  $ lakehouse events import langfuse-export.jsonl       # without prompts and answers; the same file twice is one`;

export const addEventsCommand: AddCommand = (program, context) => {
  const events = program
    .command('events')
    .description('what reviews, models, ingests and other programs tell of')
    .addHelpText('after', EXAMPLES);

  const filtered = (name: string, summary: string) =>
    addRemoteOptions(events.command(name))
      .summary(summary)
      .option('--source <name>', 'only of this source')
      .option('--kind <name>', 'only of this kind')
      .addOption(new Option('--min-severity <severity>', 'only this or worse').choices(SEVERITIES))
      .option('--correlation-id <id>', 'only what belongs to this')
      .option('--signature <text>', 'only repetitions of this');

  filtered('list', 'events, newest first')
    .option('--limit <count>', 'events at most', wholeNumber, 50)
    .action(async (options: FilterOptions) => {
      const query = { ...filterOf(options), limit: options.limit };
      const api = connect(context, options);
      const { value } = await api.json<{ events: readonly ShownEvent[] }>({
        method: 'GET',
        path: '/events',
        query,
      });
      show(context, options, value, () => renderEvents(value.events, context.terminal));
    });

  filtered('tail', 'events as they come in, until Ctrl-C')
    .option('--limit <count>', 'end after so many', wholeNumber)
    .action((options: FilterOptions) => tail(context, options));

  addRemoteOptions(events.command('stats'))
    .summary('how many, of what, and how many now')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json<Stats>({ method: 'GET', path: '/stats' });
      show(context, options, value, () => renderStats(value, context.terminal));
    });

  addRemoteOptions(events.command('send').argument('<source>').argument('<kind>'))
    .summary('record one event')
    .addOption(new Option('--severity <severity>', 'how bad').choices(SEVERITIES).default('info'))
    .option('--message <text>', 'for people')
    .option('--external-id <id>', 'the source’s own id; the same one twice is one event')
    .option('--correlation-id <id>', 'what it belongs to')
    .option('--signature <text>', 'the same for every repetition')
    .option('--data <json>', 'facts, as JSON', jsonValue)
    .action((source: string, kind: string, options: SendOptions) => send(context, source, kind, options));

  addRemoteOptions(events.command('import').argument('<file>', 'a Langfuse export: JSON or JSON lines'))
    .summary('traces and observations of Langfuse as events')
    .description('Sends a Langfuse export to the server. The same record twice is one event.')
    .option('--with-content', 'prompts, answers and status messages too; each is cut at 4.5 kB')
    .action(async (file: string, options: RemoteOptions & { withContent?: boolean }) => {
      const withContent = options.withContent === true;
      const api = connect(context, options);
      const report = await importFile(api, context.terminal, file, {
        withContent,
        signal: context.interrupted,
      });
      show(context, options, report, () => renderImport(report));
    });
};

function filterOf(options: FilterOptions) {
  return {
    source: options.source,
    kind: options.kind,
    min_severity: options.minSeverity,
    correlation_id: options.correlationId,
    signature: options.signature,
  };
}

async function tail(context: CliContext, options: FilterOptions): Promise<void> {
  const { terminal, interrupted: signal } = context;
  for await (const json of follow(connect(context, options), filterOf(options), {
    limit: options.limit,
    signal,
  })) {
    terminal.print(options.json === true ? json : lineOf(JSON.parse(json), terminal));
  }
}

async function send(context: CliContext, source: string, kind: string, options: SendOptions): Promise<void> {
  const { severity, message, externalId, correlationId, signature, data } = options;
  const json = {
    ...{ source, kind, severity, message, data, signature },
    external_id: externalId,
    correlation_id: correlationId,
  };
  const api = connect(context, options);
  const { value } = await api.json<{ accepted: number; event_ids: readonly string[] }>({
    method: 'POST',
    path: '/event',
    json,
  });
  const done = value.accepted === 1 ? 'recorded' : 'was there already';
  show(context, options, value, () => `${displayText(value.event_ids[0] ?? '')} ${done}`);
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It must be JSON.');
  }
}

function lineOf(event: ShownEvent, { colours }: Terminal): string {
  const bad = event.severity === 'error' || event.severity === 'critical';
  const severity = displayText(event.severity).padEnd(8);
  const shown = bad ? colours.red(severity) : event.severity === 'warn' ? colours.yellow(severity) : severity;
  const what = `${colours.bold(displayText(event.source))} ${displayText(event.kind)}`;
  return `${colours.dim(displayText(event.time))} ${shown} ${what} ${displayText(event.message)}`;
}

function renderEvents(events: readonly ShownEvent[], { colours, columns }: Terminal): string {
  const rows = events.map((event) =>
    [event.seq, event.time, event.severity, event.source, event.kind, event.message, event.identity].map(
      (cell) => displayText(String(cell)),
    ),
  );
  const head = ['seq', 'time', 'severity', 'source', 'kind', 'message', 'by'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([0]) });
}

function renderStats(stats: Stats, { colours, columns }: Terminal): string {
  const { last } = stats;
  const pairs = renderPairs(
    [
      ['events kept', humanCount(stats.events)],
      ['last minute', humanCount(stats.rates.last_minute)],
      ['last hour', humanCount(stats.rates.last_hour)],
      ['newest', last === null ? 'none yet' : displayText(`${last.source} ${last.kind}, ${last.time}`)],
      ['dropped', humanCount(stats.dropped)],
    ],
    colours,
  );
  const tables = Object.entries({
    source: stats.by_source,
    kind: stats.by_kind,
    severity: stats.by_severity,
  }).map(([name, counts]) => {
    const rows = Object.entries(counts).map(([each, events]) => [displayText(each), humanCount(events)]);
    return renderTable({ head: [name, 'events'], rows, columns, colours, numeric: new Set([1]) });
  });
  return [pairs, ...tables].join('\n\n');
}

function renderImport({ records, accepted, duplicate, skipped }: ImportReport): string {
  const already = duplicate === 0 ? '' : `, ${humanCount(duplicate)} there already`;
  const other = skipped === 0 ? '' : `, ${humanCount(skipped)} neither trace nor observation`;
  return `${counted(accepted, 'event')} recorded of ${counted(records, 'record')}${already}${other}`;
}
