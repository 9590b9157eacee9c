import type { JsonObject } from '../../../base/index.ts';
import type {
  AnswerFormat,
  ChatMessage,
  ChatRequest,
  ContentPart,
  ReasoningEffort,
  ToolChoice,
  ToolDeclaration,
} from '../chat.ts';
import type { ParsedRequest } from './dialect.ts';
import { OPENAI_REQUEST_LOSSES, type OpenAiLoss } from './openai-losses.ts';
import { refuseOtherModels } from './other-models.ts';
import { RequestLosses } from './request-losses.ts';
import { RequestNode } from './request-node.ts';

const CARRIED = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'response_format',
  'reasoning_effort',
]);
const CARRIED_OF_MESSAGE = new Set([
  'role',
  'content',
  'tool_calls',
  'tool_call_id',
  'refusal',
  'reasoning_content',
  'reasoning',
]);
const CARRIED_OF_FUNCTION = new Set(['name', 'description', 'parameters']);

const EFFORTS: Readonly<Record<string, ReasoningEffort>> = {
  none: 'off',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};
/** Efforts that mean the same in the canonical chat. */
const EXACT_EFFORTS = new Set(['none', 'low', 'medium', 'high']);

type Losses = RequestLosses<OpenAiLoss>;

/** Reads a request of chat completions. Throws `models.bad_request`. */
export function parseOpenAiRequest(body: JsonObject): ParsedRequest {
  const root = new RequestNode(body);
  const losses: Losses = new RequestLosses(OPENAI_REQUEST_LOSSES);
  const model = root.member('model');
  const messages = root.member('messages');
  if (model.string() === '') model.fail('the name of a model');
  if (messages.items().length === 0) messages.fail('a list of at least one message');
  // A service that reads a text as a number would give more answers than are held for.
  root.member('n').optionalCount();
  refuseOtherModels(root);
  noteRootMembers(root, losses);
  const options = root.member('stream_options');
  const chat: ChatRequest = {
    messages: messages.items().flatMap((message) => readMessage(message, losses)),
    maxOutputTokens: readLimit(root),
    temperature: root.member('temperature').optionalNumber(),
    topP: root.member('top_p').optionalNumber(),
    stop: readStop(root.member('stop')),
    tools: root
      .member('tools')
      .optionalItems()
      .flatMap((tool) => readTool(tool, losses)),
    toolChoice: readToolChoice(root.member('tool_choice'), losses),
    parallelToolCalls: root.member('parallel_tool_calls').optionalBoolean(),
    format: readFormat(root.member('response_format'), losses),
    reasoning: readEffort(root.member('reasoning_effort'), losses),
  };
  return {
    model: model.string(),
    stream: root.member('stream').optionalBoolean() ?? false,
    includesUsage: options.isAbsent ? false : (options.member('include_usage').optionalBoolean() ?? false),
    chat,
    losses: losses.losses,
    refusals: losses.refusals,
    unread: losses.unread,
  };
}

/** Of two limits the larger: a service may obey either, and what is held for the answer must suffice. */
function readLimit(root: RequestNode): number | null {
  const newer = root.member('max_completion_tokens').optionalCount();
  const older = root.member('max_tokens').optionalCount();
  return newer === null || older === null ? (newer ?? older) : Math.max(newer, older);
}

function noteRootMembers(root: RequestNode, losses: Losses): void {
  const modalities = root.member('modalities').optionalItems();
  const isTextOnly = modalities.every(({ value }) => value === 'text');
  losses.noteOthers(root, isTextOnly ? new Set([...CARRIED, 'modalities']) : CARRIED);
}

function readMessage(message: RequestNode, losses: Losses): readonly ChatMessage[] {
  const role = message.member('role').string();
  const content = message.member('content');
  losses.noteOthers(message, CARRIED_OF_MESSAGE, 'messages.');
  switch (role) {
    case 'system':
    case 'developer':
      return [{ role: 'system', parts: readContent(content, losses) }];
    case 'user':
      return [{ role: 'user', parts: readContent(content, losses) }];
    case 'assistant':
      return [{ role: 'assistant', parts: readAssistant(message, losses) }];
    case 'tool': {
      const parts = readContent(content, losses);
      if (parts.some(({ kind }) => kind !== 'text')) losses.note('messages.tool.content', content);
      const text = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('\n');
      const id = message.member('tool_call_id').string();
      return [{ role: 'tool', parts: [{ kind: 'tool_result', id, text, isError: false }] }];
    }
    default:
      losses.note('messages.role', message);
      return [];
  }
}

