import type { JsonObject } from '../../base/index.ts';
import type { Spending } from '../../govern/scope/index.ts';
import type { ChatAnswer, ChatDelta, ChatRequest } from './chat.ts';

/** A wire format that clients or providers speak. */
export type Protocol = 'openai' | 'anthropic' | 'ollama';

/**
 * A service that runs models, behind one interface; one folder below `providers/` for each kind. No call is made without
 * a `Spending`, which the door issues after identity, access, truth, audit and the ceilings have passed.
 */
export interface ModelProvider {
  /** The name in the configuration. */
  readonly name: string;
  /** Requests of this protocol are passed through with their unknown fields; others are translated. */
  readonly protocol: Protocol;
  /**
   * Sends one chat and returns when the head of the answer has arrived. Throws `ProviderFailure`; never retries, never
   * falls back: the caller does.
   */
  chat(spending: Spending, call: ChatCall): Promise<ChatReply>;
  /** One vector per text, in order. Throws `ProviderFailure`. */
  embed(spending: Spending, call: EmbedCall): Promise<EmbedReply>;
  /** Models the service says it has now, by its own names. Costs nothing. Throws `ProviderFailure`. */
  listModels(signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Tokens of a native body by the service's own count; absent where its protocol has none. Costs nothing, and makes nothing of
   * what it is given. Throws `ProviderFailure`.
   */
  countTokens?(call: CountCall): Promise<number>;
  /** Throws `models.not_translatable` where this provider's protocol cannot carry a chat without making the answer wrong. */
  requireCarried(chat: ChatRequest): void;
  /** What of a chat this provider's protocol cannot carry and leaves out, by name. Empty for most. */
  lossesOf(chat: ChatRequest): readonly string[];
  /** Ends the connections. Calls in flight fail. */
  close(): Promise<void>;
}

export interface ChatCall {
  /** The model by the provider's own name. */
  readonly model: string;
  /**
   * `native`: a body of the provider's own protocol, sent as it is but for `model`; `chat`: to be written in it. Of a native
   * request's headers a provider sends on those its protocol gives a meaning, such as `anthropic-beta`; names in lower case.
   */
  readonly request:
    | {
        readonly kind: 'native';
        readonly body: JsonObject;
        readonly headers?: Readonly<Record<string, string>>;
        /** A limit of tokens that the body lacks and the call is held for, to be written as the service names it. */
        readonly addedLimit?: number;
      }
    | { readonly kind: 'chat'; readonly chat: ChatRequest };
  readonly stream: boolean;
  readonly signal: AbortSignal;
}

export type ChatReply =
  /** `bytes` is the body as it arrived. `answers` holds one per choice. Also where a stream was asked for and is not given. */
  | { readonly kind: 'whole'; readonly bytes: Uint8Array; readonly answers: readonly ChatAnswer[] }
  /**
   * Ends when the provider ended it properly. Throws `ProviderFailure` where it did not (cut off, garbage, too large,
   * silent for too long); everything yielded before is still true. `return()` cancels the upstream request. Where it was
   * made of `retold`, answers that came whole, its events have no bytes.
   */
  | {
      readonly kind: 'stream';
      readonly events: AsyncIterable<StreamEvent>;
      readonly retold?: readonly ChatAnswer[];
    };

/** One event of a provider's stream: its bytes as they arrived, terminator included, and what they say. */
export interface StreamEvent {
  readonly bytes: Uint8Array;
  readonly deltas: readonly ChatDelta[];
}

export interface CountCall {
  readonly model: string;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface EmbedCall {
  readonly model: string;
  readonly texts: readonly string[];
  /** Null for the model's own. */
  readonly dimensions: number | null;
  readonly signal: AbortSignal;
}

export interface EmbedReply {
  readonly vectors: readonly (readonly number[])[];
  /** Null where the provider reported none. */
  readonly inputTokens: number | null;
}

/** What went wrong at a provider, as routing needs to know it. */
export type FailureClass =
  /** 429; `retryAfterMs` as the provider asked. */
  | 'rate_limited'
  /** 5xx, 529, 200 with an error body, an answer that is no answer of the protocol. */
  | 'server_error'
  | 'timeout'
  /** No connection, connection reset, an address that may not be connected to. */
  | 'unreachable'
  /** 401, 403: the provider refuses our key. */
  | 'refused_key'
  /** 404, or an error that says the model is unknown. */
  | 'unknown_model'
  /** 400, 413, 422: the request itself is at fault; another provider may still take it. */
  | 'bad_request'
  /** The request does not fit the model's window. */
  | 'context_too_long'
  /** The stream ended without a terminator after it had begun. */
  | 'cut_off'
  /** The caller's signal: not the provider's fault. */
  | 'cancelled';

/** A failed call. The message is ours: it never repeats what a provider, a prompt or a key said. */
export class ProviderFailure extends Error {
  readonly class: FailureClass;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  /** The service had begun a successful answer, of which nothing can be read: it worked, and may bill. */
  readonly hadBegun: boolean;

  constructor(
    failure: {
      class: FailureClass;
      status?: number | null;
      retryAfterMs?: number | null;
      hadBegun?: boolean;
    },
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ProviderFailure';
    this.class = failure.class;
    this.status = failure.status ?? null;
    this.retryAfterMs = failure.retryAfterMs ?? null;
    this.hadBegun = failure.hadBegun ?? false;
  }
}
