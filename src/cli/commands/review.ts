import { Option } from 'commander';
import { packageVersion } from '../../package-version.ts';
import type { Finding, Inspection } from '../../review/inspect/index.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { collectTexts } from '../command-arguments.ts';
import { counted } from '../human-text.ts';
import { readNamed, writeNamed } from '../named-file.ts';
import { startProgressBar } from '../progress-bar.ts';
import { renderReview } from '../review/review-view.ts';
import { show } from '../show.ts';

interface ReviewOptions {
  readonly all?: boolean;
  readonly baseline?: string;
  readonly failOn: (typeof FAIL_ON)[number];
  readonly json?: boolean;
  readonly rule: readonly string[];
  readonly sarif?: string;
  readonly since?: string;
  readonly writeBaseline?: string;
}

const FAIL_ON = ['error', 'warning', 'note', 'never'] as const;

const EXAMPLES = `
Examples:
  $ lakehouse review                                   # this folder, the ten most important findings
  $ lakehouse review ../service --all
  $ lakehouse review --since main                      # only what this branch brings
  $ lakehouse review --write-baseline baseline.json    # what is known today …
  $ lakehouse review --baseline baseline.json          # … and only what is new fails
  $ lakehouse review --sarif review.sarif --fail-on error
  $ lakehouse review --rule hollow-test --rule unsafe-compare

It needs no key, no server and no model, and sends nothing anywhere. A comment // review-ok <rule-id>: reason on the
line or the one above keeps a finding from being reported.`;

/** `review`: reads a folder, never a server. */
export const addReviewCommand: AddCommand = (program, context) => {
  program
    .command('review')
    .argument('[path]', 'the folder to review; a git repository or any other', '.')
    .summary('find enforcement that is built and not wired, and tests that prove nothing')
    .option('--all', 'show every finding, not only the ten most important')
    .option('--json', 'print JSON for scripts')
    .option('--sarif <file>', 'write the findings as SARIF 2.1.0')
    .option('--since <ref>', 'only findings in files changed since a commit, or new since it')
    .option('--baseline <file>', 'leave out the findings this file knows')
    .option('--write-baseline <file>', 'write the findings as known ones, and end with 0')
    .option('--rule <id>', 'run only this rule; several times for several', collectTexts, [])
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 from this severity on')
        .choices([...FAIL_ON])
        .default('warning'),
    )
    .addHelpText('after', EXAMPLES)
    .action((path: string, options: ReviewOptions) => review(context, path, options));
};

async function review(context: CliContext, path: string, options: ReviewOptions): Promise<void> {
  // The parsers are native code that no other command needs.
  const { baselineIds, baselineText, findingsSince, inspectTree, reviewedFolder, sarifLog } = await import(
    '../../review/inspect/index.ts'
  );
  const known =
    options.baseline === undefined ? null : baselineIds(readNamed(options.baseline, 'The baseline '));
  const rules = options.rule.length === 0 ? {} : { rules: options.rule };
  const { root, below } = reviewedFolder(path);
  const inspection = await withProgress(context, (onProgress) =>
    inspectTree(root, { ...rules, below, onProgress }),
  );
  const since =
    options.since === undefined
      ? inspection.findings
      : await findingsSince(root, options.since, inspection.findings, rules);
  const findings = since.filter(({ id }) => known?.has(id) !== true);
  if (options.sarif !== undefined) {
    writeNamed(options.sarif, `${JSON.stringify(sarifLog(findings, packageVersion()), null, 2)}\n`);
  }
  if (options.writeBaseline !== undefined) writeNamed(options.writeBaseline, baselineText(findings));
  const result = { ...inspection, findings };
  show(context, options, result, () => renderReview(result, options.all === true, context.terminal));
  if (options.writeBaseline === undefined) failOnSeverity(result, options.failOn);
}

async function withProgress(
  context: CliContext,
  work: (onProgress: (files: number, total: number) => void) => Promise<Inspection>,
): Promise<Inspection> {
  let bar: ReturnType<typeof startProgressBar> | null = null;
  try {
    return await work((files, total) => {
      context.interrupted.throwIfAborted();
      bar ??= startProgressBar(context.terminal, 'reading', total, 'count');
      bar.advance(files);
    });
  } finally {
    (bar as ReturnType<typeof startProgressBar> | null)?.stop();
  }
}

function failOnSeverity(
  { findings }: { findings: readonly Finding[] },
  failOn: ReviewOptions['failOn'],
): void {
  const failing = findings.filter(
    ({ severity }) => failOn !== 'never' && FAIL_ON.indexOf(severity) <= FAIL_ON.indexOf(failOn),
  );
  if (failing.length === 0) return;
  const detail = `${counted(failing.length, 'finding')} of severity ${failOn} or above.`;
  throw new CliFailure(EXIT_CODES.failed, { code: 'cli.review_findings', detail });
}
