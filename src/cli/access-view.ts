import { displayText } from './display-text.ts';
import type { AccessMe, ShownColumn } from './sql/granted-names.ts';
import { renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** The datasets a caller may use, with what is hidden in each. */
export function datasetTable(me: AccessMe, terminal: Terminal): string {
  const { columns, colours } = terminal;
  const rows = me.datasets.map((dataset) => [
    displayText(dataset.name),
    dataset.actions.join(', '),
    String(dataset.columns.length),
    dataset.columns
      .filter((column) => column.masked)
      .map((column) => displayText(column.name))
      .join(', '),
    seen(dataset),
  ]);
  const head = ['dataset', 'you may', 'columns', 'masked', 'you see'];
  return renderTable({ head, rows, columns, colours, numeric: new Set([2]) });
}

/** The columns of one dataset, with the mask on each and the rule behind it. */
export function columnTable(me: AccessMe, name: string, terminal: Terminal): string {
  const dataset = me.datasets.find((each) => each.name === name);
  if (dataset === undefined)
    return `There is no dataset ${displayText(name)} that you may read. \\d lists yours.`;
  return columnsTable(dataset.columns, terminal);
}

export function columnsTable(shown: readonly ShownColumn[], terminal: Terminal): string {
  const { columns, colours } = terminal;
  const rows = shown.map((column) => [
    displayText(column.name),
    displayText(column.type),
    column.tags.map(displayText).join(', '),
    displayText(column.method ?? ''),
    column.because.map(displayText).join('; '),
  ]);
  return renderTable({ head: ['column', 'type', 'tags', 'masked by', 'because'], rows, columns, colours });
}

/** A role as `GET /access/roles` answers it. */
export interface ListedRole {
  readonly role: string;
  readonly description: string | null;
  readonly built_in: boolean;
  /** False for a role that the policy does not have, only the program or a rule: it is granted nothing. */
  readonly defined: boolean;
  readonly grants: readonly { readonly dataset: string; readonly actions: readonly string[] }[];
  readonly permissions: readonly string[];
  readonly buckets: readonly {
    readonly bucket: string;
    readonly prefix: string;
    readonly actions: readonly string[];
  }[];
  readonly models: readonly string[];
  readonly keys: number;
}

/** Every role with its rights; where the policy has none of its own, how to make one. */
export function rolesTable(roles: readonly ListedRole[], { columns, colours }: Terminal): string {
  const rows = roles.map((role) => [
    displayText(role.role),
    rightsOf(role),
    role.permissions.map(displayText).join(', '),
    String(role.keys),
    displayText(role.description ?? ''),
  ]);
  const head = ['role', 'granted', 'permissions', 'keys', 'description'];
  const table = renderTable({ head, rows, columns, colours, numeric: new Set([3]) });
  if (roles.some((role) => role.defined && !role.built_in)) return table;
  return `${table}\nThe policy has no roles: add [roles.NAME] to access.toml, then \`lakehouse access apply\`.`;
}

function rightsOf(role: ListedRole): string {
  if (role.built_in) return 'everything';
  const grants = [
    ...role.grants.map((grant) => `${grant.dataset}: ${grant.actions.join(', ')}`),
    ...role.buckets.map((grant) => `${grant.bucket}/${grant.prefix}: ${grant.actions.join(', ')}`),
    ...role.models.map((model) => `model ${model}`),
  ];
  if (grants.length > 0) return grants.map(displayText).join('; ');
  return role.defined ? 'nothing' : 'nothing: not in the policy';
}

function seen(dataset: AccessMe['datasets'][number]): string {
  if (dataset.refused_because !== null) return displayText(`refused: ${dataset.refused_because}`);
  return dataset.filtered ? 'some rows' : 'all rows';
}
