import type { Command } from 'commander';
import { pathOf } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { collectPairs } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { cellText, displayText } from '../display-text.ts';
import { show } from '../show.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { describeRecover } from './keys-recover.ts';

interface MadeKey {
  readonly key?: string;
  readonly key_id: string;
  readonly name?: string;
  readonly role?: string;
  readonly expires_at?: string | null;
  readonly previous_secret_until?: string | null;
}

interface ListedKey {
  readonly key_id: string;
  readonly name: string;
  readonly role: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: string;
  readonly expires_at: string | null;
  readonly last_used_at: string | null;
}

interface CreateOptions extends RemoteOptions {
  readonly name: string;
  readonly role: string;
  readonly attribute: Readonly<Record<string, string>>;
  readonly expiresAt?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse keys create --name ann --role analyst
  $ lakehouse keys create --name rosa --role recruiter --attribute region=EMEA --expires-at 2027-01-01T00:00:00Z
  $ lakehouse keys list
  $ lakehouse keys rotate k3y1dk3y1dk3      # the old secret works on for auth.rotation_overlap_s
  $ lakehouse keys revoke k3y1dk3y1dk3
  $ lakehouse keys rotate-secret api-key    # the server’s own secret: every key stays valid
  $ lakehouse keys recover --home DIR       # the admin key is lost: for who owns the folder`;

export const addKeysCommand: AddCommand = (program, context) => {
  const keys = program
    .command('keys')
    .description('make, list, rotate, revoke API keys')
    .addHelpText('after', EXAMPLES);
  describeCreate(keys.command('create'), context);
  describeList(keys.command('list'), context);
  describeRevoke(keys.command('revoke'), context);
  describeRotate(keys.command('rotate'), context);
  describeRotateSecret(keys.command('rotate-secret'), context);
  describeRecover(keys.command('recover'), context);
};

function describeCreate(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('make a key; it is shown this once')
    .requiredOption('--name <name>', 'whom the key stands for')
    .requiredOption('--role <role>', 'a role of the policy')
    .option(
      '--attribute <name=value>',
      'read by row filters as identity.<name>; repeatable',
      collectPairs,
      {},
    )
    .option('--expires-at <time>', 'ISO 8601, for example 2027-01-01T00:00:00Z')
    .action(async (options: CreateOptions) => {
      const { name, role, attribute: attributes, expiresAt } = options;
      const json = { name, role, attributes, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) };
      const api = connect(context, options);
      const made = (await api.json<MadeKey>({ method: 'POST', path: '/access/keys', json })).value;
      show(context, options, made, () => renderMade(made, context.terminal));
    });
}

function describeList(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('every key, never its secret')
    .action(async (options: RemoteOptions) => {
      const request = { method: 'GET', path: '/access/keys' } as const;
      const { value } = await connect(context, options).json<{ keys: readonly ListedKey[] }>(request);
      show(context, options, value, () => renderKeys(value.keys, context.terminal));
    });
}

function describeRevoke(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<key-id>', 'as `keys list` shows it'))
    .summary('end a key at once')
    .option('--force', 'also the last live key that manages access')
    .action(async (keyId: string, options: RemoteOptions & { force?: boolean }) => {
      const api = connect(context, options);
      const query = options.force === true ? { force: true } : {};
      const request = { method: 'DELETE', path: pathOf`/access/keys/${keyId}`, query } as const;
      const { value } = await api.json<MadeKey>(request);
      show(context, options, value, () => `Key ${displayText(value.key_id)} is revoked.`);
    });
}

function describeRotate(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<key-id>', 'as `keys list` shows it'))
    .summary('give a key a new secret; the old one works on for a while')
    .action(async (keyId: string, options: RemoteOptions) => {
      const request = { method: 'POST', path: pathOf`/access/keys/${keyId}/rotate` } as const;
      const { value } = await connect(context, options).json<MadeKey>(request);
      show(context, options, value, () => renderMade(value, context.terminal));
    });
}

interface RotatedSecret {
  readonly name: string;
  readonly version: number;
}

function describeRotateSecret(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<secret>', 'api-key, delegation or mask-hash'))
    .summary('put a new secret of the server in force; see docs/threat-model.md for what each does')
    .action(async (secret: string, options: RemoteOptions) => {
      const request = { method: 'POST', path: pathOf`/access/secrets/${secret}/rotate` } as const;
      const { value } = await connect(context, options).json<RotatedSecret>(request);
      show(
        context,
        options,
        value,
        () => `Version ${value.version} of the secret ${displayText(value.name)} is in force.`,
      );
    });
}

function renderMade(made: MadeKey, { colours }: Terminal): string {
  const facts = Object.entries(made).filter(([, value]) => value !== null && value !== undefined);
  const pairs = facts.map(
    ([name, value]) => [name, name === 'key' ? colours.green(cellText(value)) : cellText(value)] as const,
  );
  const warning =
    made.key === undefined ? '' : `\n${colours.yellow('Keep the key now: it is not shown again.')}`;
  return renderPairs(pairs, colours) + warning;
}

function renderKeys(listed: readonly ListedKey[], { colours, columns }: Terminal): string {
  const rows = listed.map((key) => [
    displayText(key.key_id),
    displayText(key.name),
    displayText(key.role),
    key.status === 'live' ? colours.green('live') : colours.red(displayText(key.status)),
    displayText(
      Object.entries(key.attributes)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(' '),
    ),
    displayText(key.expires_at ?? 'never'),
    displayText(key.last_used_at ?? 'never'),
  ]);
  const head = ['key id', 'name', 'role', 'state', 'attributes', 'expires', 'last used'];
  return renderTable({ head, rows, columns, colours });
}
