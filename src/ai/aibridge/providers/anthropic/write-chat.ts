import type { JsonObject, JsonValue } from '../../../../base/index.ts';
import type { ChatMessage, ChatRequest, ContentPart, ToolChoice } from '../../chat.ts';
import {
  BROKEN_ARGUMENTS,
  callArguments,
  requireCarried,
  somePart,
  type TranslationLoss,
} from '../translation-loss.ts';

/** What a chat may hold that Anthropic's messages have no place for. */
export const ANTHROPIC_LOSSES: readonly TranslationLoss[] = [
  {
    name: 'max_tokens',
    effect: 'wrong',
    why: 'Anthropic asks for a limit of the answer, and the request has none',
    occursIn: ({ maxOutputTokens }) => maxOutputTokens === null,
  },
  {
    name: 'messages',
    effect: 'wrong',
    why: 'instructions alone are not answered; somebody has to say something',
    occursIn: ({ messages }) => writeTurns(messages).length === 0,
  },
  {
    name: 'messages.image',
    effect: 'wrong',
    why: 'images are taken in messages of the user only',
    occursIn: (chat) => somePart(chat, ({ kind }, role) => kind === 'image' && role !== 'user'),
  },
  {
    name: 'messages.system',
    effect: 'poorer',
    why: 'instructions stand before the first message, not between messages',
    occursIn: ({ messages }) => {
      const firstTurn = messages.findIndex(({ role }) => role !== 'system');
      return firstTurn !== -1 && messages.slice(firstTurn).some(({ role }) => role === 'system');
    },
  },
  {
    name: 'messages.reasoning',
    effect: 'poorer',
    why: 'reasoning is taken back only with the signature of the service itself',
    occursIn: (chat) => somePart(chat, (part) => part.kind === 'reasoning' && part.signature === null),
  },
  {
    name: 'response_format.json_object',
    effect: 'poorer',
    why: 'JSON without a schema is asked for in words',
    occursIn: ({ format }) => format.kind === 'json',
  },
  {
    name: 'response_format.json_schema.name',
    effect: 'poorer',
    why: 'a schema has no name',
    occursIn: ({ format }) => format.kind === 'json_schema',
  },
  {
    name: 'temperature',
    effect: 'poorer',
    why: 'temperatures end at 1, and thinking takes none',
    occursIn: (chat) => chat.temperature !== null && (chat.temperature > 1 || thinks(chat)),
  },
  {
    name: 'top_p',
    effect: 'poorer',
    why: 'thinking takes none, and a temperature none beside it',
    occursIn: (chat) => chat.topP !== null && chat.topP < 1 && (thinks(chat) || chat.temperature !== null),
  },
  {
    name: 'stop',
    effect: 'poorer',
    why: 'white space alone ends no answer',
    occursIn: ({ stop }) => stop.some(isBlank),
  },
  {
    name: 'reasoning_effort',
    effect: 'poorer',
    why: 'a call of a tool cannot be forced while thinking',
    occursIn: (chat) => wantsThinking(chat) && forcesTool(chat),
  },
  {
    name: 'messages.prefill',
    effect: 'poorer',
    why: 'an answer that was begun cannot end in white space',
    occursIn: ({ messages }) => endsBlank(messages.at(-1)),
  },
  BROKEN_ARGUMENTS,
];

const JSON_IN_WORDS = 'Answer with one JSON object and nothing else.';

/** A chat as a body of `/v1/messages`. Throws `models.not_translatable` where `ANTHROPIC_LOSSES` says the answer would be wrong. */
export function writeAnthropicChat(
  chat: ChatRequest,
  wish: { readonly model: string; readonly stream: boolean },
): JsonObject {
  requireCarried(ANTHROPIC_LOSSES, chat);
  const body: Record<string, JsonValue> = {
    model: wish.model,
    max_tokens: chat.maxOutputTokens,
    messages: writeTurns(chat.messages),
  };
  const system = writeSystem(chat);
  if (system.length > 0) body.system = system;
  const stops = chat.stop.filter((text) => !isBlank(text));
  if (stops.length > 0) body.stop_sequences = stops;
  if (!thinks(chat)) {
    if (chat.temperature !== null) body.temperature = Math.min(1, chat.temperature);
    else if (chat.topP !== null) body.top_p = chat.topP;
  }
  if (chat.tools.length > 0) {
    body.tools = chat.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: parameters as JsonObject,
    }));
    body.tool_choice = writeToolChoice(chat.toolChoice, chat.parallelToolCalls);
  }
  const output: Record<string, JsonValue> = {};
  if (thinks(chat)) {
    body.thinking = { type: 'adaptive' };
    output.effort = chat.reasoning;
  }
  if (chat.reasoning === 'off') body.thinking = { type: 'disabled' };
  if (chat.format.kind === 'json_schema') {
    output.format = { type: 'json_schema', schema: chat.format.schema as JsonObject };
  }
  if (Object.keys(output).length > 0) body.output_config = output;
  if (wish.stream) body.stream = true;
  return body;
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}

