import { InvalidArgumentError } from 'commander';
import type { AddCommand } from '../cli-context.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { show } from '../show.ts';
import { renderUsage, type Usage } from '../usage-view.ts';

interface UsageOptions extends RemoteOptions {
  readonly by: string;
  readonly since?: string;
  readonly until?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse usage                                    # by model, the last 24 hours
  $ lakehouse usage --by identity,model --since 7d
  $ lakehouse usage --by hour --since 2026-11-01T00:00:00Z --until 2026-11-02T00:00:00Z
  $ lakehouse usage --by total --json`;

/** `usage`: what calls of models used. */
export const addUsageCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('usage'))
    .summary('calls of models: requests, tokens, dollars, latency')
    .option(
      '--by <names>',
      'group by provider, model, identity, role, task, rule, status, hour; `total` for one line',
      'model',
    )
    .option('--since <time>', 'from then on: ISO 8601, or 30m, 12h, 7d ago (default: 24h)', timeText)
    .option('--until <time>', 'up to then, in the same forms', timeText)
    .addHelpText('after', EXAMPLES)
    .action(async (options: UsageOptions) => {
      const now = new Date();
      const query = {
        by: JSON.stringify(options.by === 'total' ? [] : options.by.split(',')),
        since: timeOf(options.since, now),
        until: timeOf(options.until, now),
      };
      const api = connect(context, options);
      const { value } = await api.json<Usage>({ method: 'GET', path: '/v1/usage', query });
      show(context, options, value, () => renderUsage(value, context.terminal));
    });
};

const AGO = /^(\d{1,6})([mhd])$/;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeText(text: string): string {
  if (AGO.test(text) || Number.isFinite(Date.parse(text))) return text;
  throw new InvalidArgumentError('It must look like 2026-11-01T00:00:00Z, 30m, 12h or 7d.');
}

function timeOf(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ''] = AGO.exec(text) ?? [];
  const time = count === undefined ? Date.parse(text) : now.getTime() - Number(count) * (UNIT_MS[unit] ?? 0);
  return new Date(time).toISOString();
}
