import type { ApiClient } from '../api-client.ts';
import type { AddCommand } from '../cli-context.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { displayLines, displayText } from '../display-text.ts';
import { counted, humanCount } from '../human-text.ts';
import { type Explanation, explainRoute } from '../route-view.ts';
import { show } from '../show.ts';
import { renderTable } from '../table.ts';
import type { Terminal } from '../terminal.ts';

interface ModelList {
  readonly data: readonly {
    readonly id: string;
    readonly context_window: number;
    readonly max_output_tokens: number;
    readonly billing: string;
    readonly capabilities: readonly string[];
  }[];
}

const EXAMPLES = `
Examples:
  $ lakehouse models
  $ lakehouse models claude             # only names that hold this
  $ lakehouse models --json`;

/** `models`: what the caller may chat with, or what to configure where nothing is. */
export const addModelsCommand: AddCommand = (program, context) => {
  addRemoteOptions(program.command('models'))
    .summary('the models you may use: window, longest answer, billing, capabilities')
    .argument('[text]', 'only models whose name holds this')
    .addHelpText('after', EXAMPLES)
    .action(async (text: string | undefined, options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<ModelList>({ method: 'GET', path: '/v1/models' });
      const data = value.data.filter(({ id }) => text === undefined || id.includes(text));
      const empty = data.length === 0 && options.json !== true ? await whyEmpty(api, value) : '';
      show(context, options, { ...value, data }, (list) =>
        list.data.length === 0 ? empty : renderModels(list, context.terminal),
      );
    });
};

/** The route of a plain chat says whether a provider is missing, or a grant, or only the names of what may be used. */
async function whyEmpty(api: ApiClient, all: ModelList): Promise<string> {
  if (all.data.length > 0) return `None of ${counted(all.data.length, 'model')} has this in its name.`;
  const explained: Explanation = await explainRoute(api, {});
  if (explained.refusal?.code === 'models.no_provider') return displayLines(explained.refusal.detail);
  const granted = explained.rungs.find((rung) => rung.granted);
  if (granted !== undefined) {
    const name = displayText(granted.model);
    return `No provider says which models it has. Name one as in \`lakehouse chat --model ${name}\`, where a plain chat goes.`;
  }
  return 'Your role is granted none of the configured models: its `models` in the policy names patterns, "openai/*".';
}

function renderModels({ data }: ModelList, { colours, columns }: Terminal): string {
  const rows = data.map((model) => [
    displayText(model.id),
    humanCount(model.context_window),
    humanCount(model.max_output_tokens),
    displayText(model.billing),
    displayText(model.capabilities.join(', ')),
  ]);
  const head = ['model', 'window', 'max output', 'billing', 'capabilities'];
  const table = renderTable({ head, rows, columns, colours, numeric: new Set([1, 2]) });
  return `${table}\n${colours.dim(counted(data.length, 'model'))}`;
}
