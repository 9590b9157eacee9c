import { isLakeError } from '../base/index.ts';
import { CliFailure, EXIT_CODES, type ExitCode } from './cli-failure.ts';
import { displayLines, displayText } from './display-text.ts';
import type { Terminal } from './terminal.ts';

/** Shows why a command ended and returns its exit code. `json` prints the facts as one JSON object instead. */
export function reportFailure(terminal: Terminal, error: unknown, json: boolean): ExitCode {
  const failure = error instanceof CliFailure ? error : unexpected(error);
  if (json) terminal.note(JSON.stringify(failure.facts));
  else for (const line of failureLines(failure, terminal)) terminal.note(line);
  return failure.exitCode;
}

/** The message, the named errors of a refusal, and where to look next. */
export function failureLines(failure: CliFailure, terminal: Terminal): readonly string[] {
  const { colours } = terminal;
  const { facts } = failure;
  const lines = [`${colours.red('✗')} ${displayLines(facts.detail)}`];
  for (const error of Array.isArray(facts.errors) ? facts.errors.slice(0, 10) : []) {
    const mistake = mistakeText(error);
    if (mistake !== null) lines.push(`  ${colours.dim('·')} ${displayText(mistake)}`);
  }
  // A hint knows the command line, so it says more than the remedy of the code.
  const advice = facts.hint ?? facts.remedy;
  if (typeof advice === 'string') lines.push(`  ${displayText(advice)}`);
  const request = typeof facts.instance === 'string' ? `  request ${displayText(facts.instance)}` : '';
  lines.push(colours.dim(`  ${displayText(facts.code)}${request}`));
  return lines;
}

/** One of `errors`: a member of the input by its pointer, or a row of a file by its line. */
function mistakeText(error: Readonly<Record<string, unknown>> | null): string | null {
  if (typeof error?.detail === 'string') {
    return typeof error.pointer === 'string' ? `${error.pointer}: ${error.detail}` : error.detail;
  }
  if (typeof error?.reason !== 'string' || typeof error.line !== 'number') return null;
  const column = typeof error.column === 'string' ? `, column ${error.column}` : '';
  return `line ${error.line}${column}: ${error.reason}`;
}

function unexpected(error: unknown): CliFailure {
  if (isLakeError(error)) {
    const { code, detail, data, kind, errorCode } = error;
    const isUsage = kind === 'invalid' || (kind !== 'unavailable' && /^(config|home)\./.test(code));
    const facts = { ...data, code, detail, remedy: errorCode.remedy };
    return new CliFailure(isUsage ? EXIT_CODES.usage : EXIT_CODES.failed, facts, error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new CliFailure(
    EXIT_CODES.failed,
    { code: 'cli.unexpected', detail: `Unexpected: ${detail}` },
    error,
  );
}
