import { Readable, Writable } from 'node:stream';
import { runProgram } from '../../src/cli/program.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted member by member.
  readonly json: any;
}

/** Runs one command line in this process, as without a terminal. */
export async function lakehouse(
  args: readonly string[],
  options: { environment?: Record<string, string>; stdin?: string; interrupted?: AbortSignal } = {},
): Promise<CommandResult> {
  const environment = options.environment ?? {};
  const stdout = collector();
  const stderr = collector();
  const terminal = createTerminal({
    stdin: Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    environment,
  });
  const exitCode = await runProgram(args, {
    terminal,
    environment,
    fetch,
    nowMs: () => performance.now(),
    interrupted: options.interrupted ?? new AbortController().signal,
  });
  return {
    exitCode,
    stdout: stdout.text(),
    stderr: stderr.text(),
    get json() {
      return JSON.parse(stdout.text());
    },
  };
}

function collector() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
