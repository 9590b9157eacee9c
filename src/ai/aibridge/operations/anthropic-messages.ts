import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { BridgeParts } from '../bridge-parts.ts';
import { anthropicDialect } from '../dialects/anthropic.ts';
import { protocolChat } from './protocol-chat.ts';

/** `models.messages`: Anthropic's messages. */
export function anthropicMessages(parts: BridgeParts) {
  return protocolChat(parts, {
    name: 'models.messages',
    summary: 'Chat, as Anthropic’s clients speak it',
    dialect: anthropicDialect,
    addContext: (body, text) => ({ ...body, system: [{ type: 'text', text }, ...systemBlocks(body)] }),
  });
}

/** `system` is a text or a list of blocks. */
function systemBlocks(body: JsonObject): readonly JsonValue[] {
  const { system } = body;
  if (typeof system === 'string') return [{ type: 'text', text: system }];
  return Array.isArray(system) ? system : [];
}
