import { z } from 'zod';
import { type JsonObject, jsonSafe, type LakeError } from '../../../base/index.ts';
import { type Invocation, type ReadScope, readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { callModel } from '../call-model.ts';
import { type Dialect, type ParsedRequest, requireTranslatable } from '../dialects/dialect.ts';
import {
  dearestCost,
  fullName,
  modelDemands,
  type PlannedChat,
  planChat,
  promptText,
} from '../planned-chat.ts';
import type { ChatReply, Protocol } from '../provider.ts';
import { contextSchema, retrieveContext } from '../retrieved-context.ts';
import { settledAnswer } from '../settled-answer.ts';
import { choicesOf, requirePriced } from '../unpriced-members.ts';
import { chatTruth, DEFAULT_TASK, tagList, taskName } from './chat-truth.ts';

/** Members of our own in the body of a drop-in address; everything else is the client's and is passed on. */
const ours = {
  lakehouse_task: taskName.optional(),
  lakehouse_tags: tagList.optional(),
  lakehouse_context: contextSchema.optional(),
};
const inputSchema = z.looseObject({
  model: z.string().min(1).max(256),
  messages: z.array(z.unknown()).min(1).max(10_000),
  ...ours,
});
type Input = z.output<typeof inputSchema>;

interface Resolved extends PlannedChat {
  readonly parsed: ParsedRequest;
  readonly body: JsonObject;
}

export interface ProtocolChat {
  readonly name: string;
  readonly summary: string;
  readonly protocol: Protocol;
  readonly dialect: Dialect;
  /** Puts retrieved rows into a body of this protocol, as a system turn. */
  addContext(body: JsonObject, text: string): JsonObject;
  /** A refusal in the words of this protocol's stream. */
  errorEvent(error: LakeError): string;
}

/**
 * A drop-in address of a provider's protocol. A provider of the same protocol gets the client's own body, unknown members
 * included, and its answer goes back byte for byte; another one is translated to, with the losses its dialect declares.
 */
export function protocolChat(parts: BridgeParts, spoken: ProtocolChat) {
  const { dialect } = spoken;
  return readOperation<Input, never, Resolved>({
    name: spoken.name,
    summary: spoken.summary,
    description:
      'Takes what the provider’s own clients send. `model` is `provider/model`, a name that routing.toml routes, or ' +
      '`ladder/<name>`. Members `lakehouse_task`, `lakehouse_tags` and `lakehouse_context` are ours and not passed on.',
    input: inputSchema,
    output: z.record(z.string(), z.unknown()),
    spends: true,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const body = bodyOf(input);
        const parsed = dialect.parseRequest(body);
        const { chat, model } = parsed;
        const planned = await planChat(parts, scope, {
          chat,
          model,
          task: taskOf(input),
          tags: input.lakehouse_tags ?? [],
          contextTokens: input.lakehouse_context?.max_tokens ?? 0,
        });
        return { demands: modelDemands(planned.plan), resolved: { ...planned, parsed, body } };
      },
    },
    truth: chatTruth<Input, Resolved>(taskOf, (input, resolved) => ({
      text: promptText(resolved.chat),
      model: input.model,
      messages: resolved.chat.messages.length,
      input_tokens: resolved.inputTokens,
      worst_cost_usd: dearestCost(resolved) / 1e9,
    })),
    run: (scope, input, invocation) => answer({ parts, spoken, scope, input, invocation }),
  });
}

async function answer(asked: {
  parts: BridgeParts;
  spoken: ProtocolChat;
  scope: ReadScope;
  input: Input;
  invocation: Invocation<Resolved>;
}) {
  const { parts, spoken, scope, input, invocation } = asked;
  const { dialect } = spoken;
  const { parsed, plan, inputTokens } = invocation.resolved;
  const { stream } = parsed;
  const { chat, body } = await withContext(parts, spoken, input, invocation);
  const task = taskOf(input);
  const started = await callModel(parts, scope, {
    plan,
    task,
    inputTokens,
    maxOutputTokens: chat.maxOutputTokens,
    choices: spoken.protocol === 'openai' ? choicesOf(body) : 1,
    stream,
    signal: scope.signal,
    requestFor(rung, maxOutputTokens) {
      if (parts.providers.get(rung.provider)?.protocol === spoken.protocol) {
        if (rung.entry.billing === 'metered') requirePriced(spoken.protocol, body);
        return { kind: 'native', body };
      }
      requireTranslatable(parsed);
      return { kind: 'chat', chat: { ...chat, maxOutputTokens: chat.maxOutputTokens ?? maxOutputTokens } };
    },
  });
  const isNative = parts.providers.get(started.rung.provider)?.protocol === spoken.protocol;
  const facts = { id: `chat-${scope.requestId}`, createdMs: parts.clock.nowMs(), model: input.model };
  const writer = isNative
    ? null
    : dialect.createStreamWriter({ ...facts, includesUsage: parsed.includesUsage });
  const chunks = settledAnswer({
    started,
    task,
    extent: invocation.extentAfter,
    personalData: parts.personalData,
    maskedTags: scope.maskedTags(),
    stream: {
      write: (event) =>
        writer === null ? event.bytes : Buffer.concat(event.deltas.map((delta) => writer.write(delta))),
      end: () => writer?.end() ?? new Uint8Array(0),
    },
    whole: (reply) => wholeBytes(reply, isNative, (whole) => dialect.writeAnswer(whole, facts)),
  });
  return {
    kind: 'judged-stream' as const,
    contentType: stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    headers: {
      'cache-control': 'no-store',
      'x-lakehouse-model': fullName(started.rung),
      'x-lakehouse-attempts': String(started.attempts.length + 1),
    },
    chunks,
    broken: (error: LakeError) => Buffer.from(stream ? spoken.errorEvent(error) : ''),
  };
}

function wholeBytes(
  reply: Extract<ChatReply, { kind: 'whole' }>,
  isNative: boolean,
  write: Dialect['writeAnswer'] extends (answer: infer A, ...rest: never[]) => infer R
    ? (answer: A) => R
    : never,
): Uint8Array {
  if (isNative) return reply.bytes;
  const [first] = reply.answers;
  if (first === undefined) throw new Error('a whole reply without an answer');
  return Buffer.from(JSON.stringify(write(first)));
}

/** The chat with the rows it asked for, read as the caller. */
async function withContext(
  parts: BridgeParts,
  spoken: ProtocolChat,
  input: Input,
  invocation: Invocation<Resolved>,
) {
  const { chat, body } = invocation.resolved;
  const asked = input.lakehouse_context;
  if (asked === undefined) return { chat, body };
  const { text } = await retrieveContext(asked, invocation.nested, parts.estimator);
  const turn = { role: 'system', parts: [{ kind: 'text', text }] } as const;
  return { chat: { ...chat, messages: [turn, ...chat.messages] }, body: spoken.addContext(body, text) };
}

function taskOf(input: Input): string {
  return input.lakehouse_task ?? DEFAULT_TASK;
}

function bodyOf(input: Input): JsonObject {
  const theirs = Object.entries(input).filter(([name]) => !Object.hasOwn(ours, name));
  return Object.fromEntries(theirs.map(([name, value]) => [name, jsonSafe(value)]));
}
