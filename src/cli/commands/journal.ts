import { resolve } from 'node:path';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES, usageFailure } from '../cli-failure.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { cellText, displayText } from '../display-text.ts';
import { counted, humanCount } from '../human-text.ts';
import { readNamed } from '../named-file.ts';
import { show } from '../show.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface EventsPage {
  readonly events: readonly {
    readonly seq: number;
    readonly time: string;
    readonly action: string;
    readonly subject: string;
    readonly identity: { readonly name: string };
    readonly on_behalf_of?: { readonly name: string } | null;
    readonly phase: string;
    readonly id: string;
  }[];
  readonly next: string | null;
}

interface Stats {
  readonly total_events_created: number;
  readonly events_kept: number;
  readonly by_action: readonly { readonly action: string; readonly events: number }[];
  readonly last_event_time: string | null;
  readonly last_checkpoint: { readonly number: number; readonly seq: number; readonly time: string } | null;
  readonly unsigned_events: number;
  readonly open_intents: number;
}

interface Verification {
  readonly valid: boolean;
  readonly events_checked: number;
  readonly checkpoints_checked: number;
  readonly heads_checked: number;
  readonly kept_checked: number;
  readonly problems: readonly { readonly seq: number; readonly place: string; readonly problem: string }[];
  readonly unsigned_events: number;
  readonly notes: readonly string[];
}

interface EventOptions extends RemoteOptions {
  readonly limit: number;
  readonly action?: string;
  readonly subject?: string;
  readonly identity?: string;
  readonly since?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse journal events --limit 20
  $ lakehouse journal events --subject dataset:0198… --json
  $ lakehouse journal stats
  $ lakehouse journal checkpoint > checkpoint.json   # keep it elsewhere: it proves what was there
  $ lakehouse journal rotate-key                     # a new key for checkpoints; earlier ones still verify
  $ lakehouse journal verify                         # asks the server
  $ lakehouse journal verify --checkpoint checkpoint.json   # all that it covers must still be there
  $ lakehouse journal verify --home DIR              # reads a stopped home itself, without a server`;

export const addJournalCommand: AddCommand = (program, context) => {
  const journal = program
    .command('journal')
    .description('the record of every change, and the proof that it is whole');
  journal.addHelpText('after', EXAMPLES);

  addRemoteOptions(journal.command('events'))
    .summary('events, newest first')
    .option('--limit <rows>', 'events at most', wholeNumber, 50)
    .option('--action <action>', 'only this action, for example dataset.ingested')
    .option('--subject <subject>', 'only about this, for example key:<id>')
    .option('--identity <name>', 'only by this identity')
    .option('--since <time>', 'not before this time, ISO 8601')
    .action(async (options: EventOptions) => {
      const { limit, action, subject, identity, since } = options;
      const query = Object.entries({ limit, action, subject, identity, since, order: 'desc' });
      const given = Object.fromEntries(query.filter(([, value]) => value !== undefined));
      const api = connect(context, options);
      const { value } = await api.json<EventsPage>({ method: 'GET', path: '/journal/events', query: given });
      show(context, options, value, () => renderEvents(value, context.terminal));
    });

  addRemoteOptions(journal.command('stats'))
    .summary('how many events, by action, and what is signed')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json<Stats>({
        method: 'GET',
        path: '/journal/stats',
      });
      show(context, options, value, () => renderStats(value, context.terminal));
    });

  addRemoteOptions(journal.command('checkpoint'))
    .summary('the last signed checkpoint, as JSON')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json({ method: 'GET', path: '/journal/checkpoint' });
      context.terminal.print(JSON.stringify(value, null, 2));
    });

  addRemoteOptions(journal.command('rotate-key'))
    .summary('replace the key that signs checkpoints')
    .action(async (options: RemoteOptions) => {
      const request = { method: 'POST', path: '/journal/checkpoint/rotate-key', json: {} } as const;
      const { value } = await connect(context, options).json<RotatedKey>(request);
      const { key_id: now, previous_key_id: before } = value;
      show(
        context,
        options,
        value,
        () =>
          `Checkpoints are signed with key ${displayText(now)}; those of ${displayText(before)} still verify.`,
      );
    });

  addRemoteOptions(journal.command('verify'))
    .summary('prove that no event was changed, removed, reordered or cut off')
    .option('--home <dir>', 'verify this home without a server; exit code 1 where it does not hold')
    .option('--checkpoint <file>', 'a checkpoint kept elsewhere, as `journal checkpoint` printed it')
    .action(async (options: RemoteOptions & { home?: string; checkpoint?: string }) => {
      const kept = options.checkpoint === undefined ? null : keptCheckpoint(options.checkpoint);
      const report =
        options.home === undefined
          ? await verifyAtServer(context, options, kept)
          : await verifyOffline(context, options.home, kept);
      show(context, options, report, () => renderVerification(report, context.terminal));
      if (!report.valid) {
        const detail = 'The journal does not verify: the problems above name the places.';
        throw new CliFailure(EXIT_CODES.failed, { code: 'cli.journal_invalid', detail });
      }
    });
};

