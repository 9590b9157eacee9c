import type { ChatRequest } from '../chat.ts';
import { ProviderFailure } from '../provider.ts';

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

/** Throws `ProviderFailure` of class `bad_request` where the translation would make the answer wrong. */
export function requireCarried(table: readonly TranslationLoss[], chat: ChatRequest): void {
  const wrong = table.find(({ effect, occursIn }) => effect === 'wrong' && occursIn(chat));
  if (wrong === undefined) return;
  throw new ProviderFailure({ class: 'bad_request' }, `\`${wrong.name}\` cannot be carried: ${wrong.why}.`);
}

/** Whether any part of any message fits. */
export function somePart(
  chat: ChatRequest,
  fits: (part: ChatRequest['messages'][number]['parts'][number], role: string) => boolean,
): boolean {
  return chat.messages.some(({ parts, role }) => parts.some((part) => fits(part, role)));
}
