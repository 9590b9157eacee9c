import { z } from 'zod';
import { type JsonObject, jsonSafe } from '../../../base/index.ts';
import type { ResolveScope } from '../../../govern/scope/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import type { ParsedRequest } from '../dialects/dialect.ts';
import { type PlannedChat, planChat } from '../planned-chat.ts';
import { contextSchema, contextTokens } from '../retrieved-context.ts';
import { DEFAULT_TASK, tagList, taskName } from './chat-truth.ts';

/** Members of our own in the body of a drop-in address; everything else is the client's and is passed on. */
const ours = {
  lakehouse_task: taskName.optional(),
  lakehouse_tags: tagList.optional(),
  lakehouse_context: contextSchema.optional(),
  lakehouse_anthropic_beta: z
    .string()
    .max(1_000)
    .optional()
    .describe('The header `anthropic-beta`, sent on to a provider of the same protocol.'),
};

/** What providers' clients send to chat; beyond the names that every address needs, their protocol judges it. */
export const protocolInput = z.looseObject({
  model: z.string().min(1).max(256),
  messages: z.array(z.unknown()).min(1).max(10_000),
  max_tokens: z.unknown().optional().describe('Most tokens of the answer; Anthropic’s protocol requires it.'),
  ...ours,
});
export type ProtocolInput = z.output<typeof protocolInput>;

export function taskOf(input: ProtocolInput): string {
  return input.lakehouse_task ?? DEFAULT_TASK;
}

/** The way that a request will take, by what its protocol says and by our members beside it. */
export function planProtocolChat(
  parts: BridgeParts,
  scope: ResolveScope,
  input: ProtocolInput,
  { chat, model, unread }: Pick<ParsedRequest, 'chat' | 'model' | 'unread'>,
): Promise<PlannedChat> {
  return planChat(parts, scope, {
    chat,
    unread,
    model,
    task: taskOf(input),
    tags: input.lakehouse_tags ?? [],
    contextTokens: contextTokens(input.lakehouse_context),
  });
}

/** The client's own members. */
export function bodyOf(input: ProtocolInput): JsonObject {
  const theirs = Object.entries(input).filter(([name]) => !Object.hasOwn(ours, name));
  return Object.fromEntries(theirs.map(([name, value]) => [name, jsonSafe(value)]));
}

/** Headers that a provider of the client's own protocol is to see. */
export function nativeHeaders({
  lakehouse_anthropic_beta: beta,
}: ProtocolInput): Readonly<Record<string, string>> {
  return beta === undefined ? {} : { 'anthropic-beta': beta };
}
