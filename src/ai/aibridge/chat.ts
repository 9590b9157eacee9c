/**
 * A chat in no provider's words: what a dialect reads from a client, a provider writes to its service, and the other
 * way round. Only what clients of OpenAI and Anthropic really send is here; what a translation cannot carry is named as a
 * loss by whoever translates, never dropped without a word.
 */
export interface ChatRequest {
  /** In order; system and developer turns included. */
  readonly messages: readonly ChatMessage[];
  /** Null where the client set none. */
  readonly maxOutputTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly stop: readonly string[];
  readonly tools: readonly ToolDeclaration[];
  readonly toolChoice: ToolChoice;
  readonly parallelToolCalls: boolean | null;
  readonly format: AnswerFormat;
  readonly reasoning: ReasoningEffort;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly parts: readonly ContentPart[];
}

export type ContentPart =
  | { readonly kind: 'text'; readonly text: string }
  /** `data` is base64; exactly one of `data` and `url` is set. */
  | {
      readonly kind: 'image';
      readonly mediaType: string;
      readonly data: string | null;
      readonly url: string | null;
    }
  | { readonly kind: 'tool_call'; readonly id: string; readonly name: string; readonly argumentsJson: string }
  | { readonly kind: 'tool_result'; readonly id: string; readonly text: string; readonly isError: boolean }
  /** `signature` lets the provider that made it verify it in the next turn. */
  | { readonly kind: 'reasoning'; readonly text: string; readonly signature: string | null };

export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type ToolChoice =
  | { readonly kind: 'auto' | 'none' | 'required' }
  | { readonly kind: 'tool'; readonly name: string };

export type AnswerFormat =
  | { readonly kind: 'text' | 'json' }
  | {
      readonly kind: 'json_schema';
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict: boolean;
    };

/** `default` leaves it to the model; `off` asks for no thinking. */
export type ReasoningEffort = 'default' | 'off' | 'low' | 'medium' | 'high';

/**
 * Why a model stopped. `cut` is ours: the connection ended, or the body was whole, without the provider saying why it
 * stopped; such an answer is partial and is never shown as a whole one.
 */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'pause' | 'cut';

/** Tokens as the provider counted them. `input` includes cached and cache-written tokens; `output` includes reasoning. */
export interface TokenUsage {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWriteInput: number;
  /** The part of `cacheWriteInput` written to the longer-lived cache, which costs more; absent where none was. */
  readonly cacheWriteLongInput?: number;
  readonly output: number;
  readonly reasoning: number;
  /** What the service says it billed, in nano-dollars; absent where it says nothing. */
  readonly billedNanoUsd?: number;
}

export function addedUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  const long = (a.cacheWriteLongInput ?? 0) + (b.cacheWriteLongInput ?? 0);
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    cacheWriteInput: a.cacheWriteInput + b.cacheWriteInput,
    ...(long === 0 ? {} : { cacheWriteLongInput: long }),
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}

/** A whole answer of one choice. */
export interface ChatAnswer {
  /** The provider's id of the answer. */
  readonly id: string;
  /** The model the provider says it used. */
  readonly model: string;
  readonly parts: readonly ContentPart[];
  readonly finish: FinishReason;
  /** Null where the provider reported none. */
  readonly usage: TokenUsage | null;
  /**
   * Texts of the answer's bytes that no part holds: results of tools that ran at the service, citations, transcripts, what
   * nobody has heard of. They are no part of the answer, and have to be judged where the bytes are passed on. Absent where
   * there are none.
   */
  readonly otherText?: string;
}

/** One thing a streamed answer said. `choice` is 0 unless the client asked for several answers. */
export type ChatDelta =
  | { readonly kind: 'start'; readonly id: string; readonly model: string }
  | { readonly kind: 'text'; readonly choice: number; readonly text: string }
  | {
      readonly kind: 'reasoning';
      readonly choice: number;
      readonly text: string;
      readonly signature: string | null;
    }
  /** The first delta of a call carries its id and name; later ones only more of its arguments. */
  | {
      readonly kind: 'tool_call';
      readonly choice: number;
      readonly index: number;
      readonly id: string | null;
      readonly name: string | null;
      readonly argumentsJson: string;
    }
  /** Texts of the event's bytes that no other delta holds; see `ChatAnswer.otherText`. */
  | { readonly kind: 'other'; readonly choice: number; readonly text: string }
  | { readonly kind: 'finish'; readonly choice: number; readonly reason: FinishReason }
  /** The latest wins; a provider may report several times. */
  | { readonly kind: 'usage'; readonly usage: TokenUsage };
