import { isJsonObject, type JsonObject, type JsonValue } from '../../../../base/index.ts';
import { objectOf, objectsOf, stringOf, textsIn } from '../../json-reading.ts';

/** Members whose texts are read elsewhere, or say how an answer was made and not what it says. */
const READ_OF_COMPLETION = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'usage',
  'x_groq',
  'provider',
  'system_fingerprint',
  'service_tier',
  'obfuscation',
]);
const READ_BESIDE = ['index', 'finish_reason', 'native_finish_reason', 'logprobs'] as const;
const READ_OF_CHOICE = {
  message: new Set<string>([...READ_BESIDE, 'message']),
  delta: new Set<string>([...READ_BESIDE, 'delta']),
} as const;
const READ_OF_MESSAGE = new Set([
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'tool_calls',
]);

/** Texts of a completion, or of one chunk, beside its choices: sources of a search at the service, for example. */
export function otherTextOfCompletion(completion: JsonObject): string {
  return textsIn(membersBut(completion, READ_OF_COMPLETION)).join('\n');
}

/** Texts of a choice that no part holds. `said` is the member that is read: `message`, and `delta` in a stream. */
export function otherTextOfChoice(choice: JsonObject, said: 'message' | 'delta'): string {
  const message = objectOf(choice[said]);
  const beside = membersBut(choice, READ_OF_CHOICE[said]);
  const parts = objectsOf(message.content).filter(({ text }) => stringOf(text) === null);
  const calls = objectsOf(message.tool_calls).filter((call) => !isJsonObject(call.function));
  // Of the two names of the reasoning one is read.
  const second = stringOf(message.reasoning_content) === null ? [] : [message.reasoning ?? null];
  return textsIn([...beside, ...membersBut(message, READ_OF_MESSAGE), ...parts, ...calls, ...second]).join(
    '\n',
  );
}

/** A plain loop: it goes over every member of every piece of a stream, and hardly ever finds one. */
function membersBut(object: JsonObject, read: ReadonlySet<string>): JsonValue[] {
  const values: JsonValue[] = [];
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== undefined && !read.has(name)) values.push(value);
  }
  return values;
}
