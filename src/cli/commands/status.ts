import type { AddCommand } from '../cli-context.ts';
import { CliFailure, EXIT_CODES } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { renderPairs } from '../table.ts';

interface Status {
  readonly url: string;
  readonly version: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

const EXAMPLES = `
Examples:
  $ lakehouse status && lakehouse ingest flights.parquet     # exit code 4 until the server is ready
  $ lakehouse status --url http://127.0.0.1:8080 --json`;

export const addStatusCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('status'))
    .summary('whether the server runs and can take traffic')
    .addHelpText('after', EXAMPLES)
    .action(async (options: RemoteOptions) => {
      const api = connect(context, options);
      const health = (await api.json<{ version: string }>({ method: 'GET', path: '/health' })).value;
      const answer = await api.probe({ method: 'GET', path: '/ready' });
      const { ready, reasons } = (await answer.json()) as { ready: boolean; reasons: string[] };
      const status: Status = { url: api.url, version: health.version, ready, reasons };
      const { colours } = context.terminal;
      show(context, options, status, () =>
        renderPairs(
          [
            ['server', api.url],
            ['version', displayText(health.version)],
            ['ready', ready ? colours.green('yes') : colours.red('no')],
            ...reasons.map((reason) => ['because', displayText(reason)] as const),
          ],
          colours,
        ),
      );
      if (!ready) {
        const detail = 'The server runs but cannot take traffic yet.';
        throw new CliFailure(EXIT_CODES.unreachable, { code: 'cli.not_ready', detail });
      }
    });
};
