import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { readNamed, writeNamed } from '../named-file.ts';
import { readText } from '../read-text.ts';
import { repositoryName } from '../scrum/repository-option.ts';
import { show } from '../show.ts';

interface ExportOptions extends RemoteOptions {
  readonly repository?: string;
  readonly output?: string;
}

interface ImportOptions extends RemoteOptions {
  readonly repository?: string;
  readonly renumber?: boolean;
}

const EXAMPLES = `
Examples:
  $ lakehouse kb export --output knowledge.jsonl               # reviews, findings and attempts, one a line
  $ lakehouse kb export --repository team/service | jq .verdict
  $ lakehouse kb import knowledge.jsonl                        # the same file twice is one
  $ lakehouse kb import phase_sweep_findings.jsonl --repository team/service
  $ lakehouse kb import model_trust.jsonl
  $ lakehouse kb import other-server.jsonl --renumber          # its iterations come after those that are there

The knowledge base is the datasets kb.reviews, kb.findings and kb.attempts: lakehouse sql reads them too.`;

/** How many of the lines left out are named. */
const NAMED_LINES = 20;

/** `kb`: the review loop's knowledge base as lines of JSON. */
export const addKbCommand: AddCommand = (program, context) => {
  const kb = program
    .command('kb')
    .description('what the review loop knows, as lines of JSON')
    .addHelpText('after', EXAMPLES);

  addRemoteOptions(kb.command('export'))
    .summary('write the rows you may see')
    .option('--repository <name>', 'only of this repository')
    .option('--output <file>', 'write to a file, not to standard output')
    .action((options: ExportOptions) => exportKnowledge(context, options));

  addRemoteOptions(kb.command('import').argument('<file>', 'lines of JSON; - reads standard input'))
    .summary('add rows of ours, or of phase_sweep_findings and model_trust')
    .option('--repository <name>', 'of lines that name none (default: the one around this folder)')
    .option('--renumber', 'put iterations whose numbers are taken after all that are there')
    .action((file: string, options: ImportOptions) => importKnowledge(context, file, options));
};

async function exportKnowledge(context: CliContext, options: ExportOptions): Promise<void> {
  const [{ readKnowledge }, { knowledgeLines }] = await Promise.all([
    import('../kb/knowledge-client.ts'),
    import('../../review/knowledge/index.ts'),
  ]);
  const { terminal, interrupted } = context;
  const known = await readKnowledge(connect(context, options), options.repository, interrupted);
  const { reviews, findings, attempts, problems } = known;
  const text = knowledgeLines(known);
  if (options.output === undefined && options.json !== true) terminal.stdout.write(text);
  if (options.output !== undefined) writeNamed(options.output, text);
  const counts = { reviews: reviews.length, findings: findings.length, attempts: attempts.length };
  if (options.json === true) show(context, options, options.output === undefined ? known : counts, () => '');
  else terminal.note(`${countsText(counts)} written.`);
  if (problems.length === 0) return;
  throw new CliFailure(EXIT_CODES.failed, {
    code: 'cli.rows_unreadable',
    detail: `${counted(problems.length, 'row')} cannot be read as they are, and are left out: ${problems[0]?.reason}`,
  });
}

async function importKnowledge(context: CliContext, file: string, options: ImportOptions): Promise<void> {
  const [{ writeKnowledge }, { readKnowledgeLines }] = await Promise.all([
    import('../kb/knowledge-client.ts'),
    import('../../review/knowledge/index.ts'),
  ]);
  const text = file === '-' ? await readText(context.terminal.stdin) : readNamed(file);
  const read = readKnowledgeLines(text, await repositoryName(options));
  const written = await writeKnowledge(connect(context, options), read, {
    renumber: options.renumber === true,
    signal: context.interrupted,
  });
  const rows = read.reviews.length + read.findings.length + read.attempts.length;
  const present = rows - (written.reviews + written.findings + written.attempts);
  const result = { lines: read.lines, written, present, problems: read.problems };
  show(context, options, result, () =>
    [
      ...read.problems.slice(0, NAMED_LINES).map(({ line, reason }) => `line ${line} ${displayText(reason)}`),
      ...(read.problems.length > NAMED_LINES ? [`… and ${read.problems.length - NAMED_LINES} more`] : []),
      `${countsText(written)} added of ${counted(read.lines, 'line')}${present > 0 ? `; ${counted(present, 'row')} there already` : ''}`,
    ].join('\n'),
  );
  if (read.problems.length === 0) return;
  throw new CliFailure(EXIT_CODES.failed, {
    code: 'cli.lines_left_out',
    detail: `${counted(read.problems.length, 'line')} do not fit and are left out; everything else is there.`,
  });
}

function countsText(counts: {
  readonly reviews: number;
  readonly findings: number;
  readonly attempts: number;
}): string {
  const { reviews, findings, attempts } = counts;
  return `${counted(reviews, 'review')}, ${counted(findings, 'finding')}, ${counted(attempts, 'attempt')}`;
}
