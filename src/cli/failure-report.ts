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
    const place = typeof error?.pointer === 'string' ? `${error.pointer}: ` : '';
    if (typeof error?.detail === 'string')
      lines.push(`  ${colours.dim('·')} ${displayText(place + error.detail)}`);
  }
  if (typeof facts.hint === 'string') lines.push(`  ${displayText(facts.hint)}`);
  const request = typeof facts.instance === 'string' ? `  request ${displayText(facts.instance)}` : '';
  lines.push(colours.dim(`  ${displayText(facts.code)}${request}`));
  return lines;
}

function unexpected(error: unknown): CliFailure {
  if (isLakeError(error)) {
    const { code, detail, data, kind } = error;
    const isUsage = kind === 'invalid' || code.startsWith('config.') || code.startsWith('home.');
    return new CliFailure(isUsage ? EXIT_CODES.usage : EXIT_CODES.failed, { ...data, code, detail }, error);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new CliFailure(
    EXIT_CODES.failed,
    { code: 'cli.unexpected', detail: `Unexpected: ${detail}` },
    error,
  );
}
