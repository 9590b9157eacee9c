import { isJsonObject, type JsonObject } from '../../../base/index.ts';
import type { ChatAnswer, ContentPart, FinishReason, TokenUsage } from '../chat.ts';
import { parseJson } from '../json-reading.ts';
import type { AnswerFacts } from './dialect.ts';

/** What an answer may hold that messages have no place for. */
export const ANTHROPIC_ANSWER_LOSSES: readonly {
  readonly name: string;
  readonly occursIn: (answer: ChatAnswer) => boolean;
}[] = [
  /** A call whose arguments are no object, as where the answer was cut in them, is left out: it must not be run. */
  {
    name: 'tool_calls',
    occursIn: ({ parts }) => parts.some((part) => part.kind === 'tool_call' && inputOf(part) === null),
  },
  /** The protocol always reports a usage; one that nobody counted is shown as zero. */
  { name: 'usage', occursIn: ({ usage }) => usage === null },
  /** Results of tools that ran at the service, citations, transcripts. */
  { name: 'content.other', occursIn: ({ otherText = '' }) => otherText !== '' },
];

/** The protocol has no word for an answer that was cut; `max_tokens` is the one that says the answer is not whole. */
export const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
  pause: 'pause_turn',
  cut: 'max_tokens',
};

/** A whole answer as a message. */
export function writeAnthropicAnswer(answer: ChatAnswer, facts: AnswerFacts): JsonObject {
  return {
    ...messageHead(facts),
    content: answer.parts.flatMap(writeBlock),
    stop_reason: STOP_REASONS[answer.finish],
    stop_sequence: null,
    usage: writeAnthropicUsage(answer.usage),
  };
}

export function messageHead({ id, model }: AnswerFacts): JsonObject {
  return { id, type: 'message', role: 'assistant', model };
}

export function writeAnthropicUsage(usage: TokenUsage | null): JsonObject {
  const { input = 0, cachedInput = 0, cacheWriteInput = 0, output = 0, reasoning = 0 } = usage ?? {};
  return {
    input_tokens: input - cachedInput - cacheWriteInput,
    cache_creation_input_tokens: cacheWriteInput,
    cache_read_input_tokens: cachedInput,
    output_tokens: output,
    output_tokens_details: { thinking_tokens: reasoning },
  };
}

function writeBlock(part: ContentPart): readonly JsonObject[] {
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text, citations: null }];
    case 'reasoning':
      return [{ type: 'thinking', thinking: part.text, signature: part.signature ?? '' }];
    case 'tool_call': {
      const input = inputOf(part);
      return input === null ? [] : [{ type: 'tool_use', id: part.id, name: part.name, input }];
    }
    default:
      return [];
  }
}

function inputOf(call: Extract<ContentPart, { kind: 'tool_call' }>): JsonObject | null {
  const input = call.argumentsJson === '' ? {} : parseJson(call.argumentsJson);
  return isJsonObject(input) ? input : null;
}
