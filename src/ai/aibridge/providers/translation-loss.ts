import type { LakeError } from '../../../base/index.ts';
import type { ChatRequest } from '../chat.ts';
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

/** The refusal of an earlier call of a tool whose arguments, as where they were cut, are none. */
export function argumentsRefused(): LakeError {
  const why = 'the arguments of an earlier call are not a JSON object';
  return notTranslatable([{ name: 'messages.tool_calls.arguments', why }]);
}

/** Whether any part of any message fits. */
export function somePart(
  chat: ChatRequest,
  fits: (part: ChatRequest['messages'][number]['parts'][number], role: string) => boolean,
): boolean {
  return chat.messages.some(({ parts, role }) => parts.some((part) => fits(part, role)));
}
