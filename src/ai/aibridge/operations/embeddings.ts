import { z } from 'zod';
import { readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { reachModel } from '../call-model.ts';
import type { TokenUsage } from '../chat.ts';
import { headerName, modelDemands } from '../planned-chat.ts';
import { ProviderFailure } from '../provider.ts';
import type { RoutePlan } from '../routing/plan-route.ts';
import { tagList, taskName } from './chat-truth.ts';

const DEFAULT_TASK = 'embedding';

const inputSchema = z.strictObject({
  model: z.string().min(1).max(256),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2_048)], {
    error: 'must be a text or a list of 1 to 2048 texts; lists of tokens cannot be judged and are not taken',
  }),
  dimensions: z.int().min(1).max(16_384).optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  user: z.string().max(256).optional().describe('Taken for clients that send it; not passed on.'),
  lakehouse_task: taskName.optional(),
  lakehouse_tags: tagList.optional(),
});
type Input = z.output<typeof inputSchema>;

const outputSchema = z.strictObject({
  object: z.literal('list'),
  data: z.array(
    z.strictObject({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: z.strictObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
});

interface Resolved {
  readonly plan: RoutePlan;
  readonly texts: readonly string[];
  readonly inputTokens: number;
}

/** `models.embeddings`: one vector per text, as OpenAI's clients ask for them. */
export function embeddings(parts: BridgeParts) {
  return readOperation<Input, z.output<typeof outputSchema>, Resolved>({
    name: 'models.embeddings',
    summary: 'Embed texts',
    description: 'One vector per text, in order, by the model that routing.toml chooses for the name.',
    input: inputSchema,
    output: outputSchema,
    spends: true,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const texts = typeof input.input === 'string' ? [input.input] : input.input;
        const { most: inputTokens, likely } = await parts.estimator.estimateInputTokens({
          texts,
          images: 0,
          tools: [],
          holder: null,
        });
        const plan = parts.router.plan({
          model: input.model,
          ladder: null,
          task: taskOf(input),
          role: scope.identity.role,
          tags: input.lakehouse_tags ?? [],
          inputTokens,
          likelyInputTokens: likely,
          needs: new Set(['embeddings']),
        });
        return { demands: modelDemands(plan), resolved: { plan, texts, inputTokens } };
      },
    },
    truth: {
      before: {
        taskClass: 'embedding',
        context: (input, resolved) => ({
          model: input.model,
          texts: resolved.texts.length,
          input_tokens: resolved.inputTokens,
          prompt: { text: resolved.texts.join('\n') },
        }),
      },
      after: { none: 'Vectors make no claim; the texts are judged before.' },
    },
    async run(scope, input, { resolved }) {
      const { texts, inputTokens, plan } = resolved;
      const dimensions = input.dimensions ?? null;
      const { signal } = scope;
      const asked = { plan, task: taskOf(input), inputTokens, images: 0, maxOutputTokens: 0, signal };
      const { rung, value, account } = await reachModel(parts, scope, asked, {
        prepare: () => texts,
        async send({ provider, rung: { model }, spending }, sent) {
          const reply = await provider.embed(spending, { model, texts: sent, dimensions, signal });
          if (reply.vectors.length === sent.length) return reply;
          throw new ProviderFailure(
            { class: 'server_error', hadBegun: true },
            'The provider answered another number of vectors.',
          );
        },
      });
      const used = value.inputTokens ?? inputTokens;
      const counted = { usage: () => inputOnly(used), countsAll: () => true, said: () => '' };
      account.settle({ ...counted, finish: () => 'stop' }, null);
      return {
        kind: 'value',
        headers: { 'x-lakehouse-model': headerName(rung) },
        value: {
          object: 'list',
          data: value.vectors.map((vector, index) => ({
            object: 'embedding',
            index,
            embedding: input.encoding_format === 'base64' ? base64Of(vector) : [...vector],
          })),
          model: input.model,
          usage: { prompt_tokens: used, total_tokens: used },
        },
      };
    },
  });
}

function taskOf(input: Input): string {
  return input.lakehouse_task ?? DEFAULT_TASK;
}

function inputOnly(input: number): TokenUsage {
  return { input, cachedInput: 0, cacheWriteInput: 0, output: 0, reasoning: 0 };
}

/** Little-endian 32-bit floats, as OpenAI's clients decode them. */
function base64Of(vector: readonly number[]): string {
  return Buffer.from(new Float32Array(vector).buffer).toString('base64');
}
