import type { JsonObject } from '../../../base/index.ts';
import type { ChatAnswer, ChatDelta, ChatRequest } from '../chat.ts';
import { notTranslatable } from '../not-translatable.ts';
import type { Unread } from './unread-content.ts';

/** What clients speak: requests in, answers and streams out. Providers of the same protocol need none of it but the reading. */
export interface Dialect {
  readonly protocol: 'openai' | 'anthropic';
  /** Throws `models.bad_request` with a pointer to what is malformed. */
  parseRequest(body: JsonObject): ParsedRequest;
  writeAnswer(answer: ChatAnswer, facts: AnswerFacts): JsonObject;
  createStreamWriter(facts: AnswerFacts & { readonly includesUsage: boolean }): StreamWriter;
  /** What of an answer the dialect has no place for, by name. */
  lossesOf(answer: ChatAnswer): readonly string[];
}

export interface ParsedRequest {
  readonly model: string;
  readonly stream: boolean;
  /** The client wants the usage within the stream. */
  readonly includesUsage: boolean;
  readonly chat: ChatRequest;
  /** What `chat` does not carry and merely makes the answer poorer, by name. A native body carries it all the same. */
  readonly losses: readonly string[];
  /** What `chat` does not carry and would make the answer wrong; see `requireTranslatable`. */
  readonly refusals: readonly Refusal[];
  /** What `chat` does not carry and a provider of the same protocol gives to the model all the same. */
  readonly unread: Unread;
}

export interface Refusal {
  readonly name: string;
  readonly why: string;
}

export interface AnswerFacts {
  readonly id: string;
  readonly createdMs: number;
  /** As the client shall see it. */
  readonly model: string;
}

export interface StreamFailure {
  /** Ours, for example `models.cut_off`. */
  readonly code: string;
  readonly message: string;
}

/**
 * Writes one streamed answer, as server-sent events; of several choices where the protocol has them. `end` or `fail` comes
 * last: a stream that got neither has no terminator and is no whole answer.
 */
export interface StreamWriter {
  write(delta: ChatDelta): Uint8Array;
  end(): Uint8Array;
  /** The error of the protocol in place of the end, as the client is shown it. */
  fail(failure: StreamFailure): Uint8Array;
}

/**
 * To be called before a request is translated for a provider of another protocol. Throws `models.not_translatable` where
 * the answer would not be what was asked for.
 */
export function requireTranslatable({ refusals }: ParsedRequest): void {
  if (refusals.length === 0) return;
  throw notTranslatable(refusals);
}
