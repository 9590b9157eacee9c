import type { JsonObject } from '../../../base/index.ts';
import type {
  AnswerFormat,
  ChatMessage,
  ChatRequest,
  ReasoningEffort,
  ToolChoice,
  ToolDeclaration,
} from '../chat.ts';
import { ANTHROPIC_REQUEST_LOSSES } from './anthropic-losses.ts';
import { type AnthropicLosses, noteCacheControl, readSystem, readTurn } from './anthropic-turn.ts';
import type { ParsedRequest } from './dialect.ts';
import { refuseOtherModels } from './other-models.ts';
import { RequestLosses } from './request-losses.ts';
import { RequestNode } from './request-node.ts';

const CARRIED = new Set([
  'model',
  'messages',
  'system',
  'stream',
  'max_tokens',
  'temperature',
  'top_p',
  'stop_sequences',
  'tools',
  'tool_choice',
  'thinking',
  'output_config',
  'output_format',
]);
const CARRIED_OF_CONFIG = new Set(['effort', 'format']);
const CARRIED_OF_TOOL = new Set(['type', 'name', 'description', 'input_schema', 'cache_control']);

const EFFORTS: Readonly<Record<string, ReasoningEffort>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};
/** Budgets of thinking up to which an effort is the nearest. */
const LOW_BUDGET_TOKENS = 2_048;
const MEDIUM_BUDGET_TOKENS = 8_192;

/** Formats have no name in this protocol, and need one in another. */
const FORMAT_NAME = 'answer';

/** Reads a request of `/v1/messages`. Throws `models.bad_request`. */
export function parseAnthropicRequest(body: JsonObject): ParsedRequest {
  const root = new RequestNode(body);
  const losses: AnthropicLosses = new RequestLosses(ANTHROPIC_REQUEST_LOSSES);
  const model = root.member('model');
  const messages = root.member('messages');
  const limit = root.member('max_tokens');
  if (model.string() === '') model.fail('the name of a model');
  if (messages.items().length === 0) messages.fail('a list of at least one message');
  if (limit.isAbsent) limit.fail('a whole number from 1 up');
  refuseOtherModels(root);
  refuseKeptTurns(root.member('thread'));
  noteMembers(root, losses);
  const chat: ChatRequest = {
    messages: [
      ...readSystem(root.member('system'), losses),
      ...messages.items().flatMap((message): readonly ChatMessage[] => readTurn(message, losses)),
    ],
    maxOutputTokens: limit.optionalCount(),
    temperature: root.member('temperature').optionalNumber(),
    topP: root.member('top_p').optionalNumber(),
    stop: root
      .member('stop_sequences')
      .optionalItems()
      .map((text) => text.string()),
    tools: root
      .member('tools')
      .optionalItems()
      .flatMap((tool) => readTool(tool, losses)),
    ...readToolChoice(root.member('tool_choice'), losses),
    format: readFormat(root, losses),
    reasoning: readReasoning(root, losses),
  };
  return {
    model: model.string(),
    stream: root.member('stream').optionalBoolean() ?? false,
    includesUsage: true,
    chat,
    losses: losses.losses,
    refusals: losses.refusals,
    unread: losses.unread,
  };
}

/** A conversation that the service keeps reaches the model unread by rules, and is held for by no ceiling. */
function refuseKeptTurns(thread: RequestNode): void {
  if (!thread.isAbsent) thread.fail('left out: each request sends the whole conversation');
}

function noteMembers(root: RequestNode, losses: AnthropicLosses): void {
  const config = root.member('output_config');
  losses.noteOthers(root, CARRIED);
  if (!config.isAbsent) losses.noteOthers(config, CARRIED_OF_CONFIG, 'output_config.');
}

function readTool(tool: RequestNode, losses: AnthropicLosses): readonly ToolDeclaration[] {
  if ((tool.member('type').optionalString() ?? 'custom') !== 'custom') {
    losses.note('tools.server', tool);
    return [];
  }
  noteCacheControl(tool, losses);
  losses.noteOthers(tool, CARRIED_OF_TOOL, 'tools.');
  return [
    {
      name: tool.member('name').string(),
      description: tool.member('description').optionalString() ?? '',
      parameters: tool.member('input_schema').object(),
    },
  ];
}

function readToolChoice(
  choice: RequestNode,
  losses: AnthropicLosses,
): { readonly toolChoice: ToolChoice; readonly parallelToolCalls: boolean | null } {
  if (choice.isAbsent) return { toolChoice: { kind: 'auto' }, parallelToolCalls: null };
  const isSingle = choice.member('disable_parallel_tool_use').optionalBoolean();
  const parallelToolCalls = isSingle === null ? null : !isSingle;
  const type = choice.member('type').string();
  switch (type) {
    case 'auto':
    case 'none':
      return { toolChoice: { kind: type }, parallelToolCalls };
    case 'any':
      return { toolChoice: { kind: 'required' }, parallelToolCalls };
    case 'tool':
      return { toolChoice: { kind: 'tool', name: choice.member('name').string() }, parallelToolCalls };
    default:
      losses.note('tool_choice.other');
      return { toolChoice: { kind: 'auto' }, parallelToolCalls };
  }
}

/** `output_format` is what `output_config.format` was called before. */
function readFormat(root: RequestNode, losses: AnthropicLosses): AnswerFormat {
  const config = root.member('output_config');
  const inConfig = config.isAbsent ? config : config.member('format');
  const format = inConfig.isAbsent ? root.member('output_format') : inConfig;
  if (format.isAbsent) return { kind: 'text' };
  if (format.member('type').string() !== 'json_schema') {
    losses.note('output_config.format', format);
    return { kind: 'text' };
  }
  return { kind: 'json_schema', name: FORMAT_NAME, schema: format.member('schema').object(), strict: true };
}

/** Thinking that is off stays off; else the effort counts, and without one the budget. */
function readReasoning(root: RequestNode, losses: AnthropicLosses): ReasoningEffort {
  const thinking = root.member('thinking');
  const type = thinking.isAbsent ? null : thinking.member('type').string();
  if (type === 'disabled') return 'off';
  if (type !== null && type !== 'enabled' && type !== 'adaptive') losses.note('thinking');
  const budget = type === 'enabled' ? thinking.member('budget_tokens').optionalCount() : null;
  if (budget !== null) losses.note('thinking.budget_tokens');
  const config = root.member('output_config');
  const effort = config.isAbsent ? null : config.member('effort').optionalString();
  if (effort !== null) {
    const known = Object.hasOwn(EFFORTS, effort) ? (EFFORTS[effort] ?? 'default') : 'default';
    if (known !== effort) losses.note('output_config.effort');
    return known;
  }
  if (budget === null) return 'default';
  if (budget <= LOW_BUDGET_TOKENS) return 'low';
  return budget <= MEDIUM_BUDGET_TOKENS ? 'medium' : 'high';
}
