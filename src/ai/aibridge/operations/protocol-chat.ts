import { z } from 'zod';
import type { JsonObject, LakeError } from '../../../base/index.ts';
import { type ReadInvocation, type ReadScope, readOperation } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { callModel, type StartedAnswer } from '../call-model.ts';
import { cappedBody } from '../capped-body.ts';
import type { ChatRequest } from '../chat.ts';
import { type Dialect, type ParsedRequest, requireTranslatable } from '../dialects/dialect.ts';
import { dearestCost, headerName, modelDemands, type PlannedChat, promptText } from '../planned-chat.ts';
import type { ChatReply } from '../provider.ts';
import { retrieveContext } from '../retrieved-context.ts';
import type { Rung } from '../routing/plan-route.ts';
import { settledAnswer } from '../settled-answer.ts';
import { choicesOf, requirePriced } from '../unpriced-members.ts';
import { chatTruth } from './chat-truth.ts';
import {
  bodyOf,
  nativeHeaders,
  type ProtocolInput,
  planProtocolChat,
  protocolInput,
  taskOf,
} from './protocol-input.ts';

interface Resolved extends PlannedChat {
  readonly parsed: ParsedRequest;
  readonly body: JsonObject;
}

export interface ProtocolChat {
  readonly name: string;
  readonly summary: string;
  readonly dialect: Dialect;
  /** Puts retrieved rows into a body of this protocol, as a system turn. */
  addContext(body: JsonObject, text: string): JsonObject;
}

/**
 * A drop-in address of a provider's protocol. A provider of the same protocol gets the client's own body, unknown members
 * included, and its answer goes back byte for byte; another one is translated to, with the losses its dialect declares.
 */
export function protocolChat(parts: BridgeParts, spoken: ProtocolChat) {
  const { dialect } = spoken;
  return readOperation<ProtocolInput, never, Resolved>({
    name: spoken.name,
    summary: spoken.summary,
    description:
      'Takes what the provider’s own clients send. `model` is `provider/model`, a name that routing.toml routes, or ' +
      '`ladder/<name>`. Members `lakehouse_task`, `lakehouse_tags` and `lakehouse_context` are ours and not passed on.',
    input: protocolInput,
    output: z.record(z.string(), z.unknown()),
    spends: true,
    access: {
      kind: 'demands',
      async resolve(scope, input) {
        const body = bodyOf(input);
        const parsed = dialect.parseRequest(body);
        const planned = await planProtocolChat(parts, scope, input, parsed);
        const given = planned.plan.rungs.filter((rung) => speaks(parts, spoken, rung));
        const billed = given.map(({ entry }) => entry).filter(({ billing }) => billing === 'metered');
        if (billed.length > 0) requirePriced(dialect.protocol, body, billed);
        return { demands: modelDemands(planned.plan), resolved: { ...planned, parsed, body } };
      },
    },
    truth: chatTruth<ProtocolInput, Resolved>(taskOf, (input, resolved) => ({
      text: promptText(resolved),
      model: input.model,
      messages: resolved.chat.messages.length,
      input_tokens: resolved.inputTokens,
      worst_cost_usd: dearestCost(resolved, choicesOf(resolved.body)) / 1e9,
    })),
    run: (scope, input, invocation) => answer({ parts, spoken, scope, input, invocation }),
  });
}

interface Asked {
  readonly parts: BridgeParts;
  readonly spoken: ProtocolChat;
  readonly scope: ReadScope;
  readonly input: ProtocolInput;
  readonly invocation: ReadInvocation<Resolved>;
}

async function answer(asked: Asked) {
  const { parts, spoken, scope, input, invocation } = asked;
  const { dialect } = spoken;
  const { parsed, plan, inputTokens, images, mayFillWindow } = invocation.resolved;
  const { stream } = parsed;
  const { chat, body } = await withContext(parts, spoken, input, invocation);
  const task = taskOf(input);
  const started = await callModel(parts, scope, {
    plan,
    task,
    inputTokens,
    images,
    mayFillWindow,
    maxOutputTokens: chat.maxOutputTokens,
    choices: dialect.protocol === 'openai' ? choicesOf(body) : 1,
    stream,
    signal: scope.signal,
    requestFor(rung, maxOutputTokens) {
      if (speaks(parts, spoken, rung)) {
        const limits = { cap: maxOutputTokens, writesAtMost: rung.entry.maxOutputTokens };
        return { kind: 'native', headers: nativeHeaders(input), ...cappedBody(body, limits) };
      }
      requireTranslatable(parsed);
      return { kind: 'chat', chat: { ...chat, maxOutputTokens } };
    },
  });
  const isNative = speaks(parts, spoken, started.rung);
  const passesBytes = isNative && !('retold' in started.reply);
  const facts = { id: `chat-${scope.requestId}`, createdMs: parts.clock.nowMs(), model: input.model };
  const writer = dialect.createStreamWriter({ ...facts, includesUsage: parsed.includesUsage });
  const losses = passesBytes ? [] : lossesOf(asked, started, isNative ? null : chat);
  const chunks = settledAnswer({
    started,
    task,
    invocation,
    personalData: parts.personalData,
    maskedTags: scope.maskedTags(),
    stream: {
      write: (event) =>
        passesBytes ? event.bytes : Buffer.concat(event.deltas.map((delta) => writer.write(delta))),
      end: () => (passesBytes ? new Uint8Array(0) : writer.end()),
    },
    whole: (reply) => wholeBytes(reply, isNative, (whole) => dialect.writeAnswer(whole, facts)),
  });
  return {
    kind: 'judged-stream' as const,
    contentType: stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    headers: {
      'cache-control': 'no-store',
      'x-lakehouse-model': headerName(started.rung),
      'x-lakehouse-attempts': String(started.attempts.length + 1),
      ...(losses.length === 0 ? {} : { 'x-lakehouse-losses': losses.join(', ') }),
    },
    chunks,
    broken: (error: LakeError) =>
      stream ? writer.fail({ code: error.code, message: error.detail }) : new Uint8Array(0),
  };
}

/**
 * What the client asked for that the provider does not do, and what the answer says that the client cannot read. `chat` is
 * what was asked in translation; null where the client's own body was sent.
 */
function lossesOf(asked: Asked, started: StartedAnswer, chat: ChatRequest | null): readonly string[] {
  const { parts, spoken, invocation } = asked;
  const { reply, rung } = started;
  const answers = reply.kind === 'whole' ? reply.answers : (reply.retold ?? []);
  const unread = answers.flatMap((one) => spoken.dialect.lossesOf(one));
  if (chat === null) return unread;
  const unasked = parts.providers.get(rung.provider)?.lossesOf(chat) ?? [];
  return [...invocation.resolved.parsed.losses, ...unasked, ...unread];
}

/** Whether the provider of a rung takes the client's own body. */
function speaks(parts: BridgeParts, spoken: ProtocolChat, rung: Rung): boolean {
  return parts.providers.get(rung.provider)?.protocol === spoken.dialect.protocol;
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
  input: ProtocolInput,
  invocation: ReadInvocation<Resolved>,
) {
  const { chat, body } = invocation.resolved;
  const asked = input.lakehouse_context;
  if (asked === undefined) return { chat, body };
  const { text } = await retrieveContext(asked, invocation.nested, parts.estimator);
  const turn = { role: 'system', parts: [{ kind: 'text', text }] } as const;
  return { chat: { ...chat, messages: [turn, ...chat.messages] }, body: spoken.addContext(body, text) };
}
