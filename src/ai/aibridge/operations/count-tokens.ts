import { z } from 'zod';
import type { JsonObject } from '../../../base/index.ts';
import { readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { mostInputTokens } from '../catalogue/cost.ts';
import { anthropicDialect } from '../dialects/anthropic.ts';
import { headerName, modelDemands, type PlannedChat, promptText } from '../planned-chat.ts';
import { ProviderFailure } from '../provider.ts';
import { chatTruth } from './chat-truth.ts';
import {
  bodyOf,
  nativeHeaders,
  type ProtocolInput,
  planProtocolChat,
  protocolInput,
  taskOf,
} from './protocol-input.ts';

const outputSchema = z.strictObject({
  input_tokens: z.int(),
  estimated: z
    .boolean()
    .describe('Counted by us, and meant not to be too low: the model’s provider has no count to ask for.'),
});

type Resolved = PlannedChat & { readonly body: JsonObject };

/** `models.count_tokens`: how many tokens the messages of an Anthropic client are, by the model a chat would ask first. */
export function countTokens(parts: BridgeParts) {
  return readOperation<ProtocolInput, z.output<typeof outputSchema>, Resolved>({
    name: 'models.count_tokens',
    summary: 'Count tokens, as Anthropic’s clients ask for it',
    description:
      'Asks the provider of the first model of the route, where it speaks Anthropic’s protocol and answers; else it is our ' +
      'estimate, and `estimated` is true. Costs nothing and holds nothing; rules over prompts see what is counted.',
    input: protocolInput,
    output: outputSchema,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const body = bodyOf(input);
        // The protocol asks for a limit of the answer; there is none to come.
        const parsed = anthropicDialect.parseRequest({ max_tokens: 1, ...body });
        const planned = await planProtocolChat(parts, scope, input, parsed);
        return { demands: modelDemands(planned.plan), resolved: { ...planned, body } };
      },
    },
    truth: {
      ...chatTruth<ProtocolInput, Resolved>(taskOf, (input, resolved) => ({
        text: promptText(resolved),
        model: input.model,
        messages: resolved.chat.messages.length,
        input_tokens: resolved.inputTokens,
        worst_cost_usd: 0,
      })),
      after: { none: 'A number makes no claim.' },
    },
    async run(scope, input, { resolved }) {
      const [rung] = resolved.plan.rungs;
      if (rung === undefined) throw new Error('a plan without rungs');
      // Rows that a chat would be given are not there yet to be counted by anyone.
      const service = input.lakehouse_context === undefined ? parts.providers.get(rung.provider) : undefined;
      const { signal, log } = scope;
      const counted = await service
        ?.countTokens?.({ model: rung.model, body: resolved.body, headers: nativeHeaders(input), signal })
        .catch((error: unknown) => {
          signal.throwIfAborted();
          if (!(error instanceof ProviderFailure)) throw error;
          log.warn({ provider: rung.provider, class: error.class }, 'a provider did not count tokens');
          return undefined;
        });
      const estimate = mostInputTokens(resolved, rung.entry);
      return {
        kind: 'value',
        headers: { 'x-lakehouse-model': headerName(rung) },
        value: { input_tokens: counted ?? estimate, estimated: counted === undefined },
      };
    },
  });
}
