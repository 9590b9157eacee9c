import type { JsonObject, JsonValue } from '../../../../base/index.ts';
import type { ChatMessage, ChatRequest, ContentPart } from '../../chat.ts';
import {
  BROKEN_ARGUMENTS,
  callArguments,
  requireCarried,
  somePart,
  type TranslationLoss,
} from '../translation-loss.ts';

/** What a chat may hold that Ollama's chat has no place for. */
export const OLLAMA_LOSSES: readonly TranslationLoss[] = [
  {
    name: 'tool_choice',
    effect: 'wrong',
    why: 'Ollama cannot be made to call a tool',
    occursIn: ({ tools, toolChoice: { kind } }) =>
      tools.length > 0 && (kind === 'required' || kind === 'tool'),
  },
  {
    name: 'messages.image_url',
    effect: 'wrong',
    why: 'Ollama takes images within the request only, not by their address',
    occursIn: (chat) => somePart(chat, (part) => part.kind === 'image' && part.url !== null),
  },
  {
    name: 'parallel_tool_calls',
    effect: 'poorer',
    why: 'the number of calls is left to the model',
    occursIn: ({ tools, parallelToolCalls }) => tools.length > 0 && parallelToolCalls === false,
  },
  {
    name: 'messages.reasoning.signature',
    effect: 'poorer',
    why: 'reasoning has no signature',
    occursIn: (chat) => somePart(chat, (part) => part.kind === 'reasoning' && part.signature !== null),
  },
  {
    name: 'tool_result.is_error',
    effect: 'poorer',
    why: 'a tool’s failure is told by its text alone',
    occursIn: (chat) => somePart(chat, (part) => part.kind === 'tool_result' && part.isError),
  },
  {
    name: 'response_format.json_schema.name',
    effect: 'poorer',
    why: 'a schema has no name',
    occursIn: ({ format }) => format.kind === 'json_schema',
  },
  BROKEN_ARGUMENTS,
];

/** A chat as a body of `/api/chat`. Throws `models.not_translatable` where `OLLAMA_LOSSES` says the answer would be wrong. */
export function writeOllamaChat(
  chat: ChatRequest,
  wish: { readonly model: string; readonly stream: boolean },
): JsonObject {
  requireCarried(OLLAMA_LOSSES, chat);
  const names = toolNames(chat);
  const body: Record<string, JsonValue> = {
    model: wish.model,
    messages: chat.messages.flatMap((message) => writeMessage(message, names)),
    stream: wish.stream,
  };
  const options: Record<string, JsonValue> = {};
  if (chat.maxOutputTokens !== null) options.num_predict = chat.maxOutputTokens;
  if (chat.temperature !== null) options.temperature = chat.temperature;
  if (chat.topP !== null) options.top_p = chat.topP;
  if (chat.stop.length > 0) options.stop = chat.stop;
  if (Object.keys(options).length > 0) body.options = options;
  // A model that may call no tool is shown none.
  if (chat.tools.length > 0 && chat.toolChoice.kind !== 'none') {
    body.tools = chat.tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters: parameters as JsonObject },
    }));
  }
  if (chat.format.kind === 'json') body.format = 'json';
  if (chat.format.kind === 'json_schema') body.format = chat.format.schema as JsonObject;
  if (chat.reasoning !== 'default') body.think = chat.reasoning === 'off' ? false : chat.reasoning;
  return body;
}

/** Results name their tool, not their call. */
function toolNames(chat: ChatRequest): ReadonlyMap<string, string> {
  const calls = chat.messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.kind === 'tool_call' ? [[part.id, part.name] as const] : [])),
  );
  return new Map(calls);
}

function writeMessage(
  { role, parts }: ChatMessage,
  names: ReadonlyMap<string, string>,
): readonly JsonObject[] {
  if (role === 'tool') {
    return parts.flatMap((part) =>
      part.kind === 'tool_result'
        ? [{ role, content: part.text, tool_name: names.get(part.id) ?? '', tool_call_id: part.id }]
        : [],
    );
  }
  const message: Record<string, JsonValue> = { role, content: textOf(parts, 'text') };
  const thinking = textOf(parts, 'reasoning');
  const images = parts.flatMap((part) => (part.kind === 'image' ? [part.data ?? ''] : []));
  const calls = parts.flatMap((part) => (part.kind === 'tool_call' ? [writeToolCall(part)] : []));
  if (thinking !== '') message.thinking = thinking;
  if (images.length > 0) message.images = images;
  if (calls.length > 0) message.tool_calls = calls;
  return [message];
}

function textOf(parts: readonly ContentPart[], kind: 'text' | 'reasoning'): string {
  return parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join(kind === 'text' ? '\n' : '');
}

function writeToolCall(call: Extract<ContentPart, { kind: 'tool_call' }>): JsonObject {
  return { id: call.id, function: { name: call.name, arguments: callArguments(call) ?? {} } };
}
