import type { Readable, Writable } from 'node:stream';
import picocolors from 'picocolors';

export type Colours = ReturnType<typeof picocolors.createColors>;

/** Where a command reads and writes. Results go to `print`, everything about the work to `note`. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Colours of standard output; off without a terminal and with NO_COLOR. */
  readonly colours: Colours;
  /** Bars and prompts are drawn only here: standard error and input are a terminal. */
  readonly isInteractive: boolean;
  /** Infinity where no terminal shows the output: what a program reads is never cut. */
  readonly columns: number;
  print(text?: string): void;
  note(text?: string): void;
}

/** Columns of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;

interface Stream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function createTerminal(parts: {
  stdin: Readable & { readonly isTTY?: boolean };
  stdout: Stream;
  stderr: Stream;
  environment: Readonly<Record<string, string | undefined>>;
}): Terminal {
  const { stdin, stdout, stderr, environment } = parts;
  const forced = (environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0';
  const refused = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  return {
    stdin,
    stdout,
    stderr,
    colours: picocolors.createColors(!refused && (forced || stdout.isTTY === true)),
    isInteractive: stderr.isTTY === true && stdin.isTTY === true && environment.TERM !== 'dumb',
    columns: stdout.isTTY === true ? Math.max(40, stdout.columns || USUAL_COLUMNS) : Number.POSITIVE_INFINITY,
    print: (text = '') => void stdout.write(`${text}\n`),
    note: (text = '') => void stderr.write(`${text}\n`),
  };
}
