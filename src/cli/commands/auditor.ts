import { existsSync } from 'node:fs';
import { Option } from 'commander';
import { packageVersion } from '../../package-version.ts';
import type { Audit, AuditOptions, PostTarget } from '../../review/auditor/index.ts';
import type { ApiClient } from '../api-client.ts';
import { chatReader } from '../auditor/chat-reader.ts';
import { renderLedger } from '../auditor/ledger-view.ts';
import { tellObserver } from '../auditor/tell-observer.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { CliFailure, EXIT_CODES, usageFailure } from '../cli-failure.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { counted } from '../human-text.ts';
import { readNamed, writeNamed } from '../named-file.ts';
import { startProgressBar } from '../progress-bar.ts';
import { show } from '../show.ts';

interface AuditorOptions extends RemoteOptions {
  readonly all?: boolean;
  readonly inference?: boolean;
  readonly kb?: string;
  readonly ladder?: string;
  readonly markdown?: string;
  readonly memoryMb: number;
  readonly post?: PostTarget['service'];
  readonly pr?: number;
  readonly prText?: string;
  readonly repo: string;
  readonly repository?: string;
  readonly run?: boolean;
  readonly sarif?: string;
  readonly serviceUrl?: string;
  readonly settings?: string;
  readonly testCommand: string;
  readonly timeoutSeconds: number;
  readonly tokenVariable: string;
}

const SETTINGS_FILE = 'auditor.toml';

/** Of the services that have one address for most people. */
const SERVICE_URLS: Partial<Record<PostTarget['service'], string>> = {
  github: 'https://api.github.com',
  gitlab: 'https://gitlab.com',
};

const EXAMPLES = `
Examples:
  $ lakehouse auditor HEAD                             # does the last commit do what its message says?
  $ lakehouse auditor main..HEAD --pr-text body.md     # a branch, and its pull request's description
  $ lakehouse auditor HEAD~20..HEAD --sarif audit.sarif --markdown audit.md
  $ lakehouse auditor HEAD --run                       # also runs the tests that the claims name
  $ lakehouse auditor HEAD --inference                 # puts to a model of the server what no proof settles
  $ lakehouse auditor main..HEAD --post github --repository owner/name --pr 7

It needs no key, no server and no model. It reads git and runs nothing of the audited tree, unless --run is given.
Where a server (--url or LAKEHOUSE_URL) and a key are given, its observer hears the outcome: counts and ids, no words.
--inference sends the change and its claims to models through the server, as task "auditor"; what they say only warns.
auditor.toml in the current folder may say block_on = ["static", "dynamic", "inference"].`;

/** `auditor`: checks what commits claim against what they do. */
export const addAuditorCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('auditor'))
    .argument('<range>', 'a commit, or a range such as main..HEAD')
    .summary('check what commits claim against what they do')
    .option('--repo <path>', 'the repository to audit', '.')
    .option('--pr-text <file>', 'what the pull request says of the range; with --post its own title and text')
    .option('--all', 'show also the claims that need a reader')
    .option('--kb <file>', 'judge claims about scores by this knowledge base, as kb export writes it')
    .option('--markdown <file>', 'write the ledger as Markdown')
    .option('--sarif <file>', 'write the contradicted claims as SARIF 2.1.0')
    .option('--run', 'run the tests that claims name: code of the audited tree, confined')
    .option('--test-command <words>', 'what runs test files, named after it', 'npm test --')
    .option(
      '--timeout-seconds <count>',
      'for all test runs of a claim together: of what fails again, and before the change',
      wholeNumber,
      300,
    )
    .option('--memory-mb <count>', 'memory of a process of a test run', wholeNumber, 4_000)
    .option('--inference', 'ask models of the server about claims that no proof settles')
    .option('--ladder <name>', 'for --inference: a ladder of routing.toml; its rules decide where absent')
    .option('--settings <file>', 'read auditor.toml from here')
    .addOption(
      new Option('--post <service>', 'audit what a pull request says, and show the result on it').choices([
        'github',
        'gitea',
        'gitlab',
      ]),
    )
    .option(
      '--service-url <url>',
      'address of the service (default: https://api.github.com, https://gitlab.com)',
    )
    .option('--repository <owner/name>', 'the repository on the service; for gitlab with every group')
    .option('--pr <number>', 'the pull request on the service', wholeNumber)
    .option('--token-variable <name>', 'environment variable that holds the token', 'LAKEHOUSE_AUDITOR_TOKEN')
    .addHelpText('after', EXAMPLES)
    .action((range: string, options: AuditorOptions) => runAuditor(context, range, options));
};

async function runAuditor(context: CliContext, range: string, options: AuditorOptions): Promise<void> {
  // The parsers are native code that other commands do not need.
  const { audit } = await import('../../review/auditor/index.ts');
  const searchPath = context.environment.PATH ?? '';
  const target = postTarget(context, options);
  const settings = await callersSettings(context, options);
  const knowledge = options.kb === undefined ? {} : await callersKnowledge(context, options.kb);
  const reader = options.inference === true ? readerOf(context, options) : {};
  const observer = observerOf(context, options);
  const words = await callersWords(context, options, target);
  const result = await withProgress(context, (onProgress) =>
    audit({ folder: options.repo, searchPath }, range, {
      ...words,
      ...settings,
      ...knowledge,
      ...reader,
      ...(options.run === true ? { run: runRequest(options, searchPath) } : {}),
      onProgress,
    }),
  );
  const told = observer === null ? null : tellObserver(observer, result);
  try {
    await showAudit(context, options, result, target);
  } finally {
    await told;
  }
  const { blocking } = result;
  if (blocking.length === 0) return;
  const detail = `${counted(blocking.length, 'claim')} contradicted by what the change does.`;
  throw new CliFailure(EXIT_CODES.failed, { code: 'cli.claims_not_backed', detail });
}