/** Ids of other services' calls hold dots and colons, which this one refuses. */
function takenId(id: string): string {
  return id.replace(/[^\w-]/g, '_');
}

function wantsThinking({ reasoning }: ChatRequest): boolean {
  return reasoning !== 'default' && reasoning !== 'off';
}

function forcesTool({ tools, toolChoice }: ChatRequest): boolean {
  return tools.length > 0 && (toolChoice.kind === 'required' || toolChoice.kind === 'tool');
}

function thinks(chat: ChatRequest): boolean {
  return wantsThinking(chat) && !forcesTool(chat);
}

function writeSystem({ messages, format }: ChatRequest): readonly JsonObject[] {
  const texts = messages
    .filter(({ role }) => role === 'system')
    .flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])));
  if (format.kind === 'json') texts.push(JSON_IN_WORDS);
  return texts.filter((text) => text !== '').map((text) => ({ type: 'text', text }));
}

/**
 * Results of tools are blocks of a user's turn, and all results of one turn's calls have to stand in one; so the turns of
 * `tool` and `user` that follow one another become one.
 */
function writeTurns(messages: readonly ChatMessage[]): readonly JsonObject[] {
  const turns: { readonly role: 'user' | 'assistant'; readonly content: JsonObject[] }[] = [];
  const last = messages.at(-1);
  for (const message of messages) {
    const { role } = message;
    if (role === 'system') continue;
    const speaker = role === 'assistant' ? 'assistant' : 'user';
    const parts = message === last && endsBlank(message) ? withoutBlankEnd(message.parts) : message.parts;
    const blocks = parts.flatMap(writeBlock);
    const before = turns.at(-1);
    if (before?.role === speaker) before.content.push(...blocks);
    else turns.push({ role: speaker, content: [...blocks] });
  }
  return turns.filter(({ content }) => content.length > 0);
}

/** Whether a conversation ends with an answer that was begun, and that with white space. */
function endsBlank(message: ChatMessage | undefined): boolean {
  const part = message?.role === 'assistant' ? message.parts.at(-1) : undefined;
  return part?.kind === 'text' && part.text !== part.text.trimEnd();
}

function withoutBlankEnd(parts: readonly ContentPart[]): readonly ContentPart[] {
  return parts.map((part, at) =>
    part.kind === 'text' && at === parts.length - 1 ? { kind: 'text', text: part.text.trimEnd() } : part,
  );
}

function writeBlock(part: ContentPart): readonly JsonObject[] {
  switch (part.kind) {
    case 'text':
      // The service refuses blocks of no text.
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'image':
      return [{ type: 'image', source: writeImageSource(part) }];
    case 'tool_call':
      return [{ type: 'tool_use', id: takenId(part.id), name: part.name, input: callArguments(part) ?? {} }];
    case 'tool_result': {
      const failed = part.isError ? { is_error: true } : {};
      return [{ type: 'tool_result', tool_use_id: takenId(part.id), content: part.text, ...failed }];
    }
    case 'reasoning':
      if (part.signature === null) return [];
      return [{ type: 'thinking', thinking: part.text, signature: part.signature }];
  }
}

function writeImageSource(image: Extract<ContentPart, { kind: 'image' }>): JsonObject {
  return image.url === null
    ? { type: 'base64', media_type: image.mediaType, data: image.data ?? '' }
    : { type: 'url', url: image.url };
}

function writeToolChoice(choice: ToolChoice, parallel: boolean | null): JsonObject {
  if (choice.kind === 'none') return { type: 'none' };
  const single = parallel === null ? {} : { disable_parallel_tool_use: !parallel };
  if (choice.kind === 'tool') return { type: 'tool', name: choice.name, ...single };
  return { type: choice.kind === 'required' ? 'any' : 'auto', ...single };
}
