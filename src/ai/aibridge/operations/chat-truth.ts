import { z } from 'zod';
import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { TruthRule } from '../../../govern/scope/index.ts';

/** The task of a chat that names none. */
export const DEFAULT_TASK = 'chat';

/** A task class of a chat, for routing, ceilings and rules. */
export const taskName = z
  .string()
  .regex(/^[a-z][a-z0-9_.]{0,63}$/, 'a task is a lower-case word, such as summarise')
  .describe('What the chat is for; rules, routes and ceilings may name it.');
export const tagList = z
  .array(z.string().regex(/^[\w.:-]{1,64}$/))
  .max(16)
  .describe('Tags that routes may ask for.');

/** What rules before a chat see of it. */
interface PromptFacts {
  readonly text: string;
  readonly model: JsonValue;
  readonly messages: number;
  readonly input_tokens: number;
  readonly worst_cost_usd: number;
}

/**
 * Truth on chats: the class `chat` judges every one, `chat.<task>` those of a task. Before: `prompt.text`, `model`,
 * `messages`, `input_tokens`, `worst_cost_usd`, `task`. After: see `answerContext`.
 */
export function chatTruth<I, R>(
  taskOf: (input: I) => string,
  facts: (input: I, resolved: R) => PromptFacts,
): TruthRule<I, R> {
  return {
    task: taskOf,
    before: {
      taskClass: 'chat',
      context(input, resolved): JsonObject {
        const { text, ...rest } = facts(input, resolved);
        return { ...rest, task: taskOf(input), prompt: { text } };
      },
    },
    after: { taskClass: 'chat' },
  };
}
