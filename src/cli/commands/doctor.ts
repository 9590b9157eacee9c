import { setTimeout as wait } from 'node:timers/promises';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { type DoctorReport, type Evidence, examine, STEPS } from '../doctor/examine.ts';
import { counted } from '../human-text.ts';
import { startProgressBar } from '../progress-bar.ts';
import { show } from '../show.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

const EXAMPLES = `
Examples:
  $ LAKEHOUSE_API_KEY=<an admin's key> lakehouse doctor
  $ lakehouse doctor --verbose          # what each probe saw, and when
  $ lakehouse doctor --json             # exit code 1 where a step does not hold

The doctor makes three short-lived keys without rights, calls every address of the running server with no key, a wrong,
a revoked, an expired and a powerless one, and looks each call up in the audit. The keys are revoked and journaled.`;

const STEP_TITLES: Readonly<Record<(typeof STEPS)[number], string>> = {
  no_key: 'no key',
  wrong_key: 'wrong',
  revoked_key: 'revoked',
  expired_key: 'expired',
  no_grant: 'grant',
  audited: 'audit',
  truth: 'truth',
};

/** `doctor`: every operation × enforcement step, by live probes. */
export const addDoctorCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('doctor'))
    .summary('prove by live probes that every step guards every operation')
    .option('--verbose', 'show what each probe saw, and when')
    .addHelpText('after', EXAMPLES)
    .action((options: RemoteOptions & { verbose?: boolean }) => diagnose(context, options));
};

async function diagnose(context: CliContext, options: RemoteOptions & { verbose?: boolean }): Promise<void> {
  const { terminal } = context;
  let bar: ReturnType<typeof startProgressBar> | null = null;
  const report = await examine({
    api: connect(context, options),
    fetch: context.fetch,
    wait: (milliseconds) => wait(milliseconds),
    now: () => new Date(),
    onProgress(done, total) {
      bar ??= startProgressBar(terminal, 'probing', total, 'count');
      bar.advance(done);
      if (done === total) bar.stop();
    },
  });
  show(context, options, report, () => render(report, options.verbose === true, terminal));
  if (report.holes.length > 0) {
    const detail = `${counted(report.holes.length, 'hole')}: enforcement is not complete.`;
    throw new CliFailure(EXIT_CODES.failed, { code: 'cli.doctor_holes', detail });
  }
}

function render(report: DoctorReport, verbose: boolean, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const head = ['operation', ...STEPS.map((step) => STEP_TITLES[step])];
  const rows = report.operations.map((each) => [
    displayText(each.operation),
    ...STEPS.map((step) => mark(each.steps[step], terminal)),
  ]);
  const seen = verbose
    ? report.operations.flatMap((each) => [
        colours.bold(displayText(`${each.operation}  ${each.address}`)),
        ...STEPS.map(
          (step) => `  ${step.padEnd(12)} ${each.steps[step].at}  ${displayText(each.steps[step].seen)}`,
        ),
      ])
    : [];
  const holds = report.operations.flatMap((each) =>
    STEPS.filter((step) => each.steps[step].verdict === 'holds'),
  );
  const summary =
    report.holes.length === 0
      ? colours.green(
          `✓ no holes: ${counted(holds.length, 'step')} proven on ${counted(report.operations.length, 'address')}`,
        )
      : report.holes.map((hole) => colours.red(`✗ ${displayText(hole)}`)).join('\n');
  return [
    renderTable({ head, rows, columns, colours }),
    ...seen,
    `${mark(report.journal, terminal)} journal: ${displayText(report.journal.seen)}`,
    ...(report.auth_enabled
      ? []
      : [colours.red('✗ auth.enabled is false: whoever reaches this server is an administrator')]),
    summary,
    colours.dim(`${report.url}, ${report.checked_at}`),
  ].join('\n');
}

function mark(evidence: Evidence, terminal: Terminal): string {
  const { colours } = terminal;
  if (evidence.verdict === 'holds') return colours.green('✓');
  return evidence.verdict === 'hole' ? colours.red('✗') : colours.dim('–');
}
