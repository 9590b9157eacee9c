import { resolve } from 'node:path';
import type { BackupReport } from '../../home/index.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { counted, humanBytes } from '../human-text.ts';
import { show } from '../show.ts';

interface BackupOptions {
  readonly home: string;
  readonly to?: string;
  readonly from?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ lakehouse backup --home ./home --to /mnt/backup/2026-11-23    # also while it is served
  $ lakehouse restore --home ./new-home --from /mnt/backup/2026-11-23`;

/** `backup` and `restore`: work on folders, for who owns them. */
export const addBackupCommands: AddCommand = (program, context) => {
  program
    .command('backup')
    .summary('copy a home, consistent and verified, also while it is served')
    .requiredOption('--home <dir>', 'the home to copy')
    .requiredOption('--to <dir>', 'a folder that is empty or not there yet')
    .option('--json', 'print JSON for scripts')
    .addHelpText('after', EXAMPLES)
    .action(async (options: BackupOptions) => {
      const to = resolve(options.to ?? '');
      const { backup } = await import('../../main.ts');
      const report = await backup({ home: resolve(options.home), to, ...shared(context) });
      done(context, options, 'backed up', report);
    });
  program
    .command('restore')
    .summary('make a home of a backup, after checking every file and the journal')
    .requiredOption('--home <dir>', 'a folder that is empty or not there yet')
    .requiredOption('--from <dir>', 'the backup')
    .option('--json', 'print JSON for scripts')
    .addHelpText('after', EXAMPLES)
    .action(async (options: BackupOptions) => {
      const from = resolve(options.from ?? '');
      const { restore } = await import('../../main.ts');
      const report = await restore({ home: resolve(options.home), from, ...shared(context) });
      done(context, options, 'restored', report);
    });
};

function shared(context: CliContext) {
  const { terminal, environment } = context;
  return {
    environment,
    onProgress(files: number, sizeBytes: number) {
      if (terminal.isInteractive)
        terminal.stderr.write(`\r  ${counted(files, 'file')}, ${humanBytes(sizeBytes)}  `);
    },
  };
}

function done(context: CliContext, options: BackupOptions, verb: string, report: BackupReport): void {
  const { terminal } = context;
  if (terminal.isInteractive) terminal.stderr.write('\r\u001b[K');
  const { files, sizeBytes, journalEvents, notes } = report;
  show(
    context,
    options,
    { files, size_bytes: sizeBytes, journal_events: journalEvents, notes },
    () =>
      `${terminal.colours.green('✓')} ${verb}: ${counted(files, 'file')}, ${humanBytes(sizeBytes)}; the journal holds, ${counted(journalEvents, 'event')}.`,
  );
  for (const note of notes) terminal.note(terminal.colours.yellow(note));
}
