import { isJsonObject, type JsonObject, type JsonValue } from '../../../../base/index.ts';
import type { ChatMessage, ChatRequest, ContentPart, ToolChoice } from '../../chat.ts';
import { requireCarried, somePart, type TranslationLoss } from '../translation-loss.ts';

/** What a chat may hold that chat completions have no place for. */
export const OPENAI_LOSSES: readonly TranslationLoss[] = [
  {
    name: 'messages.reasoning',
    effect: 'poorer',
    why: 'earlier reasoning is not taken back',
    occursIn: (chat) => somePart(chat, ({ kind }) => kind === 'reasoning'),
  },
  {
    name: 'tool_result.is_error',
    effect: 'poorer',
    why: 'a tool’s failure is told by its text alone',
    occursIn: (chat) => somePart(chat, (part) => part.kind === 'tool_result' && part.isError),
  },
  {
    name: 'messages.image',
    effect: 'wrong',
    why: 'images are taken in messages of the user only',
    occursIn: (chat) => somePart(chat, ({ kind }, role) => kind === 'image' && role !== 'user'),
  },
];

export interface WrittenBody {
  readonly body: JsonObject;
  /** The stream was asked for its usage by us; the client did not ask. */
  readonly addsUsage: boolean;
}

interface Wish {
  readonly model: string;
  readonly stream: boolean;
}

/** The client's own body for this model. Everything it holds stays, known or not. */
export function nativeOpenAiBody(body: JsonObject, { model, stream }: Wish): WrittenBody {
  if (!stream) {
    const { stream: _, stream_options: __, ...rest } = body;
    return { body: { ...(body.stream === true ? rest : body), model }, addsUsage: false };
  }
  const options = isJsonObject(body.stream_options) ? body.stream_options : {};
  const isAsked = options.include_usage === true;
  const stream_options = { ...options, include_usage: true };
  return { body: { ...body, model, stream: true, stream_options }, addsUsage: !isAsked };
}

/** A chat as a body of chat completions. Throws `models.not_translatable` where `OPENAI_LOSSES` says the answer would be wrong. */
export function writeOpenAiChat(
  chat: ChatRequest,
  wish: Wish & { readonly limitMember: 'max_tokens' | 'max_completion_tokens' },
): WrittenBody {
  requireCarried(OPENAI_LOSSES, chat);
  const body: Record<string, JsonValue> = {
    model: wish.model,
    messages: chat.messages.flatMap(writeMessage),
  };
  if (chat.maxOutputTokens !== null) body[wish.limitMember] = chat.maxOutputTokens;
  if (chat.temperature !== null) body.temperature = chat.temperature;
  if (chat.topP !== null) body.top_p = chat.topP;
  if (chat.stop.length > 0) body.stop = chat.stop;
  if (chat.tools.length > 0) {
    body.tools = chat.tools.map(({ name, description, parameters }) => ({
      type: 'function',
      function: { name, description, parameters: parameters as JsonObject },
    }));
    body.tool_choice = writeToolChoice(chat.toolChoice);
    if (chat.parallelToolCalls !== null) body.parallel_tool_calls = chat.parallelToolCalls;
  }
  const format = writeFormat(chat.format);
  if (format !== null) body.response_format = format;
  if (chat.reasoning !== 'default')
    body.reasoning_effort = chat.reasoning === 'off' ? 'none' : chat.reasoning;
  if (wish.stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  return { body, addsUsage: false };
}

function writeMessage({ role, parts }: ChatMessage): readonly JsonObject[] {
  if (role === 'tool') {
    return parts.flatMap((part) =>
      part.kind === 'tool_result' ? [{ role: 'tool', tool_call_id: part.id, content: part.text }] : [],
    );
  }
  if (role !== 'assistant') return [{ role, content: writeContent(parts) }];
  const calls = parts.flatMap((part) => (part.kind === 'tool_call' ? [writeToolCall(part)] : []));
  const said = parts.filter(({ kind }) => kind === 'text');
  const content = said.length === 0 && calls.length > 0 ? null : writeContent(said);
  return [{ role, content, ...(calls.length === 0 ? {} : { tool_calls: calls }) }];
}

/** One text is written as a string, which every service takes. */
function writeContent(parts: readonly ContentPart[]): JsonValue {
  const [first, ...others] = parts;
  if (first === undefined) return '';
  if (first.kind === 'text' && others.length === 0) return first.text;
  return parts.flatMap((part): JsonObject[] => {
    if (part.kind === 'text') return [{ type: 'text', text: part.text }];
    if (part.kind !== 'image') return [];
    const url = part.url ?? `data:${part.mediaType};base64,${part.data ?? ''}`;
    return [{ type: 'image_url', image_url: { url } }];
  });
}

function writeToolCall(call: Extract<ContentPart, { kind: 'tool_call' }>): JsonObject {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.argumentsJson } };
}

function writeToolChoice(choice: ToolChoice): JsonValue {
  return choice.kind === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.kind;
}

function writeFormat(format: ChatRequest['format']): JsonValue {
  if (format.kind === 'json_schema') {
    const { name, schema, strict } = format;
    return { type: 'json_schema', json_schema: { name, schema: schema as JsonObject, strict } };
  }
  return format.kind === 'json' ? { type: 'json_object' } : null;
}