interface RotatedKey {
  readonly key_id: string;
  readonly previous_key_id: string;
}

interface KeptCheckpoint {
  readonly signed_text: string;
  readonly signature: string;
  readonly public_key: string;
}

/** What a verification needs of a kept checkpoint; the verification itself judges it. */
function keptCheckpoint(file: string): KeptCheckpoint {
  const text = readNamed(file, 'The checkpoint ');
  let kept: Partial<KeptCheckpoint> | null = null;
  try {
    kept = JSON.parse(text);
  } catch {
    // Told below, with what is missing.
  }
  const { signed_text, signature, public_key } = kept ?? {};
  if (typeof signed_text === 'string' && typeof signature === 'string' && typeof public_key === 'string') {
    return { signed_text, signature, public_key };
  }
  throw usageFailure('The file of --checkpoint is not what `lakehouse journal checkpoint` printed.');
}

async function verifyOffline(
  context: CliContext,
  home: string,
  checkpoint: KeptCheckpoint | null,
): Promise<Verification> {
  const { verifyHome } = await import('../../main.ts');
  return verifyHome({ home: resolve(home), environment: context.environment, checkpoint });
}

async function verifyAtServer(
  context: CliContext,
  options: RemoteOptions,
  checkpoint: KeptCheckpoint | null,
): Promise<Verification> {
  const api = connect(context, options);
  const json = checkpoint === null ? {} : { checkpoint };
  return (await api.json<Verification>({ method: 'POST', path: '/journal/verify', json })).value;
}

function renderEvents(page: EventsPage, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const rows = page.events.map((event) => [
    String(event.seq),
    displayText(event.time),
    displayText(event.phase === 'done' ? event.action : `${event.action} (${event.phase})`),
    displayText(event.subject),
    displayText(
      [event.identity.name, event.on_behalf_of?.name].filter((name) => name !== undefined).join(' for '),
    ),
  ]);
  const head = ['seq', 'time', 'action', 'subject', 'by'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([0]) });
}

function renderStats(stats: Stats, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const checkpoint = stats.last_checkpoint;
  const pairs = renderPairs(
    [
      ['events ever created', humanCount(stats.total_events_created)],
      ['events kept', humanCount(stats.events_kept)],
      ['last event', cellText(stats.last_event_time)],
      [
        'last checkpoint',
        checkpoint === null
          ? 'none yet'
          : `${checkpoint.number} at event ${checkpoint.seq}, ${displayText(checkpoint.time)}`,
      ],
      ['not yet signed', humanCount(stats.unsigned_events)],
      ['open intents', humanCount(stats.open_intents)],
    ],
    colours,
  );
  const rows = stats.by_action.map(({ action, events }) => [displayText(action), humanCount(events)]);
  return `${pairs}\n\n${renderTable({ head: ['action', 'events'], rows, columns, colours, numeric: new Set([1]) })}`;
}

/** The verdict in one line, each problem with its place, and what was not looked at. */
export function renderVerification(report: Verification, terminal: Terminal): string {
  const { colours } = terminal;
  const what = `${counted(report.events_checked, 'event')}, ${counted(report.checkpoints_checked, 'checkpoint')}, ${counted(report.heads_checked, 'head')}${report.kept_checked > 0 ? ', the checkpoint that was kept' : ''} checked`;
  const verdict = report.valid
    ? colours.green('✓ the journal holds')
    : colours.red('✗ the journal does not hold');
  const problems = report.problems.map(
    (problem) =>
      `  ${colours.red('·')} event ${problem.seq} (${displayText(problem.place)}): ${displayText(problem.problem)}`,
  );
  const notes = report.notes.map((note) => `  ${colours.dim('·')} ${displayText(note)}`);
  return [`${verdict}: ${what}`, ...problems, ...notes].join('\n');
}
