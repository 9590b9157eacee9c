import { isJsonObject, type JsonObject } from '../../../base/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { openAiDialect } from '../dialects/openai.ts';
import { protocolChat } from './protocol-chat.ts';

/** `models.chat_completions`: OpenAI's chat completions. */
export function openAiChat(parts: BridgeParts) {
  return protocolChat(parts, {
    name: 'models.chat_completions',
    summary: 'Chat, as OpenAI’s clients speak it',
    dialect: openAiDialect,
    addContext: (body, text) => ({ ...body, messages: [{ role: 'system', content: text }, ...list(body)] }),
  });
}

function list(body: JsonObject): readonly JsonObject[] {
  return Array.isArray(body.messages) ? body.messages.filter(isJsonObject) : [];
}
