/** What the exit code says; printed in the help and held by a test. */
export const EXIT_CODES = {
  ok: 0,
  /** The server refused, a check failed, or the work did. */
  failed: 1,
  /** The command line, a file named on it, or the configuration is wrong. */
  usage: 2,
  /** No valid key, or not allowed. */
  denied: 3,
  /** The server could not be reached, or is not ready. */
  unreachable: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** The error of the server or of this program, as it is shown and as `--json` prints it. */
export interface FailureFacts {
  readonly code: string;
  readonly detail: string;
  readonly [member: string]: unknown;
}

/** Ends a command with an exit code and a message that says what to do. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  readonly facts: FailureFacts;

  constructor(exitCode: ExitCode, facts: FailureFacts, cause?: unknown) {
    super(facts.detail, cause === undefined ? undefined : { cause });
    this.name = 'CliFailure';
    this.exitCode = exitCode;
    this.facts = facts;
  }
}

export function usageFailure(detail: string): CliFailure {
  return new CliFailure(EXIT_CODES.usage, { code: 'cli.usage', detail });
}
