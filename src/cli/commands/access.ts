import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { columnsTable, type ListedRole, rolesTable } from '../access-view.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { collectPairs, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { cellText, displayText } from '../display-text.ts';
import { show } from '../show.ts';
import type { ShownColumn } from '../sql/granted-names.ts';
import { renderPairs, renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import { describeDelegations } from './access-delegations.ts';
import { describeWhoami } from './whoami.ts';

interface PolicyAnswer {
  readonly version: number;
  readonly changed: boolean;
  readonly dry_run: boolean;
  readonly diff: Readonly<Record<'added' | 'removed' | 'changed', readonly string[]>> & {
    readonly rules: readonly {
      readonly rule: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }[];
  };
  readonly warnings: readonly string[];
}

interface Explanation {
  readonly dataset: string;
  readonly action: string;
  readonly allowed: boolean;
  readonly reason: string | null;
  readonly subject: { readonly name: string | null; readonly role: string };
  readonly grants: readonly string[];
  readonly row_filters: readonly { readonly rule: string; readonly where: string | null }[];
  readonly columns: readonly ShownColumn[];
}

interface ApplyOptions extends RemoteOptions {
  readonly dryRun?: boolean;
  readonly rebind?: boolean;
  readonly force?: boolean;
}

interface ExplainOptions extends RemoteOptions {
  readonly role?: string;
  readonly identity?: string;
  readonly attribute: Readonly<Record<string, string>>;
  readonly column?: string;
  readonly action?: string;
}

const EXAMPLES = `
Examples:
  $ lakehouse access me
  $ lakehouse access apply access.toml --dry-run     # the diff alone
  $ lakehouse access apply access.toml
  $ lakehouse access policies apply access.toml      # the same
  $ lakehouse access policies get > policy.json      # the policy in force
  $ lakehouse access apply access.toml --rebind      # columns were renamed: names mean what they mean now
  $ lakehouse access explain candidates --role recruiter --attribute region=EMEA --column email
  $ lakehouse access roles                           # who is granted what, and how many keys have each role
  $ lakehouse access roles --json
  $ lakehouse access audit --limit 20
  $ lakehouse access delegate --agent matcher --output token   # the agent adds --on-behalf-of-file token
  $ lakehouse access delegations list
  $ lakehouse access delegations revoke 0198c0de-…   # the id of the list`;

export const addAccessCommand: AddCommand = (program, context) => {
  const access = program.command('access').description('rights: your own, the policy, why, and who did what');
  access.addHelpText('after', EXAMPLES);
  describeWhoami(access.command('me'), context);
  const policies = access.command('policies').description('the policy as code');
  describeGet(policies.command('get'), context);
  describeApply(policies.command('apply'), context);
  describeApply(access.command('apply'), context);
  describeExplain(access.command('explain'), context);
  describeRoles(access.command('roles'), context);
  describeAudit(access.command('audit'), context);
  describeDelegations(access, context);
};

function describeGet(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('the policy in force, as JSON')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json({ method: 'GET', path: '/access/policies' });
      context.terminal.print(JSON.stringify(value, null, 2));
    });
}

function describeApply(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<file>', 'access.toml, or the same keys as JSON'))
    .summary('replace the policy by a file, and show what changed')
    .option('--dry-run', 'check the file and show the diff; change nothing')
    .option('--rebind', 'bind the column names of every rule to the fields that carry them now')
    .option('--force', 'apply it also where no live key would manage access any more')
    .action(async (file: string, options: ApplyOptions) => {
      const json = policyFrom(file);
      const query = {
        ...(options.dryRun === true ? { dry_run: true } : {}),
        ...(options.rebind === true ? { rebind: true } : {}),
        ...(options.force === true ? { force: true } : {}),
      };
      const api = connect(context, options);
      const request = { method: 'PUT', path: '/access/policies', query, json } as const;
      const { value } = await api.json<PolicyAnswer>(request);
      show(context, options, value, () => renderDiff(value, context.terminal));
    });
}

function describeExplain(command: Command, context: CliContext): void {
  addRemoteOptions(command.argument('<dataset>', 'dotted name'))
    .summary('why an identity may or may not see something')
    .option('--role <role>', 'explain a role')
    .option('--identity <name>', 'explain whom a key stands for')
    .option('--attribute <name=value>', 'attribute to explain a role with; repeatable', collectPairs, {})
    .option('--column <path>', 'one column')
    .option('--action <action>', 'read, write, delete or admin')
    .action(async (dataset: string, options: ExplainOptions) => {
      const attributes = Object.keys(options.attribute).length === 0 ? {} : { attributes: options.attribute };
      const { role, identity, column, action } = options;
      const given = Object.entries({ role, identity, column, action }).filter(
        ([, value]) => value !== undefined,
      );
      const json = { dataset, ...Object.fromEntries(given), ...attributes };
      const api = connect(context, options);
      const { value } = await api.json<Explanation>({ method: 'POST', path: '/access/explain', json });
      show(context, options, value, () => renderExplanation(value, context.terminal));
    });
}

