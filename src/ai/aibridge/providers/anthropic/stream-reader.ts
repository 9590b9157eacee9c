import { isJsonObject, type JsonObject } from '../../../../base/index.ts';
import type { ChatDelta, TokenUsage } from '../../chat.ts';
import { countOf, objectOf, parseJson, stringOf } from '../../json-reading.ts';
import { answerFailure } from '../../transport/status-failure.ts';
import type { ChatReader, Reading } from '../../transport/stream-events.ts';
import type { WireEvent } from '../../transport/wire-event.ts';
import {
  readAnthropicFinish,
  readAnthropicOther,
  readAnthropicUsage,
  withIterations,
} from './read-answer.ts';

/**
 * Reads the events of one streamed message:
 *
 *   message_start → (content_block_start → content_block_delta … → content_block_stop) … → message_delta → message_stop
 *
 * with `ping` anywhere. It has ended properly with `message_stop`, or once `message_delta` has said why the model stopped.
 */
export class AnthropicChatReader implements ChatReader {
  #isFinished = false;
  #usage: TokenUsage | null = null;
  /** Blocks that are calls of tools: which call of the answer, and whether its arguments have begun. */
  readonly #calls = new Map<number, { readonly index: number; hasArguments: boolean }>();

  read({ data }: WireEvent): Reading {
    if (data === null) return { deltas: [], isOurs: false, isLast: false };
    const event = parseJson(data);
    if (!isJsonObject(event))
      throw answerFailure('The provider’s stream holds an event that is not a JSON object.');
    const isLast = event.type === 'message_stop';
    return { deltas: this.#deltasOf(event), isOurs: false, isLast };
  }

  isFinished(): boolean {
    return this.#isFinished;
  }

  #deltasOf(event: JsonObject): readonly ChatDelta[] {
    switch (event.type) {
      case 'message_start': {
        const message = objectOf(event.message);
        const start = {
          kind: 'start',
          id: stringOf(message.id) ?? '',
          model: stringOf(message.model) ?? '',
        } as const;
        return [start, ...this.#usageDeltas(message)];
      }
      case 'content_block_start':
        return this.#startBlock(countOf(event.index) ?? 0, objectOf(event.content_block));
      case 'content_block_delta':
        return this.#continueBlock(countOf(event.index) ?? 0, objectOf(event.delta));
      case 'content_block_stop':
        return this.#stopBlock(countOf(event.index) ?? 0);
      case 'message_delta':
        return [...this.#finishDeltas(objectOf(event.delta)), ...this.#usageDeltas(event)];
      case 'message_stop':
        return this.#stop();
      case 'error':
        throw answerFailure('The provider’s stream holds an error.');
      default:
        return otherDelta(readAnthropicOther(event));
    }
  }

  #startBlock(at: number, block: JsonObject): readonly ChatDelta[] {
    const other = otherDelta(readAnthropicOther(block));
    if (block.type === 'text') return [...textDelta(block.text), ...other];
    if (block.type === 'thinking')
      return [...reasoningDelta(block.thinking, stringOf(block.signature)), ...other];
    if (block.type !== 'tool_use') return other;
    const call = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(at, call);
    const input = JSON.stringify(objectOf(block.input));
    const argumentsJson = input === '{}' ? '' : input;
    call.hasArguments = argumentsJson !== '';
    const [id, name] = [stringOf(block.id), stringOf(block.name)];
    return [{ kind: 'tool_call', choice: 0, index: call.index, id, name, argumentsJson }, ...other];
  }

  #continueBlock(at: number, delta: JsonObject): readonly ChatDelta[] {
    if (delta.type === 'text_delta') return textDelta(delta.text);
    if (delta.type === 'thinking_delta') return reasoningDelta(delta.thinking, null);
    if (delta.type === 'signature_delta') return reasoningDelta('', stringOf(delta.signature));
    const call = this.#calls.get(at);
    // Citations, and the arguments of tools that run at the service.
    if (delta.type !== 'input_json_delta' || call === undefined) return otherDelta(readAnthropicOther(delta));
    return argumentsDelta(call, stringOf(delta.partial_json) ?? '');
  }

  /** A call without arguments is a call with none, whose text is an empty object. */
  #stopBlock(at: number): readonly ChatDelta[] {
    const call = this.#calls.get(at);
    return call === undefined || call.hasArguments ? [] : argumentsDelta(call, '{}');
  }

  #finishDeltas(delta: JsonObject): readonly ChatDelta[] {
    const reason = readAnthropicFinish(delta.stop_reason);
    if (reason === null) return [];
    this.#isFinished = true;
    return [{ kind: 'finish', choice: 0, reason }];
  }

  #stop(): readonly ChatDelta[] {
    const gaveReason = this.#isFinished;
    this.#isFinished = true;
    return gaveReason ? [] : [{ kind: 'finish', choice: 0, reason: 'cut' }];
  }

  #usageDeltas(holder: JsonObject): readonly ChatDelta[] {
    const before = this.#usage;
    this.#usage = readAnthropicUsage(holder.usage, before);
    const usage = withIterations(this.#usage, holder.usage);
    return usage === null || this.#usage === before ? [] : [{ kind: 'usage', usage }];
  }
}

function textDelta(value: JsonObject[string] | undefined): readonly ChatDelta[] {
  const text = stringOf(value) ?? '';
  return text === '' ? [] : [{ kind: 'text', choice: 0, text }];
}

function reasoningDelta(
  value: JsonObject[string] | undefined,
  signature: string | null,
): readonly ChatDelta[] {
  const text = stringOf(value) ?? '';
  const isEmpty = text === '' && (signature === null || signature === '');
  return isEmpty
    ? []
    : [{ kind: 'reasoning', choice: 0, text, signature: signature === '' ? null : signature }];
}

function otherDelta(text: string): readonly ChatDelta[] {
  return text === '' ? [] : [{ kind: 'other', choice: 0, text }];
}

function argumentsDelta(
  call: { readonly index: number; hasArguments: boolean },
  argumentsJson: string,
): readonly ChatDelta[] {
  if (argumentsJson === '') return [];
  call.hasArguments = true;
  return [{ kind: 'tool_call', choice: 0, index: call.index, id: null, name: null, argumentsJson }];
}
