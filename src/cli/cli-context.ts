import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** What every command is given of the world. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  readonly nowMs: () => number;
  /** Aborted by the first Ctrl-C or SIGTERM; a second one ends the process. */
  readonly interrupted: AbortSignal;
}

/** Adds one command, with its help and examples, to the program. */
export type AddCommand = (program: Command, context: CliContext) => void;
