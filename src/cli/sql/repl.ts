import { createInterface } from 'node:readline/promises';
import { columnTable, datasetTable } from '../access-view.ts';
import type { ApiClient } from '../api-client.ts';
import { CliFailure } from '../cli-failure.ts';
import { displayText } from '../display-text.ts';
import { failureLines } from '../failure-report.ts';
import { counted } from '../human-text.ts';
import type { Terminal } from '../terminal.ts';
import { createCompleter } from './completer.ts';
import { caretLines } from './error-caret.ts';
import { type AccessMe, grantedNames, readAccessMe } from './granted-names.ts';
import { runQuery } from './query-client.ts';
import { renderAnswer } from './result-view.ts';
import { createStatementBuffer } from './statement-buffer.ts';

export interface ReplParts {
  readonly terminal: Terminal;
  readonly api: ApiClient;
  readonly limitRows: number;
  readonly history: { read(): string[]; write(lines: readonly string[]): void };
}

const HELP = `  ;            ends a statement, which may span lines
  \\d           the datasets you may read
  \\d NAME      the columns of one, with masks
  \\h           this help
  \\q           leave (also Ctrl-D); Ctrl-C drops the statement or cancels the running one
  Tab          completes datasets and columns you were granted`;

/** Reads statements from a person until they leave; an error never ends it. */
export async function runRepl(parts: ReplParts): Promise<void> {
  const { terminal, api } = parts;
  let me = await readAccessMe(api);
  const lines = createInterface({
    input: terminal.stdin,
    output: terminal.stdout,
    terminal: terminal.isInteractive,
    completer: createCompleter(() => grantedNames(me)),
    history: parts.history.read(),
    historySize: 500,
    removeHistoryDuplicates: true,
  });
  lines.on('history', (history: string[]) => parts.history.write(history));
  let ended = false;
  lines.once('close', () => {
    ended = true;
  });
  const prompt = (continues: boolean) => {
    // At the end of the input lines may still be waiting to be run.
    if (ended) return;
    lines.setPrompt(continues ? '   … ' : 'sql> ');
    lines.prompt();
  };
  const buffer = createStatementBuffer();
  let running: AbortController | null = null;
  lines.on('SIGINT', () => {
    if (running !== null) running.abort();
    else {
      buffer.clear();
      terminal.print();
      prompt(false);
    }
  });
  greet(terminal, api, me);
  prompt(false);
  for await (const line of lines) {
    const command = buffer.isOpen() ? null : commandOf(line);
    if (command !== null) {
      if (/^\\q\s*$/.test(command)) break;
      me = await orShown(terminal, me, () => runCommand(command, parts, me));
    } else {
      for (const statement of buffer.add(line)) {
        running = new AbortController();
        await runStatement(statement, parts, running.signal);
        running = null;
      }
    }
    prompt(buffer.isOpen());
  }
  lines.close();
}

/** What the work gives; where it is refused or the server is gone, the session goes on with what was known. */
async function orShown(
  terminal: Terminal,
  known: AccessMe,
  work: () => Promise<AccessMe>,
): Promise<AccessMe> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    for (const line of failureLines(error, terminal)) terminal.print(line);
    return known;
  }
}

/** What other prompts understand without a backslash, and how people ask there for the tables. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:quit|exit)$/, '\\q'],
  [/^help$/, '\\h'],
  [/^show tables$/, '\\d'],
  [/^(?:describe|desc) ([\w.]+)$/, '\\d $1'],
];

/** The command that a line gives where no statement is open; null where it is SQL. */
function commandOf(line: string): string | null {
  if (line.startsWith('\\')) return line;
  const text = line.trim().replace(/\s*;$/, '');
  const [pattern, command = ''] = WORDS.find(([word]) => word.test(text.toLowerCase())) ?? [];
  return pattern === undefined ? null : text.replace(new RegExp(pattern, 'i'), command);
}

function greet(terminal: Terminal, api: ApiClient, me: AccessMe): void {
  const { colours } = terminal;
  terminal.print(
    `${colours.bold('lakehouse')} ${api.url} as ${colours.cyan(displayText(me.identity.name))} (${displayText(me.identity.role)}): ` +
      `${counted(me.datasets.length, 'dataset')}. \\h for help.`,
  );
}

async function runStatement(sql: string, parts: ReplParts, signal: AbortSignal): Promise<void> {
  const { terminal, api } = parts;
  try {
    const answer = await runQuery(api, { sql, limit: parts.limitRows }, signal);
    terminal.print(renderAnswer(answer, terminal));
  } catch (error) {
    if (signal.aborted) terminal.print(terminal.colours.yellow('cancelled'));
    else if (error instanceof CliFailure) showFailure(error, sql, terminal);
    else throw error;
  }
}

function showFailure(failure: CliFailure, sql: string, terminal: Terminal): void {
  const caret = caretLines(sql, failure.facts);
  if (caret !== null) terminal.print(`${caret[0]}\n${terminal.colours.red(caret[1])}`);
  for (const line of failureLines(failure, terminal)) terminal.print(line);
}

async function runCommand(line: string, parts: ReplParts, known: AccessMe): Promise<AccessMe> {
  const { terminal, api } = parts;
  const [command, argument] = line.trim().split(/\s+/, 2);
  if (command === '\\d') {
    const me = await readAccessMe(api);
    terminal.print(argument === undefined ? datasetTable(me, terminal) : columnTable(me, argument, terminal));
    return me;
  }
  terminal.print(
    command === '\\h' || command === '\\?'
      ? HELP
      : `There is no ${displayText(line)}; \\h lists what there is.`,
  );
  return known;
}
