import { pathOf } from '../api-client.ts';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { usageFailure } from '../cli-failure.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayText } from '../display-text.ts';
import { show } from '../show.ts';
import type { QueryAnswer } from '../sql/query-client.ts';
import { renderAnswer } from '../sql/result-view.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ToolList {
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly parameters: {
      readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
      readonly required?: readonly string[];
    };
  }[];
}

interface ToolAnswer extends Omit<QueryAnswer, 'query_id'> {
  readonly tool: string;
  readonly truncated: boolean;
}

const EXAMPLES = `
Examples:
  $ lakehouse tools list
  $ lakehouse tools call find_candidates skill=java region=EMEA min_years=5
  $ lakehouse tools call candidate_by_id candidate_id=42 --json
  $ lakehouse tools reload              # after a change in the home's folder tools/`;

export const addToolsCommand: AddCommand = (program, context) => {
  const tools = program
    .command('tools')
    .description('tools declared in files, run with your own rights')
    .addHelpText('after', EXAMPLES);

  addRemoteOptions(tools.command('list'))
    .summary('the tools you may call, and what they take')
    .action(async (options: RemoteOptions) => {
      const { value } = await connect(context, options).json<ToolList>({ method: 'GET', path: '/tools' });
      show(context, options, value, () => renderTools(value, context.terminal));
    });

  addRemoteOptions(tools.command('call').argument('<name>').argument('[arguments...]', 'key=value'))
    .summary('call a tool')
    .action((name: string, pairs: readonly string[], options: RemoteOptions) =>
      callTool(context, options, name, pairs),
    );

  addRemoteOptions(tools.command('reload'))
    .summary('read the tool files again')
    .action(async (options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<{ changed: boolean; tool_count: number }>({
        method: 'POST',
        path: '/tools/reload',
      });
      const changed = value.changed ? '' : ', unchanged';
      show(context, options, value, () => `${value.tool_count} tools are in force${changed}.`);
    });
};

async function callTool(
  context: CliContext,
  options: RemoteOptions,
  name: string,
  pairs: readonly string[],
): Promise<void> {
  const api = connect(context, options);
  const given = pairs.map(pairOf);
  // The types of the arguments are the server's to say; without arguments there is nothing to ask.
  const { tools } =
    given.length === 0 ? { tools: [] } : (await api.json<ToolList>({ method: 'GET', path: '/tools' })).value;
  const properties = tools.find((tool) => tool.name === name)?.parameters.properties ?? {};
  const typeOf = (key: string) => (Object.hasOwn(properties, key) ? properties[key]?.type : undefined);
  const json = {
    arguments: Object.fromEntries(given.map(([key, text]) => [key, typedValue(text, typeOf(key))])),
  };
  const path = pathOf`/tools/${name}/call`;
  const { value } = await api.json<ToolAnswer>({ method: 'POST', path, json });
  show(context, options, value, () => {
    const cut = value.truncated ? `\nThere are more: the tool answers ${value.row_count} rows at most.` : '';
    return `${renderAnswer(value, context.terminal)}${cut}`;
  });
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw usageFailure(`An argument must look like key=value, not ${displayText(text)}.`);
}

/** Text as the type the tool asks for; what does not fit stays text, and the server says what it must be. */
function typedValue(text: string, type: string | undefined): string | number | boolean {
  const isNumber = type === 'integer' || type === 'number';
  if (isNumber && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function renderTools({ tools }: ToolList, terminal: Terminal): string {
  if (tools.length === 0) return 'No tool is granted to you. A tool’s file names the roles that may call it.';
  const { colours, columns } = terminal;
  const rows = tools.map(({ name, description, parameters }) => {
    const required = parameters.required ?? [];
    const takes = Object.entries(parameters.properties ?? {}).map(([key, { type }]) =>
      displayText(`${key}${required.includes(key) ? '' : '?'}: ${type ?? 'any'}`),
    );
    return [displayText(name), takes.join(', '), displayText(description)];
  });
  return renderTable({ head: ['tool', 'takes', 'what it does'], rows, columns, colours });
}
