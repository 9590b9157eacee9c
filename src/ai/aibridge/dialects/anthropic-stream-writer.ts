import type { JsonObject } from '../../../base/index.ts';
import type { ChatDelta, FinishReason, TokenUsage } from '../chat.ts';
import { messageHead, STOP_REASONS, writeAnthropicUsage } from './anthropic-answer.ts';
import type { AnswerFacts, StreamFailure, StreamWriter } from './dialect.ts';

/**
 * Events of a message. Blocks of text and thinking end where another begins. Blocks of calls stay open until the end,
 * because other services may go on with an earlier call after a later one has begun:
 *
 *   message_start → (content_block_start → content_block_delta … → content_block_stop) … → message_delta → message_stop
 */
export class AnthropicStreamWriter implements StreamWriter {
  readonly #facts: AnswerFacts;
  /** The block of text or thinking that is open. */
  #open: { readonly kind: 'text' | 'thinking'; readonly index: number } | null = null;
  /** The block of each call. */
  readonly #calls = new Map<number, number>();
  #blocks = 0;
  #usage: TokenUsage | null = null;
  #finish: FinishReason = 'cut';
  #hasStarted = false;

  constructor(facts: AnswerFacts) {
    this.#facts = facts;
  }

  write(delta: ChatDelta): Uint8Array {
    const events: JsonObject[] = [];
    if (!this.#hasStarted) events.push(this.#start());
    switch (delta.kind) {
      case 'text':
        events.push(...this.#say('text', { type: 'text_delta', text: delta.text }));
        break;
      case 'reasoning':
        events.push(...this.#think(delta));
        break;
      case 'tool_call':
        events.push(...this.#call(delta));
        break;
      case 'finish':
        this.#finish = delta.reason;
        break;
      case 'usage':
        this.#usage = delta.usage;
        break;
      case 'start':
      case 'other':
        break;
    }
    return bytesOf(events);
  }

  end(): Uint8Array {
    const started = this.#hasStarted ? [] : [this.#start()];
    const open = [...this.#closed(), ...[...this.#calls.values()].map(stop)];
    const delta = { stop_reason: STOP_REASONS[this.#finish], stop_sequence: null };
    const last = { type: 'message_delta', delta, usage: writeAnthropicUsage(this.#usage) };
    return bytesOf([...started, ...open, last, { type: 'message_stop' }]);
  }

  fail({ code, message }: StreamFailure): Uint8Array {
    return bytesOf([{ type: 'error', error: { type: 'api_error', code, message } }]);
  }

  #start(): JsonObject {
    this.#hasStarted = true;
    const message = {
      ...messageHead(this.#facts),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: writeAnthropicUsage(this.#usage),
    };
    return { type: 'message_start', message };
  }

  #say(kind: 'text' | 'thinking', ...deltas: readonly JsonObject[]): readonly JsonObject[] {
    const events: JsonObject[] = [];
    if (this.#open?.kind !== kind) {
      events.push(...this.#closed());
      this.#open = { kind, index: this.#blocks++ };
      const block = kind === 'text' ? { text: '' } : { thinking: '', signature: '' };
      events.push({
        type: 'content_block_start',
        index: this.#open.index,
        content_block: { type: kind, ...block },
      });
    }
    const { index } = this.#open;
    return [...events, ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta }))];
  }

  #think({ text, signature }: Extract<ChatDelta, { kind: 'reasoning' }>): readonly JsonObject[] {
    const thought = text === '' ? [] : [{ type: 'thinking_delta', thinking: text }];
    if (signature === null) return this.#say('thinking', ...thought);
    // A signature ends the thinking it signs.
    return [...this.#say('thinking', ...thought, { type: 'signature_delta', signature }), ...this.#closed()];
  }

  #call(delta: Extract<ChatDelta, { kind: 'tool_call' }>): readonly JsonObject[] {
    const events: JsonObject[] = [];
    const known = this.#calls.get(delta.index);
    const index = known ?? this.#blocks++;
    if (known === undefined) {
      events.push(...this.#closed());
      this.#calls.set(delta.index, index);
      const block = { type: 'tool_use', id: delta.id ?? '', name: delta.name ?? '', input: {} };
      events.push({ type: 'content_block_start', index, content_block: block });
    }
    if (delta.argumentsJson === '') return events;
    const json = { type: 'input_json_delta', partial_json: delta.argumentsJson };
    return [...events, { type: 'content_block_delta', index, delta: json }];
  }

  #closed(): readonly JsonObject[] {
    const open = this.#open;
    this.#open = null;
    return open === null ? [] : [stop(open.index)];
  }
}

function stop(index: number): JsonObject {
  return { type: 'content_block_stop', index };
}

function bytesOf(events: readonly JsonObject[]): Uint8Array {
  return Buffer.from(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  );
}
