import { z } from 'zod';
import type { JsonObject, LakeError } from '../../../base/index.ts';
import { type ReadInvocation, type ReadScope, readOperation } from '../../../govern/scope/index.ts';
import { createAnswerCollector } from '../answer-collector.ts';
import { answerContext, jsonOf, openTextOf } from '../answer-context.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import type { ChatRequest } from '../chat.ts';
import { type Generated, generateContinuable, generateWhole } from '../generate-continuable.ts';
import { judgedAnswer } from '../judged-answer.ts';
import {
  dearestCost,
  fullName,
  modelDemands,
  type PlannedChat,
  planChat,
  promptText,
} from '../planned-chat.ts';
import type { StreamEvent } from '../provider.ts';
import { type Citation, contextSchema, contextTokens, retrieveContext } from '../retrieved-context.ts';
import { chatTruth, DEFAULT_TASK, tagList, taskName } from './chat-truth.ts';

const inputSchema = z.strictObject({
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() }))
    .min(1)
    .max(10_000),
  model: z
    .string()
    .min(1)
    .max(256)
    .nullable()
    .default(null)
    .describe(
      '`provider/model`, a name that routing.toml routes, `ladder/<name>`; null leaves it to the rules.',
    ),
  task: taskName.default(DEFAULT_TASK),
  tags: tagList.default([]),
  context: contextSchema.optional(),
  max_output_tokens: z
    .int()
    .min(1)
    .optional()
    .describe('Tokens of the whole answer, continuations included.'),
  temperature: z.number().min(0).max(2).optional(),
  format: z.enum(['text', 'json']).default('text'),
  schema: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of the answer; implies `json`.'),
  reasoning: z.enum(['default', 'off', 'low', 'medium', 'high']).default('default'),
  stream: z.boolean().default(false).describe('Answer as server-sent events: `text` pieces, then `done`.'),
});
type Input = z.output<typeof inputSchema>;

const citation = z.strictObject({
  id: z.int(),
  snapshots: z.record(z.string(), z.string().nullable()),
  columns: z.array(z.string()),
  masked_columns: z.array(z.string()),
  row_count: z.int(),
  truncated: z.boolean(),
});
const outputSchema = z.strictObject({
  id: z.string(),
  model: z.string(),
  text: z.string(),
  json: z.unknown().describe('What the text is as JSON; null where it is none.'),
  finish: z.enum(['stop', 'length', 'tool_calls', 'content_filter', 'pause', 'cut']),
  calls: z.int().describe('Calls of models the answer took: 1, or more where it was continued.'),
  citations: z.array(citation),
  usage: z.strictObject({
    input_tokens: z.int(),
    cached_input_tokens: z.int(),
    output_tokens: z.int(),
    reasoning_tokens: z.int(),
    cost_usd: z.number(),
  }),
  attempts: z
    .array(z.strictObject({ provider: z.string(), model: z.string(), class: z.string() }))
    .describe('Calls that failed before another model answered.'),
});

/** `models.chat`: the governed chat, with retrieved context, continuation and citations. */
export function chat(parts: BridgeParts) {
  return readOperation<Input, z.output<typeof outputSchema>, PlannedChat>({
    name: 'models.chat',
    summary: 'Chat with retrieved, masked rows',
    description:
      'Puts rows before a model that the caller may see, as the caller sees them; cut-off answers are continued, within ' +
      'the limits of `[models]` in lakehouse.toml. The answer cites what it was given.',
    input: inputSchema,
    output: outputSchema,
    spends: true,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const { model, task, tags, context } = input;
        const planned = await planChat(parts, scope, {
          chat: requestOf(input),
          model,
          task,
          tags,
          contextTokens: contextTokens(context),
        });
        return { demands: modelDemands(planned.plan), resolved: planned };
      },
    },
    truth: chatTruth<Input, PlannedChat>(
      ({ task }) => task,
      (input, resolved) => ({
        text: promptText(resolved),
        model: input.model,
        messages: input.messages.length,
        input_tokens: resolved.inputTokens,
        worst_cost_usd: dearestCost(resolved) / 1e9,
      }),
    ),
    async run(scope, input, invocation) {
      const retrieved =
        input.context === undefined
          ? null
          : await retrieveContext(input.context, invocation.nested, parts.estimator);
      const citations = retrieved === null ? [] : [retrieved.citation];
      const request = {
        ...invocation.resolved,
        chat: withContext(invocation.resolved.chat, retrieved?.text ?? null),
        task: input.task,
        limits: parts.continuation,
        signal: scope.signal,
      };
      if (input.stream) {
        const pieces = generateContinuable(parts, scope, request);
        return streamed({ parts, scope, input, citations, pieces, invocation });
      }
      const generated = await generateWhole(parts, scope, request);
      return {
        kind: 'value',
        value: shown(scope, generated, citations),
        truthContext: contextOf(parts, scope, input, generated),
      };
    },
  });
}