async function showAudit(
  context: CliContext,
  options: AuditorOptions,
  result: Audit,
  target: PostTarget | null,
): Promise<void> {
  const { auditMarkdown, auditSarif, postAudit } = await import('../../review/auditor/index.ts');
  if (options.markdown !== undefined) writeNamed(options.markdown, auditMarkdown(result));
  if (options.sarif !== undefined) {
    writeNamed(options.sarif, `${JSON.stringify(auditSarif(result, packageVersion()), null, 2)}\n`);
  }
  if (target !== null) await postAudit(result, target, context.fetch);
  show(context, options, result, () => renderLedger(result, options.all === true, context.terminal));
  const { reader } = result;
  if (reader === null || reader.problem === null) return;
  const asked = `${counted(reader.answered, 'question')} of ${reader.questions} answered`;
  context.terminal.note(`The audit stands without its reader, ${asked}: ${displayText(reader.problem)}`);
}

/** What the pull request says: the file that is named, or else what the service has of the one that is posted to. */
async function callersWords(
  context: CliContext,
  { prText }: AuditorOptions,
  target: PostTarget | null,
): Promise<Pick<AuditOptions, 'pullRequestText'>> {
  if (prText !== undefined) return { pullRequestText: readNamed(prText) };
  if (target === null) return {};
  const { pullRequestText } = await import('../../review/auditor/index.ts');
  const text = await pullRequestText(target, context.fetch);
  return text === null ? {} : { pullRequestText: text };
}

/** The settings of whoever calls. A file of the audited tree is none: the audited would choose how it is judged. */
async function callersSettings(
  context: CliContext,
  options: AuditorOptions,
): Promise<Pick<AuditOptions, 'settings'>> {
  const { isAuditedFolder, parseSettings } = await import('../../review/auditor/index.ts');
  if (options.settings !== undefined) return { settings: parseSettings(readNamed(options.settings)) };
  if (!existsSync(SETTINGS_FILE)) return {};
  const audited = { folder: options.repo, searchPath: context.environment.PATH ?? '' };
  if (!isAuditedFolder(audited, process.cwd())) return { settings: parseSettings(readNamed(SETTINGS_FILE)) };
  context.terminal.note(
    `${SETTINGS_FILE} belongs to the audited tree and is left unread; --settings ${SETTINGS_FILE} reads it.`,
  );
  return {};
}

/** Rows of the file that the caller names; lines that are none are told of, because a claim may rest on them. */
async function callersKnowledge(context: CliContext, file: string): Promise<Pick<AuditOptions, 'knowledge'>> {
  const { readKnowledgeLines } = await import('../../review/knowledge/index.ts');
  const { lines, problems, ...knowledge } = readKnowledgeLines(readNamed(file), 'imported');
  const [first] = problems;
  if (first !== undefined) {
    const left = `${counted(problems.length, 'problem')} in ${counted(lines, 'line')} of ${displayText(file)}`;
    context.terminal.note(`${left}; the first is line ${first.line}: ${displayText(first.reason)}`);
  }
  return { knowledge };
}

function readerOf(context: CliContext, options: AuditorOptions): Pick<AuditOptions, 'reader'> {
  const { ladder } = options;
  const { interrupted } = context;
  return { reader: chatReader(connect(context, options), { ladder, interrupted }) };
}

/** The server that hears of the audit: one that is named, with a key for it. */
function observerOf(context: CliContext, options: AuditorOptions): ApiClient | null {
  if ((options.url ?? context.environment.LAKEHOUSE_URL ?? '') === '') return null;
  const api = connect(context, options);
  return api.apiKey === null ? null : api;
}

function postTarget(context: CliContext, options: AuditorOptions): PostTarget | null {
  const { post, pr, repository, serviceUrl, tokenVariable } = options;
  if (post === undefined) return null;
  const url = serviceUrl ?? SERVICE_URLS[post];
  if (url === undefined || pr === undefined || repository === undefined)
    throw usageFailure('--post needs --repository owner/name, --pr, and for gitea --service-url.');
  const isPath = (post === 'gitlab' ? /^[\w.-]+(?:\/[\w.-]+)+$/ : /^[\w.-]+\/[\w.-]+$/).test(repository);
  if (!isPath || /(?:^|\/)\.{1,2}(?:\/|$)/.test(repository))
    throw usageFailure('--repository must look like owner/name.');
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw usageFailure('--service-url must be an http or https address.');
  const token = context.environment[tokenVariable];
  if (token === undefined || token === '')
    throw usageFailure(`--post needs a token in the environment variable ${tokenVariable}.`);
  return { service: post, token, url, repository, number: pr };
}

function runRequest(options: AuditorOptions, searchPath: string): NonNullable<AuditOptions['run']> {
  return {
    command: options.testCommand.split(/\s+/).filter((word) => word !== ''),
    timeoutMs: options.timeoutSeconds * 1_000,
    memoryBytes: options.memoryMb * 1_000_000,
    searchPath,
  };
}

async function withProgress(
  context: CliContext,
  work: (onProgress: (done: number, total: number) => void) => Promise<Audit>,
): Promise<Audit> {
  let bar: ReturnType<typeof startProgressBar> | null = null;
  try {
    return await work((done, total) => {
      context.interrupted.throwIfAborted();
      bar ??= startProgressBar(context.terminal, 'auditing', total, 'count');
      bar.advance(done);
    });
  } finally {
    (bar as ReturnType<typeof startProgressBar> | null)?.stop();
  }
}
