import { isJsonObject, type JsonObject } from '../../../base/index.ts';
import type { ChatRequest } from '../chat.ts';
import { parseJson } from '../json-reading.ts';
import { notTranslatable } from '../not-translatable.ts';

/** Something that a chat may hold and a provider's protocol has no place for. */
export interface TranslationLoss {
  /** How losses are named to clients; the member of an OpenAI request where there is one. */
  readonly name: string;
  /** `poorer`: left out, and named; `wrong`: the answer would not be what was asked for, so the call is refused. */
  readonly effect: 'poorer' | 'wrong';
  readonly why: string;
  readonly occursIn: (chat: ChatRequest) => boolean;
}

/** The names of what is left out of a chat. */
export function lossesIn(table: readonly TranslationLoss[], chat: ChatRequest): readonly string[] {
  return table
    .filter(({ effect, occursIn }) => effect === 'poorer' && occursIn(chat))
    .map(({ name }) => name);
}

/** Throws `models.not_translatable` where the translation would make the answer wrong. */
export function requireCarried(table: readonly TranslationLoss[], chat: ChatRequest): void {
  const wrong = table.filter(({ effect, occursIn }) => effect === 'wrong' && occursIn(chat));
  if (wrong.length > 0) throw notTranslatable(wrong);
}

/** Of protocols that take the arguments of an earlier call as an object: where they were cut, they are none. */
export const BROKEN_ARGUMENTS: TranslationLoss = {
  name: 'messages.tool_calls.arguments',
  effect: 'wrong',
  why: 'the arguments of an earlier call are not a JSON object',
  occursIn: (chat) => somePart(chat, (part) => part.kind === 'tool_call' && callArguments(part) === null),
};

/** The arguments of a call; null where they are no object. */
export function callArguments({ argumentsJson }: { readonly argumentsJson: string }): JsonObject | null {
  const value = argumentsJson === '' ? {} : parseJson(argumentsJson);
  return isJsonObject(value) ? value : null;
}

/** Whether any part of any message fits. */
export function somePart(
  chat: ChatRequest,
  fits: (part: ChatRequest['messages'][number]['parts'][number], role: string) => boolean,
): boolean {
  return chat.messages.some(({ parts, role }) => parts.some((part) => fits(part, role)));
}