function readAssistant(message: RequestNode, losses: Losses): readonly ContentPart[] {
  const content = message.member('content');
  const reasoning =
    message.member('reasoning_content').optionalString() ??
    message.member('reasoning').optionalString() ??
    '';
  const refusal = message.member('refusal').optionalString() ?? '';
  const calls = message.member('tool_calls').optionalItems();
  return [
    ...(reasoning === '' ? [] : [{ kind: 'reasoning', text: reasoning, signature: null } as const]),
    ...(content.isAbsent ? [] : readContent(content, losses)),
    ...(refusal === '' ? [] : [{ kind: 'text', text: refusal } as const]),
    ...calls.flatMap((call) => readToolCall(call, losses)),
  ];
}

function readToolCall(call: RequestNode, losses: Losses): readonly ContentPart[] {
  const type = call.member('type').optionalString() ?? 'function';
  if (type !== 'function') {
    losses.note('messages.tool_calls', call);
    return [];
  }
  const called = call.member('function');
  return [
    {
      kind: 'tool_call',
      id: call.member('id').string(),
      name: called.member('name').string(),
      argumentsJson: called.member('arguments').string(),
    },
  ];
}

function readContent(content: RequestNode, losses: Losses): readonly ContentPart[] {
  if (typeof content.value === 'string') return [{ kind: 'text', text: content.value }];
  if (!Array.isArray(content.value)) return content.fail('a string or a list of parts');
  return content.items().flatMap((part): readonly ContentPart[] => {
    switch (part.member('type').string()) {
      case 'text':
        return [{ kind: 'text', text: part.member('text').string() }];
      case 'refusal':
        return [{ kind: 'text', text: part.member('refusal').string() }];
      case 'image_url':
        return readImage(part, losses);
      default:
        losses.notePart('messages.content', part);
        return [];
    }
  });
}

/** Some services take the address itself in place of the object. */
function readImage(part: RequestNode, losses: Losses): readonly ContentPart[] {
  const image = part.member('image_url');
  if (typeof image.value !== 'string') losses.noteOthers(image, new Set(['url']), 'messages.image_url.');
  const text = typeof image.value === 'string' ? image.value : image.member('url').string();
  if (/^https?:\/\//i.test(text)) return [{ kind: 'image', mediaType: '', data: null, url: text }];
  const head = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+=-]+)*;base64,/.exec(text);
  if (head !== null) {
    return [{ kind: 'image', mediaType: head[1] ?? '', data: text.slice(head[0].length), url: null }];
  }
  losses.notePart('messages.content', part);
  return [];
}

function readStop(stop: RequestNode): readonly string[] {
  if (stop.isAbsent) return [];
  return typeof stop.value === 'string' ? [stop.value] : stop.items().map((text) => text.string());
}

function readTool(tool: RequestNode, losses: Losses): readonly ToolDeclaration[] {
  if (tool.member('type').string() !== 'function') {
    losses.note('tools.custom', tool);
    return [];
  }
  const declared = tool.member('function');
  const parameters = declared.member('parameters');
  losses.noteOthers(declared, CARRIED_OF_FUNCTION, 'tools.');
  return [
    {
      name: declared.member('name').string(),
      description: declared.member('description').optionalString() ?? '',
      parameters: parameters.isAbsent ? { type: 'object', properties: {} } : parameters.object(),
    },
  ];
}

function readToolChoice(choice: RequestNode, losses: Losses): ToolChoice {
  if (choice.isAbsent) return { kind: 'auto' };
  const { value } = choice;
  if (value === 'auto' || value === 'none' || value === 'required') return { kind: value };
  if (typeof value !== 'string' && choice.member('type').string() === 'function') {
    return { kind: 'tool', name: choice.member('function').member('name').string() };
  }
  losses.note('tool_choice.other');
  return { kind: 'auto' };
}

function readFormat(format: RequestNode, losses: Losses): AnswerFormat {
  if (format.isAbsent) return { kind: 'text' };
  const type = format.member('type').string();
  if (type === 'json_object') return { kind: 'json' };
  if (type === 'json_schema') {
    const declared = format.member('json_schema');
    losses.noteOthers(declared, new Set(['name', 'schema', 'strict']), 'response_format.json_schema.');
    return {
      kind: 'json_schema',
      name: declared.member('name').string(),
      schema: declared.member('schema').isAbsent ? {} : declared.member('schema').object(),
      strict: declared.member('strict').optionalBoolean() ?? false,
    };
  }
  if (type !== 'text') losses.note('response_format.other', format);
  return { kind: 'text' };
}

function readEffort(effort: RequestNode, losses: Losses): ReasoningEffort {
  const text = effort.optionalString();
  if (text === null) return 'default';
  if (!EXACT_EFFORTS.has(text)) losses.note('reasoning_effort');
  return Object.hasOwn(EFFORTS, text) ? (EFFORTS[text] ?? 'default') : 'default';
}
