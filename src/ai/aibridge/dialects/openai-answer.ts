import type { JsonObject, JsonValue } from '../../../base/index.ts';
import type { ChatAnswer, ChatDelta, ContentPart, FinishReason, TokenUsage } from '../chat.ts';
import type { AnswerFacts, StreamFailure, StreamWriter } from './dialect.ts';

/** What an answer may hold that chat completions have no place for. */
export const OPENAI_ANSWER_LOSSES: readonly {
  readonly name: string;
  readonly occursIn: (answer: ChatAnswer) => boolean;
}[] = [
  {
    name: 'reasoning.signature',
    occursIn: ({ parts }) => parts.some((part) => part.kind === 'reasoning' && part.signature !== null),
  },
  /** An answer that goes on in another turn is shown as one that met its limit: not whole either. */
  { name: 'finish.pause', occursIn: ({ finish }) => finish === 'pause' },
  { name: 'usage.cache_write', occursIn: ({ usage }) => (usage?.cacheWriteInput ?? 0) > 0 },
  /** Results of tools that ran at the service, citations, transcripts. */
  { name: 'content.other', occursIn: ({ otherText = '' }) => otherText !== '' },
];

/** The protocol has no word for an answer that was cut; `length` is the one that says the answer is not whole. */
const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  pause: 'length',
  cut: 'length',
};

/** A whole answer as a chat completion. */
export function writeOpenAiAnswer(answer: ChatAnswer, facts: AnswerFacts): JsonObject {
  return {
    ...head(facts, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: writeMessage(answer.parts),
        logprobs: null,
        finish_reason: FINISH_REASONS[answer.finish],
      },
    ],
    ...(answer.usage === null ? {} : { usage: writeUsage(answer.usage) }),
  };
}

/** Chunks of a chat completion. The usage comes last, before `[DONE]`, where the client asked for it. */
export class OpenAiStreamWriter implements StreamWriter {
  readonly #facts: AnswerFacts;
  readonly #includesUsage: boolean;
  #usage: TokenUsage | null = null;
  #hasFinished = false;
  /** Choices that have said whose words they are. */
  readonly #begun = new Set<number>();

  constructor({ includesUsage, ...facts }: AnswerFacts & { readonly includesUsage: boolean }) {
    this.#facts = facts;
    this.#includesUsage = includesUsage;
  }

  write(delta: ChatDelta): Uint8Array {
    switch (delta.kind) {
      case 'start':
        return this.#begin(0);
      case 'text':
        return this.#said(delta.choice, { content: delta.text });
      case 'reasoning':
        return delta.text === '' ? NOTHING : this.#said(delta.choice, { reasoning_content: delta.text });
      case 'tool_call':
        return this.#said(delta.choice, { tool_calls: [writeToolCallDelta(delta)] });
      case 'other':
        return NOTHING;
      case 'finish':
        this.#hasFinished = true;
        return this.#said(delta.choice, {}, FINISH_REASONS[delta.reason]);
      case 'usage':
        this.#usage = delta.usage;
        return NOTHING;
    }
  }

  end(): Uint8Array {
    const finish = this.#hasFinished ? NOTHING : this.#chunk(0, {}, FINISH_REASONS.cut);
    const usage = this.#usage === null || !this.#includesUsage ? NOTHING : this.#usageChunk(this.#usage);
    return Buffer.concat([finish, usage, Buffer.from('data: [DONE]\n\n')]);
  }

  fail({ code, message }: StreamFailure): Uint8Array {
    return event({ error: { message, type: 'server_error', param: null, code } });
  }

  #begin(index: number): Uint8Array {
    if (this.#begun.has(index)) return NOTHING;
    this.#begun.add(index);
    return this.#chunk(index, { role: 'assistant', content: '' });
  }

  #said(index: number, delta: JsonObject, finishReason: string | null = null): Uint8Array {
    const chunk = this.#chunk(index, delta, finishReason);
    return this.#begun.has(index) ? chunk : Buffer.concat([this.#begin(index), chunk]);
  }

  #chunk(index: number, delta: JsonObject, finishReason: string | null = null): Uint8Array {
    const choices = [{ index, delta, logprobs: null, finish_reason: finishReason }];
    const usage = this.#includesUsage ? { usage: null } : {};
    return event({ ...head(this.#facts, 'chat.completion.chunk'), choices, ...usage });
  }

  #usageChunk(usage: TokenUsage): Uint8Array {
    return event({ ...head(this.#facts, 'chat.completion.chunk'), choices: [], usage: writeUsage(usage) });
  }
}

const NOTHING = new Uint8Array(0);

function event(value: JsonValue): Uint8Array {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

function head({ id, createdMs, model }: AnswerFacts, object: string): JsonObject {
  return { id, object, created: Math.floor(createdMs / 1_000), model };
}

function writeMessage(parts: readonly ContentPart[]): JsonObject {
  const text = textOf(parts, 'text');
  const reasoning = textOf(parts, 'reasoning');
  const calls = parts.flatMap((part) =>
    part.kind === 'tool_call'
      ? [{ id: part.id, type: 'function', function: { name: part.name, arguments: part.argumentsJson } }]
      : [],
  );
  return {
    role: 'assistant',
    content: text === '' && (calls.length > 0 || reasoning !== '') ? null : text,
    refusal: null,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
}

function textOf(parts: readonly ContentPart[], kind: 'text' | 'reasoning'): string {
  return parts.flatMap((part) => (part.kind === kind ? [part.text] : [])).join('');
}

function writeToolCallDelta(delta: Extract<ChatDelta, { kind: 'tool_call' }>): JsonObject {
  const called = { ...(delta.name === null ? {} : { name: delta.name }), arguments: delta.argumentsJson };
  const identity = delta.id === null ? {} : { id: delta.id, type: 'function' };
  return { index: delta.index, ...identity, function: called };
}

function writeUsage(usage: TokenUsage): JsonObject {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cachedInput },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}
