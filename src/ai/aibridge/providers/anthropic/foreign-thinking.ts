import { isJsonObject, type JsonObject, type JsonValue } from '../../../../base/index.ts';

/**
 * A native body without the thinking of other services, which Anthropic's clients were given with an empty signature and send
 * back: the service refuses a signature that is not its own. A body without any is the same object.
 */
export function withoutForeignThinking(body: JsonObject): JsonObject {
  const { messages } = body;
  if (!Array.isArray(messages) || !messages.some(holdsForeign)) return body;
  return { ...body, messages: messages.flatMap(withoutForeign) };
}

function isForeign(block: JsonValue): boolean {
  return isJsonObject(block) && block.type === 'thinking' && block.signature === '';
}

function holdsForeign(message: JsonValue): boolean {
  return isJsonObject(message) && Array.isArray(message.content) && message.content.some(isForeign);
}

/** A turn that said nothing else is left out, since the service takes no empty one. */
function withoutForeign(message: JsonValue): readonly JsonValue[] {
  if (!isJsonObject(message) || !Array.isArray(message.content) || !holdsForeign(message)) return [message];
  const content = message.content.filter((block) => !isForeign(block));
  return content.length === 0 ? [] : [{ ...message, content }];
}
