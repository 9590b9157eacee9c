import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-version.ts';
import type { AddCommand, CliContext } from './cli-context.ts';
import { EXIT_CODES, type ExitCode, usageFailure } from './cli-failure.ts';
import { addAccessCommand } from './commands/access.ts';
import { addAuditorCommand } from './commands/auditor.ts';
import { addBackupCommands } from './commands/backup.ts';
import { addChatCommand } from './commands/chat.ts';
import { addConfigCommand } from './commands/config.ts';
import { addDatasetsCommand } from './commands/datasets.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEventsCommand } from './commands/events.ts';
import { addIngestCommand } from './commands/ingest.ts';
import { addIngestsCommand } from './commands/ingests.ts';
import { addInitCommand } from './commands/init.ts';
import { addJournalCommand } from './commands/journal.ts';
import { addKbCommand } from './commands/kb.ts';
import { addKeysCommand } from './commands/keys.ts';
import { addMcpCommand } from './commands/mcp.ts';
import { addModelsCommand } from './commands/models.ts';
import { addReviewCommand } from './commands/review.ts';
import { addReviewsCommand } from './commands/reviews.ts';
import { addRouteCommand } from './commands/route.ts';
import { addScrumCommand } from './commands/scrum.ts';
import { addServeCommand } from './commands/serve.ts';
import { addSqlCommand } from './commands/sql.ts';
import { addStatusCommand } from './commands/status.ts';
import { addToolsCommand } from './commands/tools.ts';
import { addTruthCommand } from './commands/truth.ts';
import { addUsageCommand } from './commands/usage.ts';
import { addWhoamiCommand } from './commands/whoami.ts';
import { reportFailure } from './failure-report.ts';

const COMMANDS: readonly AddCommand[] = [
  addDemoCommand,
  addInitCommand,
  addServeCommand,
  addStatusCommand,
  addIngestCommand,
  addIngestsCommand,
  addSqlCommand,
  addDatasetsCommand,
  addWhoamiCommand,
  addToolsCommand,
  addMcpCommand,
  addChatCommand,
  addModelsCommand,
  addUsageCommand,
  addRouteCommand,
  addReviewsCommand,
  addKeysCommand,
  addAccessCommand,
  addJournalCommand,
  addTruthCommand,
  addEventsCommand,
  addDoctorCommand,
  addConfigCommand,
  addBackupCommands,
  addReviewCommand,
  addAuditorCommand,
  addScrumCommand,
  addKbCommand,
];

const HELP_AFTER = `
Examples:
  $ lakehouse demo                                  # the whole system on real data, nothing left behind
  $ lakehouse init --home ./home                    # prints the admin key once
  $ lakehouse serve --home ./home
  $ LAKEHOUSE_API_KEY=… lakehouse ingest flights.parquet
  $ LAKEHOUSE_API_KEY=… lakehouse sql "SELECT count(*) FROM flights"
  $ LAKEHOUSE_API_KEY=… lakehouse chat "What is late, and why?" --context-sql "SELECT * FROM flights LIMIT 20"

Variables:
  LAKEHOUSE_URL       address of the server, http://127.0.0.1:8080 where absent
  LAKEHOUSE_API_KEY   the key; --key-file reads it from a file instead
  NO_COLOR            no colours

Exit codes:
  0  done
  1  refused by the server, or the work or a check failed
  2  the command line, a file it names, or the configuration is wrong
  3  no valid key, or not allowed
  4  the server cannot be reached, cannot take traffic, or has no model for the request
  130  interrupted`;

/** The whole command line, ready to parse. With `tellsMistakes` false it leaves a mistake on the line to its caller. */
export function buildProgram(context: CliContext, tellsMistakes = true): Command {
  const program = new Command('lakehouse')
    .description(
      'One governed door to a team’s data and models: identity, access, truth and journal on every request.',
    )
    .version(packageVersion(), '--version', 'print the version')
    .addHelpText('after', HELP_AFTER)
    .showHelpAfterError('(lakehouse --help lists commands and examples)')
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => void context.terminal.stdout.write(text),
      writeErr: (text) => {
        if (tellsMistakes) context.terminal.stderr.write(text);
      },
      getOutHelpWidth: () => Math.min(100, context.terminal.columns),
      getErrHelpWidth: () => Math.min(100, context.terminal.columns),
    });
  for (const add of COMMANDS) add(program, context);
  for (const group of program.commands) for (const command of group.commands) introduce(command, group);
  return program;
}

/** The help of a command in a group, at any depth, says what it does and shows the group's examples of it. */
function introduce(command: Command, group: Command, path = `${group.name()} ${command.name()}`): void {
  if (command.description() === '') command.description(command.summary());
  command.addHelpText('after', () => {
    const examples = examplesOf(group, path);
    return `\nExamples:\n${examples.join('\n')}\nMore: lakehouse ${group.name()} --help`;
  });
  for (const below of command.commands) introduce(below, group, `${path} ${below.name()}`);
}

/** The lines of a group's help that call the command of this path. */
function examplesOf(group: Command, path: string): readonly string[] {
  const before = group.configureOutput();
  let help = '';
  group.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  group.outputHelp();
  group.configureOutput(before);
  return help
    .split('\n')
    .filter((line) => /^ {2}\$ /.test(line) && `${line} `.includes(`lakehouse ${path} `));
}

/** Runs one command line and returns its exit code; every failure has been shown by then. */
export async function runProgram(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  const isJson = argv.includes('--json');
  try {
    await buildProgram(context, !isJson).parseAsync([...argv], { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT_CODES.ok;
      const detail = `${error.message.replace(/^error: /, '')} (lakehouse --help lists commands and examples)`;
      return isJson ? reportFailure(context.terminal, usageFailure(detail), isJson) : EXIT_CODES.usage;
    }
    if (!context.interrupted.aborted) return reportFailure(context.terminal, error, isJson);
    const interrupted = { code: 'cli.interrupted', detail: 'interrupted' };
    context.terminal.note(isJson ? JSON.stringify(interrupted) : interrupted.detail);
    return EXIT_CODES.interrupted;
  }
}
