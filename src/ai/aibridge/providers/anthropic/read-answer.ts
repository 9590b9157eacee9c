import type { JsonObject, JsonValue } from '../../../../base/index.ts';
import {
  addedUsage,
  type ChatAnswer,
  type ContentPart,
  type FinishReason,
  type TokenUsage,
} from '../../chat.ts';
import { countOf, objectOf, objectsOf, stringOf, textsIn } from '../../json-reading.ts';

/** What a part or a delta holds, by the type of its block. */
const READ_MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['text', ['text']],
  ['thinking', ['thinking', 'signature']],
  ['tool_use', ['id', 'name', 'input']],
  ['text_delta', ['text']],
  ['thinking_delta', ['thinking']],
  ['signature_delta', ['signature']],
]);

const STOP_REASONS: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  pause_turn: 'pause',
  refusal: 'content_filter',
};

/** The one answer of a message; null where the body is none. */
export function readAnthropicAnswers(body: JsonValue): readonly ChatAnswer[] | null {
  const message = objectOf(body);
  if (!Array.isArray(message.content)) return null;
  return [
    {
      id: stringOf(message.id) ?? '',
      model: stringOf(message.model) ?? '',
      parts: objectsOf(message.content).flatMap(readBlock),
      finish: readAnthropicFinish(message.stop_reason) ?? 'cut',
      usage: withIterations(readAnthropicUsage(message.usage, null), message.usage),
      ...otherTextOf(objectsOf(message.content)),
    },
  ];
}

/** Texts of a block that its part does not hold; all of them where the block is none that is read. */
export function readAnthropicOther(block: JsonObject): string {
  const read = READ_MEMBERS.get(stringOf(block.type) ?? '') ?? [];
  const others = Object.entries(block).filter(([name]) => name !== 'type' && !read.includes(name));
  return textsIn(others.map(([, value]) => value)).join('\n');
}

function otherTextOf(blocks: readonly JsonObject[]): { readonly otherText?: string } {
  const texts = blocks.map(readAnthropicOther).filter((text) => text !== '');
  return texts.length === 0 ? {} : { otherText: texts.join('\n') };
}

/** Null where no reason is given. A reason that is not known still is one. */
export function readAnthropicFinish(reason: JsonValue | undefined): FinishReason | null {
  const text = stringOf(reason);
  if (text === null) return null;
  return Object.hasOwn(STOP_REASONS, text) ? (STOP_REASONS[text] ?? 'stop') : 'stop';
}

/**
 * The service counts tokens read from and written to its cache beside `input_tokens`. A stream reports twice, and what the
 * second report leaves out stays as the first said. Null where neither has any.
 */
export function readAnthropicUsage(
  value: JsonValue | undefined,
  before: TokenUsage | null,
): TokenUsage | null {
  const usage = objectOf(value);
  const plain = countOf(usage.input_tokens);
  const output = countOf(usage.output_tokens);
  if (plain === null && output === null) return before;
  const cachedInput = countOf(usage.cache_read_input_tokens) ?? before?.cachedInput ?? 0;
  const cacheWriteInput = countOf(usage.cache_creation_input_tokens) ?? before?.cacheWriteInput ?? 0;
  const long =
    countOf(objectOf(usage.cache_creation).ephemeral_1h_input_tokens) ?? before?.cacheWriteLongInput ?? 0;
  const plainBefore = before === null ? 0 : before.input - before.cachedInput - before.cacheWriteInput;
  return {
    input: (plain ?? plainBefore) + cachedInput + cacheWriteInput,
    cachedInput,
    cacheWriteInput,
    ...(long === 0 ? {} : { cacheWriteLongInput: long }),
    output: output ?? before?.output ?? 0,
    reasoning: countOf(objectOf(usage.output_tokens_details).thinking_tokens) ?? before?.reasoning ?? 0,
  };
}

/** Steps within one call whose tokens its totals leave out: summaries of what no longer fits, and advice. */
const APART = new Set(['compaction', 'advisor_message']);

/** A count with what the service bills for the steps that `value` lists beside it. */
export function withIterations(counted: TokenUsage | null, value: JsonValue | undefined): TokenUsage | null {
  if (counted === null) return null;
  const steps = objectsOf(objectOf(value).iterations).filter(({ type }) => APART.has(stringOf(type) ?? ''));
  const usages = steps.flatMap((step) => readAnthropicUsage(step, null) ?? []);
  return usages.reduce(addedUsage, counted);
}

/** Blocks of tools that run at the service itself survive in the bytes, and their texts apart. */
function readBlock(block: JsonObject): readonly ContentPart[] {
  switch (block.type) {
    case 'text':
      return [{ kind: 'text', text: stringOf(block.text) ?? '' }];
    case 'thinking':
      return [
        { kind: 'reasoning', text: stringOf(block.thinking) ?? '', signature: stringOf(block.signature) },
      ];
    case 'tool_use':
      return [
        {
          kind: 'tool_call',
          id: stringOf(block.id) ?? '',
          name: stringOf(block.name) ?? '',
          argumentsJson: JSON.stringify(block.input ?? {}),
        },
      ];
    default:
      return [];
  }
}
