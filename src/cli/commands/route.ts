import type { Command } from 'commander';
import type { AddCommand, CliContext } from '../cli-context.ts';
import { collectTexts, wholeNumber } from '../command-arguments.ts';
import { addRemoteOptions, connect, type RemoteOptions } from '../connection.ts';
import { explainRoute, type RouteHealth, renderExplanation, renderHealth } from '../route-view.ts';
import { show } from '../show.ts';

interface ExplainOptions extends RemoteOptions {
  readonly model?: string;
  readonly ladder?: string;
  readonly task?: string;
  readonly tag: readonly string[];
  readonly inputTokens?: number;
  readonly maxOutputTokens?: number;
  readonly need: readonly string[];
}

const EXAMPLES = `
Examples:
  $ lakehouse route explain                              # a chat that names no model
  $ lakehouse route explain --model gpt-5.4-mini --task match.candidates
  $ lakehouse route explain --ladder scrum --input-tokens 40000 --need tools --json
  $ lakehouse route health`;

/** `route`: where requests to models go and how the providers do. */
export const addRouteCommand: AddCommand = (program, context) => {
  const route = program.command('route').description('where requests to models go, and why');
  route.addHelpText('after', EXAMPLES);
  describeExplain(route.command('explain'), context);
  addRemoteOptions(route.command('health'))
    .summary('state, open breakers and recent failures of each provider')
    .action(async (options: RemoteOptions) => {
      const api = connect(context, options);
      const { value } = await api.json<RouteHealth>({ method: 'GET', path: '/v1/route/health' });
      show(context, options, value, () => renderHealth(value, context.terminal));
    });
};

function describeExplain(command: Command, context: CliContext): void {
  addRemoteOptions(command)
    .summary('which rule wins, which models would be tried, and what each could cost')
    .option('--model <name>', 'as a request would name it')
    .option('--ladder <name>', 'a ladder of routing.toml')
    .option('--task <name>', 'what the request is for')
    .option('--tag <tag>', 'tag of the request; repeatable', collectTexts, [])
    .option('--input-tokens <tokens>', 'size of the request', wholeNumber)
    .option('--max-output-tokens <tokens>', 'longest answer asked for', wholeNumber)
    .option(
      '--need <capability>',
      'what the model must have: tools, vision, embeddings …; repeatable',
      collectTexts,
      [],
    )
    .action(async (options: ExplainOptions) => {
      const { model, ladder, task, tag, inputTokens, maxOutputTokens, need } = options;
      const asked = {
        model,
        ladder,
        task,
        tags: tag,
        input_tokens: inputTokens,
        max_output_tokens: maxOutputTokens,
        needs: need.length === 0 ? undefined : need,
      };
      const value = await explainRoute(connect(context, options), asked);
      show(context, options, value, () => renderExplanation(value, context.terminal));
    });
}
