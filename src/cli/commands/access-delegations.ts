import type { Command } from 'commander';
import { pathOf } from '../api-client.ts';
import type { CliContext } from '../cli-context.ts';
import { wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { cellText, displayText } from '../display-text.ts';
import { writePrivate } from '../named-file.ts';
import { show } from '../show.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface DelegateOptions extends RemoteOptions {
  readonly agent: string;
  readonly ttl?: number;
  readonly output?: string;
}

interface Delegation {
  readonly delegation_id: string;
  readonly person: string | null;
  readonly agent: string | null;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

/** `access delegate` and `access delegations`: who may act for whom, and the end of it. */
export function describeDelegations(access: Command, context: CliContext): void {
  describeDelegate(access.command('delegate'), context);
  const delegations = access.command('delegations').description('who acts for whom: list, revoke');
  describeList(delegations.command('list'), context);
  describeRevoke(delegations.command('revoke'), context);
}

function describeDelegate(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('let an agent act for you, for a short while')
    .requiredOption('--agent <name>', 'name of the agent’s key')
    .option('--ttl <seconds>', 'how long; auth.delegation_ttl_s at most', wholeNumber)
    .option('--output <file>', 'write the token to this file, which only you can read, and do not show it')
    .action(async (options: DelegateOptions) => {
      const json = { agent: options.agent, ...(options.ttl === undefined ? {} : { ttl_s: options.ttl }) };
      const api = connect(context, options);
      const request = { method: 'POST', path: '/access/delegations', json } as const;
      const { token, ...facts } = (await api.json<Record<string, unknown>>(request)).value;
      if (options.output !== undefined) writePrivate(options.output, `${String(token)}\n`);
      const value = options.output === undefined ? { token, ...facts } : facts;
      const pairs = Object.entries(value).map(([name, member]) => [name, cellText(member)] as const);
      show(context, options, value, () => renderPairs(pairs, context.terminal.colours));
    });
}

function describeList(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('those by you or to you that have not expired; everyone’s with access.admin')
    .action(async (options: RemoteOptions) => {
      const request = { method: 'GET', path: '/access/delegations' } as const;
      const { value } = await connect(context, options).json<{ delegations: readonly Delegation[] }>(request);
      show(context, options, value, () => delegationsTable(value.delegations, context.terminal));
    });
}

function describeRevoke(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<delegation-id>', 'as `access delegations list` shows it'))
    .summary('end a delegation at once')
    .action(async (id: string, options: RemoteOptions) => {
      const request = { method: 'DELETE', path: pathOf`/access/delegations/${id}` } as const;
      const { value } = await connect(context, options).json<{ delegation_id: string }>(request);
      show(context, options, value, () => `Delegation ${displayText(value.delegation_id)} is revoked.`);
    });
}

function delegationsTable(delegations: readonly Delegation[], { colours, columns }: Terminal): string {
  const rows = delegations.map(({ delegation_id, agent, person, expires_at, revoked_at }) => [
    displayText(delegation_id),
    cellText(agent),
    cellText(person),
    revoked_at === null ? colours.green('live') : colours.red('revoked'),
    cellText(expires_at),
  ]);
  const head = ['delegation id', 'agent', 'acts for', 'state', 'expires'];
  return renderTable({ head, rows, columns, colours });
}