/** Events `text` with each piece, then `done` with all that the plain answer holds but the text. */
function streamed(asked: {
  parts: BridgeParts;
  scope: ReadScope;
  input: Input;
  citations: readonly Citation[];
  pieces: AsyncGenerator<string, Generated>;
  invocation: ReadInvocation<unknown>;
}) {
  const { parts, scope, input, citations, pieces, invocation } = asked;
  let generated: Generated | null = null;
  const ended = (): Generated => {
    if (generated === null) throw new Error('the answer has not ended');
    return generated;
  };
  const judged = { personalData: parts.personalData, maskedTags: scope.maskedTags() };
  const events = textEvents(pieces, (whole) => {
    generated = whole;
  });
  return {
    kind: 'judged-stream' as const,
    contentType: 'text/event-stream; charset=utf-8',
    headers: { 'cache-control': 'no-store' },
    chunks: judgedAnswer(events, {
      extent: invocation.extentAfter,
      collector: createAnswerCollector(),
      openFrom: openTextOf(invocation.fieldsOfPieces, parts.personalData),
      write: ({ bytes }) => bytes,
      end() {
        const { text: _, ...rest } = shown(scope, ended(), citations);
        return event('done', rest);
      },
      pieceContext: (said) => answerContext({ ...NOT_ENDED, text: null, said, task: input.task }, judged),
      wholeContext: () => contextOf(parts, scope, input, ended()),
    }),
    broken: ({ code, detail }: LakeError) => event('error', { code, detail }),
  };
}

async function* textEvents(
  pieces: AsyncGenerator<string, Generated>,
  ended: (generated: Generated) => void,
): AsyncGenerator<StreamEvent> {
  for await (const text of texts(pieces, ended)) {
    yield { bytes: event('text', { text }), deltas: [{ kind: 'text', choice: 0, text }] };
  }
}

/** The pieces, and at their end what they came to. Whoever stops before ends them too: the call is settled and its provider stops. */
async function* texts(
  pieces: AsyncGenerator<string, Generated>,
  ended: (generated: Generated) => void,
): AsyncGenerator<string> {
  ended(yield* pieces);
}

/** Which model answers is settled at the end: another one may go on with what the first began. */
const NOT_ENDED = { finish: null, provider: '', model: '', costNanoUsd: null, outputTokens: null } as const;

function event(name: string, data: unknown): Uint8Array {
  return Buffer.from(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}

function contextOf(parts: BridgeParts, scope: ReadScope, input: Input, generated: Generated): JsonObject {
  const { text, finish, rung, costNanoUsd, usage } = generated;
  return answerContext(
    {
      text,
      said: generated.parts.map((part) => ('text' in part ? part.text : '')).join('\n'),
      finish,
      provider: rung.provider,
      model: fullName(rung),
      task: input.task,
      costNanoUsd,
      outputTokens: usage.output,
    },
    { personalData: parts.personalData, maskedTags: scope.maskedTags() },
  );
}

function shown(scope: ReadScope, generated: Generated, citations: readonly Citation[]) {
  const { text, finish, calls, usage, costNanoUsd, rung } = generated;
  return {
    id: scope.requestId,
    model: fullName(rung),
    text,
    json: jsonOf(text),
    finish,
    calls,
    citations: citations.map((one) => ({
      ...one,
      columns: [...one.columns],
      masked_columns: [...one.masked_columns],
    })),
    usage: {
      input_tokens: usage.input,
      cached_input_tokens: usage.cachedInput,
      output_tokens: usage.output,
      reasoning_tokens: usage.reasoning,
      cost_usd: costNanoUsd / 1e9,
    },
    attempts: generated.attempts.map((one) => ({ ...one })),
  };
}

function requestOf(input: Input): ChatRequest {
  return {
    messages: input.messages.map(({ role, content }) => ({ role, parts: [{ kind: 'text', text: content }] })),
    maxOutputTokens: input.max_output_tokens ?? null,
    temperature: input.temperature ?? null,
    topP: null,
    stop: [],
    tools: [],
    toolChoice: { kind: 'auto' },
    parallelToolCalls: null,
    format:
      input.schema === undefined
        ? { kind: input.format }
        : { kind: 'json_schema', name: 'answer', schema: input.schema, strict: true },
    reasoning: input.reasoning,
  };
}

function withContext(request: ChatRequest, text: string | null): ChatRequest {
  if (text === null) return request;
  return { ...request, messages: [{ role: 'system', parts: [{ kind: 'text', text }] }, ...request.messages] };
}
