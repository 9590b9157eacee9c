import { type Command, InvalidArgumentError, Option } from 'commander';
import { pathOf } from '../api-client.ts';
import type { CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { renderOverrides, type ShownOverride } from '../scrum/overrides-view.ts';
import { repositoryName } from '../scrum/repository-option.ts';
import { show } from '../show.ts';

interface AddOptions extends RemoteOptions {
  readonly repository?: string;
  readonly path?: string;
  readonly suggestion?: string;
  readonly tier: string;
  readonly reason: string;
  readonly expires: string;
}

/** `scrum override`: a person's word over the permission gradient, with a reason and an end. */
export function describeOverrides(override: Command, context: CliContext): void {
  override.description('what a person allows or forbids, whatever the gradient says');
  addRemoteOptions(override.command('add'))
    .summary('set the tier of a file or a suggestion for a while; journaled with the reason')
    .option('--repository <name>', 'default: the one around this folder')
    .option('--path <path>', 'a file, from the top of the repository')
    .option('--suggestion <id>', 'one suggestion')
    .addOption(
      new Option('--tier <tier>', 'what may be done with changes')
        .choices(['auto', 'dry_run', 'sim', 'block'])
        .makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'why; it stands in the journal')
    .requiredOption('--expires <when>', 'a time such as 2027-01-31T12:00Z, or 12h, 14d', expiry)
    .action(async (options: AddOptions) => {
      if ((options.path === undefined) === (options.suggestion === undefined))
        throw usageFailure('An override is of a --path or of a --suggestion: name one of the two.');
      const { value } = await connect(context, options).json<{ readonly override: ShownOverride }>({
        method: 'POST',
        path: '/scrum/overrides',
        json: {
          repository: await repositoryName(options),
          path: options.path,
          suggestion_id: options.suggestion,
          tier: options.tier,
          reason: options.reason,
          expires_at: options.expires,
        },
      });
      const { override_id: id, expires_at: until } = value.override;
      show(context, options, value, () => `${displayText(id)} is in force until ${displayText(until)}.`);
    });

  addRemoteOptions(override.command('list'))
    .summary('overrides in force')
    .option('--repository <name>', 'only of this repository')
    .action(async (options: RemoteOptions & { repository?: string }) => {
      const { value } = await connect(context, options).json<{ overrides: readonly ShownOverride[] }>({
        method: 'GET',
        path: '/scrum/overrides',
        query: { repository: options.repository },
      });
      show(context, options, value, () => renderOverrides(value.overrides, context.terminal));
    });

  addRemoteOptions(override.command('remove').argument('<override-id>', 'as the list shows it'))
    .summary('end an override before its time; journaled')
    .action(async (id: string, options: RemoteOptions) => {
      const path = pathOf`/scrum/overrides/${id}`;
      const { value } = await connect(context, options).json<unknown>({ method: 'DELETE', path });
      show(context, options, value, () => `${displayText(id)} has ended.`);
    });
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `14d` from now on, or a time, as ISO 8601. */
function expiry(text: string): string {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  const timeMs =
    amount === undefined || unitMs === undefined ? Date.parse(text) : Date.now() + Number(amount) * unitMs;
  if (!Number.isFinite(timeMs))
    throw new InvalidArgumentError('It must be a time, or a number with m, h or d.');
  return new Date(timeMs).toISOString();
}
