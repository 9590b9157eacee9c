import { resolve } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';

interface ServeOptions {
  readonly home: string;
  readonly host?: string;
  readonly port?: number;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  $ lakehouse serve --home ./home
  $ lakehouse serve --home ./home --port 0 --json      # a free port; prints {"url": …}
  $ lakehouse serve --home ./home --host 0.0.0.0       # also set server.allowed_hosts`;

/** `serve`: the server itself, until Ctrl-C or SIGTERM. */
export const addServeCommand: AddCommand = (program, context) => {
  program
    .command('serve')
    .summary('run the server')
    .description(
      'Serves a home until Ctrl-C or SIGTERM; requests in flight finish first. Ends with exit code 1 where it cannot ' +
        'go on, so that a supervisor starts it again.',
    )
    .requiredOption('--home <dir>', 'a folder that `lakehouse init` made')
    .option('--host <address>', 'address to listen on (default: server.host)')
    .option('--port <number>', 'port to listen on, 0 for a free one (default: server.port)', wholeNumber)
    .option('--json', 'print where it listens as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: ServeOptions) => serve(context, options));
};

async function serve(context: CliContext, options: ServeOptions): Promise<void> {
  const home = resolve(options.home);
  const { host, port } = options;
  const flags = {
    ...(host === undefined ? {} : { 'server.host': host }),
    ...(port === undefined ? {} : { 'server.port': port }),
  };
  tuneHeap();
  const { startServer } = await import('../../main.ts');
  const server = await startServer({ home, environment: context.environment, flags });
  const { colours } = context.terminal;
  context.terminal.print(
    options.json === true
      ? JSON.stringify({ url: server.url, port: server.port, pid: process.pid })
      : `${colours.green('●')} lakehouse serves ${home} at ${colours.bold(server.url)} (Ctrl-C ends it)`,
  );
  for (const notice of server.notices) context.terminal.note(colours.yellow(notice));
  const failure = await Promise.race([interruption(context.interrupted), server.failed]);
  context.terminal.note('finishing the requests in flight …');
  await server.close();
  if (failure !== null) throw failure;
}

/**
 * Bodies pass through buffers outside of V8's heap. By default it collects the whole heap each time 32 MB of them have come and
 * gone, on the thread that receives them; with the first flag they count towards the limit of the heap, as live objects do.
 * That limit is by default a tenth above what is alive, where little is allocated a second: some 70 MB live here, so that a
 * pause of 20 to 60 ms came every 5,000 requests. With the second flag the heap may double before it is collected whole.
 */
function tuneHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=100');
}

function interruption(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return Promise.resolve(null);
  return new Promise((resolveWait) =>
    signal.addEventListener('abort', () => resolveWait(null), { once: true }),
  );
}