function describeRoles(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('every role: grants, permissions, live keys')
    .action(async (options: RemoteOptions) => {
      const request = { method: 'GET', path: '/access/roles' } as const;
      const { value } = await connect(context, options).json<{ roles: readonly ListedRole[] }>(request);
      show(context, options, value, () => rolesTable(value.roles, context.terminal));
    });
}

function describeAudit(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('who asked for what, newest first')
    .option('--limit <rows>', 'rows at most', wholeNumber)
    .option('--dataset <name>', 'only about this dataset')
    .option('--identity <name>', 'only by this identity')
    .action(async (options: RemoteOptions & { limit?: number; dataset?: string; identity?: string }) => {
      const { limit, dataset, identity } = options;
      const api = connect(context, options);
      const { value } = await api.json<AuditAnswer>({
        method: 'GET',
        path: '/access/audit',
        query: { limit, dataset, identity },
      });
      show(context, options, value, () => renderAudit(value, context.terminal));
    });
}

interface AuditAnswer {
  readonly rows: readonly {
    readonly time: string | null;
    readonly identity: string;
    readonly operation: string;
    readonly decision: string;
    readonly status: string;
    readonly datasets: readonly { readonly name: string }[];
    readonly row_count: number | null;
    readonly latency_ms: number | null;
  }[];
}

function policyFrom(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw usageFailure(`${displayText(file)} cannot be read.`);
  }
  // The server reads TOML itself, so that it can name the line of a mistake.
  if (!file.endsWith('.json')) return { toml: text };
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageFailure(`${displayText(file)} is not well-formed: ${displayText(reason)}`);
  }
}

function renderDiff(answer: PolicyAnswer, terminal: Terminal): string {
  const { colours } = terminal;
  const said = (rule: string) => {
    const found = answer.diff.rules.find((one) => one.rule === rule);
    return [
      ...(found?.removed ?? []).map((line) => colours.red(`    - ${displayText(line)}`)),
      ...(found?.added ?? []).map((line) => colours.green(`    + ${displayText(line)}`)),
    ];
  };
  const lines = [
    ...answer.diff.removed.flatMap((rule) => [colours.red(`- ${displayText(rule)}`), ...said(rule)]),
    ...answer.diff.changed.flatMap((rule) => [colours.yellow(`~ ${displayText(rule)}`), ...said(rule)]),
    ...answer.diff.added.flatMap((rule) => [colours.green(`+ ${displayText(rule)}`), ...said(rule)]),
    ...answer.warnings.map((warning) => `${colours.yellow('!')} ${displayText(warning)}`),
  ];
  const done = answer.dry_run
    ? `Nothing was changed (dry run); version ${answer.version} is in force.`
    : `Version ${answer.version} is in force${answer.changed ? '' : ', unchanged'}.`;
  return [...lines, done].join('\n');
}

function renderExplanation(answer: Explanation, terminal: Terminal): string {
  const { colours } = terminal;
  const verdict = answer.allowed ? colours.green('allowed') : colours.red('refused');
  const whom = answer.subject.name ?? `role ${answer.subject.role}`;
  const pairs: [string, string][] = [
    [displayText(whom), `${verdict} to ${answer.action} ${displayText(answer.dataset)}`],
  ];
  if (answer.reason !== null) pairs.push(['because', displayText(answer.reason)]);
  for (const grant of answer.grants) pairs.push(['grant', displayText(grant)]);
  for (const filter of answer.row_filters) {
    pairs.push([
      'row filter',
      displayText(filter.where === null ? filter.rule : `${filter.rule}: ${filter.where}`),
    ]);
  }
  const table = answer.columns.length === 0 ? '' : `\n\n${columnsTable(answer.columns, terminal)}`;
  return renderPairs(pairs, colours) + table;
}

function renderAudit(answer: AuditAnswer, terminal: Terminal): string {
  const { colours, columns } = terminal;
  const head = ['time', 'identity', 'operation', 'decision', 'datasets', 'rows', 'ms'];
  const rows = answer.rows.map((row) => [
    cellText(row.time),
    cellText(row.identity),
    cellText(row.operation),
    row.decision === 'allowed' ? colours.green('allowed') : colours.red(cellText(row.decision)),
    displayText(row.datasets.map((dataset) => dataset.name).join(', ')),
    row.row_count === null ? '' : String(row.row_count),
    row.latency_ms === null ? '' : String(Math.round(row.latency_ms)),
  ]);
  return renderTable({ head, rows, columns, colours, numeric: new Set([5, 6]) });
}
